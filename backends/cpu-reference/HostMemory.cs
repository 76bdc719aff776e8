using System.Globalization;

namespace Glm5.Backends.CpuReference;

/// <summary>
/// What this process could still allocate: the smaller of what the machine has available and what its control group
/// leaves. Cached file contents count as free, for the system gives them up: a mapped checkpoint is not in these figures.
/// </summary>
internal static class HostMemory
{
    private const string Groups = "/sys/fs/cgroup";

    /// <summary>Bytes free now.</summary>
    public static long Free()
    {
        if (!OperatingSystem.IsLinux())
        {
            GCMemoryInfo memory = GC.GetGCMemoryInfo();
            return Math.Max(0, memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes);
        }

        long free = Entry("/proc/meminfo", "MemAvailable:") * 1024 ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        for (string? group = OwnGroup(); group is not null; group = Parent(group))
        {
            if (Number(group + "/memory.max") is long limit)
                free = Math.Min(free, Math.Max(0, limit - Used(group)));
        }

        return free;
    }

    /// <summary>Bytes in all: of the machine, or the limit of the process if that is less.</summary>
    public static long Total() => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    // Inactive file pages are charged to the group but are dropped before anything is refused.
    private static long Used(string group) =>
        (Number(group + "/memory.current") ?? 0) - (Entry(group + "/memory.stat", "inactive_file") ?? 0);

    /// <summary>The process's own group in the unified hierarchy; the line reads <c>0::/path</c>.</summary>
    private static string? OwnGroup()
    {
        foreach (string line in Lines("/proc/self/cgroup"))
        {
            if (line.StartsWith("0::", StringComparison.Ordinal))
                return Groups + line[3..].TrimEnd('/');
        }

        return null;
    }

    private static string? Parent(string group) =>
        group.Length > Groups.Length ? group[..group.LastIndexOf('/')] : null;

    /// <summary>The number behind a key at the start of a line; null when there is none.</summary>
    private static long? Entry(string file, string key)
    {
        foreach (string line in Lines(file))
        {
            string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length >= 2 && words[0] == key)
                return Parse(words[1]);
        }

        return null;
    }

    private static long? Number(string file) => Lines(file) is [string line, ..] ? Parse(line) : null;

    /// <summary>Null for <c>max</c>, which means no limit.</summary>
    private static long? Parse(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;

    // Containers hide some of these files; what cannot be read limits nothing.
    private static string[] Lines(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllLines(file) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
