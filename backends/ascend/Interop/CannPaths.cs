using System.Runtime.InteropServices;

namespace Glm5.Backends.Ascend.Interop;

/// <summary>
/// Where CANN and its driver lie on this machine, on x86-64 and Arm hosts, before and after the split of 8.5.
/// </summary>
/// <param name="Toolkit">Folders with the runtime, operators and collectives, the first searched first.</param>
/// <param name="Driver">Folders of the driver's libraries, which the others need.</param>
/// <param name="Dcmi">Folders with the management interface.</param>
/// <param name="VersionFiles">Files that may say the toolkit's version, then those that say the driver's.</param>
internal sealed record CannPaths(
    IReadOnlyList<string> Toolkit, IReadOnlyList<string> Driver, IReadOnlyList<string> Dcmi, VersionFiles VersionFiles)
{
    private const string Installed = "/usr/local/Ascend";

    /// <summary>From ASCEND_HOME_PATH or ASCEND_TOOLKIT_HOME, else the places where installers put things.</summary>
    public static CannPaths FromEnvironment(Func<string, string?> variable)
    {
        var roots = new List<string>();
        foreach (string name in (ReadOnlySpan<string>)["ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME"])
        {
            if (variable(name) is { Length: > 0 } root && !roots.Contains(root))
                roots.Add(root);
        }

        if (roots.Count == 0)
            AddInstalled(roots);
        return Under(roots, Path.Combine(Installed, "driver"), ["/usr/local/dcmi"]);
    }

    /// <summary>Paths under given toolkit roots.</summary>
    public static CannPaths Under(IReadOnlyList<string> roots, string driver, IReadOnlyList<string> dcmi)
    {
        var toolkit = new List<string>();
        var versions = new List<string>();
        var drivers = new List<string> { Path.Combine(driver, "version.info"), "/etc/ascend_install.info" };
        var management = new List<string>(dcmi);
        foreach (string root in roots)
        {
            toolkit.Add(Path.Combine(root, "lib64"));
            toolkit.Add(Path.Combine(root, $"{Machine}-linux", "lib64"));
            versions.Add(Path.Combine(root, "version.cfg"));
            versions.Add(Path.Combine(root, "version.info"));
            versions.Add(Path.Combine(root, $"{Machine}-linux", "ascend_toolkit_install.info"));

            // A driver that is unpacked beside the toolkit, as in images without an installed one.
            drivers.Add(Path.Combine(root, "driver", "version.info"));
            management.Add(Path.Combine(root, "driver", "dcmi"));
        }

        string[] libraries = [.. (string[])["", "common", "driver"]];
        for (int i = 0; i < libraries.Length; i++)
            libraries[i] = Path.Combine(driver, "lib64", libraries[i]);
        return new CannPaths(
            toolkit, libraries, [.. management, .. toolkit], new VersionFiles(versions, drivers));
    }

    private static string Machine =>
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "aarch64" : "x86_64";

    /// <summary>
    /// 8.x installs <c>ascend-toolkit/latest</c>, 8.5 and later <c>cann-VERSION</c>: the newest first.
    /// </summary>
    private static void AddInstalled(List<string> roots)
    {
        if (Directory.Exists(Installed))
        {
            string[] versions = Directory.GetDirectories(Installed, "cann-*");
            Array.Sort(versions, StringComparer.Ordinal);
            Array.Reverse(versions);
            roots.AddRange(versions);
        }

        roots.Add(Path.Combine(Installed, "ascend-toolkit", "latest"));
    }
}

/// <summary>Files in which installers leave versions.</summary>
internal readonly record struct VersionFiles(IReadOnlyList<string> Toolkit, IReadOnlyList<string> Driver);
