namespace Glm5.Tests.Conformance;

/// <summary>Where the clone is: tests read its data in place.</summary>
public static class Repository
{
    /// <summary>The folder that holds the solution.</summary>
    public static string Root { get; } = Find();

    /// <summary>A golden checkpoint's folder.</summary>
    public static string Golden(string name) => Path.Combine(Root, "tests", "data", "golden", name);

    /// <summary>The trained model that is embedded in the program.</summary>
    public static string Nano => Path.Combine(Root, "models", "glm5-nano");

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Glm5.Hw.sln")))
                return folder.FullName;
        }

        throw new DirectoryNotFoundException($"no Glm5.Hw.sln above {AppContext.BaseDirectory}: tests run inside a clone");
    }
}
