namespace Glm5.Host.Cli.Flags;

/// <summary>The words for on and off.</summary>
internal static class FlagSwitch
{
    /// <summary>Whether a word means on or off; null when it means neither.</summary>
    public static bool? Read(string word) => word.ToUpperInvariant() switch
    {
        "TRUE" or "YES" or "ON" => true,
        "FALSE" or "NO" or "OFF" => false,
        _ => null,
    };

    /// <summary>As our own flags take it.</summary>
    public static string Word(bool on) => on ? "true" : "false";
}
