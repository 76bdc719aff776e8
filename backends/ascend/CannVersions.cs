using Glm5.Backends.Ascend.Interop;

namespace Glm5.Backends.Ascend;

/// <summary>Finds the toolkit's and the driver's version: asks the library, else reads what installers left.</summary>
internal static unsafe class CannVersions
{
    /// <summary>The toolkit's version.</summary>
    public static CannVersion Of(AclRuntime runtime, CannPaths paths)
    {
        foreach (AclPackageName package in (ReadOnlySpan<AclPackageName>)[AclPackageName.Cann, AclPackageName.Runtime])
        {
            AclCannPackageVersion version = default;
            if (!runtime.HasGetCannVersion || runtime.GetCannVersion(package, &version) != 0)
                continue;
            CannVersion said = CannVersion.Parse(CannText.Of(new ReadOnlySpan<byte>(version.version, 128)));
            if (said.Major > 0)
                return said;
        }

        foreach (string file in paths.VersionFiles.Toolkit)
        {
            CannVersion read = CannVersion.Parse(Read(file));
            if (read.Major > 0)
                return read;
        }

        return CannVersion.Unknown;
    }

    /// <summary>The driver's version in words; null when nothing says it.</summary>
    public static string? OfDriver(Dcmi? dcmi, CannPaths paths)
    {
        byte* text = stackalloc byte[256];
        if (dcmi is { HasGetDriverVersion: true } && dcmi.GetDriverVersion(text, 255) == 0 && CannText.Of(text) is { Length: > 0 } said)
            return said;
        foreach (string file in paths.VersionFiles.Driver)
        {
            CannVersion read = CannVersion.Parse(Read(file));
            if (read.Major > 0)
                return read.Text;
        }

        return null;
    }

    private static string Read(string file)
    {
        try
        {
            // Comments tell the version of the file's own form.
            return File.Exists(file) ? string.Join('\n', Array.FindAll(File.ReadAllLines(file), line => !line.StartsWith('#'))) : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
