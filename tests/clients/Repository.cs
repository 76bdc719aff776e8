namespace Glm5.Tests.Clients;

/// <summary>The repository's root, found from where the tests run.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

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
