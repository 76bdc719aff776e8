namespace Glm5.Tests.Unit;

/// <summary>Where the repository's test data is, found from where the tests run.</summary>
internal static class RepositoryFiles
{
    public static string Root { get; } = FindRoot();

    public static string Golden(string name) => Path.Combine(Root, "tests", "data", "golden", name);

    public static string Data(params string[] parts) => Path.Combine([Root, "tests", "data", .. parts]);

    public static string Nano { get; } = Path.Combine(Root, "models", "glm5-nano");

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Glm5.Hw.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"no Glm5.Hw.sln above {AppContext.BaseDirectory}");
    }
}
