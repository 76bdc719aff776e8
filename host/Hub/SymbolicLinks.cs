namespace Glm5.Host.Hub;

/// <summary>Links where the system has them; Windows gives them to some users only.</summary>
internal static class SymbolicLinks
{
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
