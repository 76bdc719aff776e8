namespace Glm5.Host.Hub;

/// <summary>Links where the system has them; Windows gives them to some users only.</summary>
internal static class SymbolicLinks
{
    /// <summary>Length of the file at a path or at the end of its links; null when there is none.</summary>
    public static long? LengthOf(string path)
    {
        // A link that leads nowhere exists, and has the length of its own text.
        FileInfo file = new(path);
        FileSystemInfo? end = file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true);
        return end is FileInfo { Exists: true } real ? real.Length : null;
    }

    /// <summary>Makes a link; false when this system or user cannot.</summary>
    /// <param name="at">The new link; nothing is there yet.</param>
    /// <param name="target">What it leads to, relative to the link's folder.</param>
    /// <exception cref="IOException">Something is there already.</exception>
    public static bool TryCreate(string at, string target)
    {
        try
        {
            File.CreateSymbolicLink(at, target);
            return true;
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or PlatformNotSupportedException
            || (exception is IOException && !Path.Exists(at) && new FileInfo(at).LinkTarget is null))
        {
            return false;
        }
    }
}
