namespace Glm5.Tests.Unit.Architecture;

/// <summary>The repository's own files, as the architecture tests read them.</summary>
internal static class SourceTree
{
    public static string Root { get; } = FindRoot();

    /// <summary>All C# sources below a folder, generated and build output left out.</summary>
    public static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
            .Where(f => !Relative(f).Split('/').Any(p => p is "bin" or "obj" or "artifacts"))
            .Order(StringComparer.Ordinal);

    public static string Relative(string file) => Path.GetRelativePath(Root, file).Replace('\\', '/');

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Glm5.Hw.sln")))
                return folder.FullName;
        }

        throw new DirectoryNotFoundException($"no Glm5.Hw.sln above {AppContext.BaseDirectory}");
    }
}
