namespace Glm5.Tests.Clients.Workers;

/// <summary>Finds worker processes as an operator would, in <c>/proc</c>.</summary>
internal static class WorkerIds
{
    /// <summary>Workers of servers in this process, ascending.</summary>
    public static int[] Find()
    {
        var ids = new List<int>();
        foreach (string folder in Directory.EnumerateDirectories("/proc").Where(name => int.TryParse(Path.GetFileName(name), out _)))
        {
            int id = int.Parse(Path.GetFileName(folder), null);
            if (Words(id) is [_, "worker", ..] && Words(Parent(id)) is ["mpirun", ..] && Parent(Parent(id)) == Environment.ProcessId)
                ids.Add(id);
        }

        ids.Sort();
        return [.. ids];
    }

    private static string[] Words(int id) => Read($"/proc/{id}/cmdline").Split('\0');

    private static int Parent(int id)
    {
        string stat = Read($"/proc/{id}/stat");
        return stat.Length == 0 ? 0 : int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], null);
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
