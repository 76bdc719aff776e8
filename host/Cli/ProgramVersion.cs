using System.Reflection;

namespace Glm5.Host.Cli;

/// <summary>The program's version.</summary>
internal static class ProgramVersion
{
    /// <summary>Number and, where the build knew it, the revision: <c>0.1.0+abc</c>.</summary>
    public static string Text { get; } =
        typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
        ?? "unknown";

    /// <summary>The number alone.</summary>
    public static string Number => Text.Split('+')[0];
}
