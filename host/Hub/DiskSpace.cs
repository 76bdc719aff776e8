namespace Glm5.Host.Hub;

/// <summary>What is left of a disk, before it is filled.</summary>
internal static class DiskSpace
{
    /// <summary>Bytes left for this user on the volume that a folder is on, or would be.</summary>
    public static long FreeAt(string folder)
    {
        string? existing = Path.GetFullPath(folder);
        while (existing is not null && !Directory.Exists(existing))
            existing = Path.GetDirectoryName(existing);
        return new DriveInfo(existing ?? Path.GetFullPath(folder)).AvailableFreeSpace;
    }

    /// <summary>Refuses to begin what cannot end.</summary>
    /// <exception cref="HubException">The volume has less than the files need.</exception>
    public static void Require(long needed, int files, string folder, Func<string, long> freeBytes)
    {
        long free = freeBytes(folder);
        if (needed <= free)
            return;
        throw new HubException(
            HubFault.Disk,
            $"{files} file(s) need {Printable.Bytes(needed)}, but the volume of {folder} "
            + $"has {Printable.Bytes(free)} free: free {Printable.Bytes(needed - free)} more, "
            + "or choose another folder with --cache-dir");
    }
}
