using System.Globalization;

namespace Glm5.Host.Ranks;

/// <summary>
/// Super pods of A3: which servers each has, and each device's number in its pod (SDID, from
/// <c>npu-smi info -t spod-info</c>).
/// </summary>
internal sealed class SuperPods
{
    private readonly List<(string Id, string[] Servers)> _pods = [];
    private readonly Dictionary<string, uint[]> _devices = new(StringComparer.Ordinal);

    /// <summary>As the table lists them.</summary>
    public IReadOnlyList<RankSuperPod> Listed =>
        [.. _pods.Select(pod => new RankSuperPod(pod.Id, [.. pod.Servers.Select(server => new RankPodServer(server))]))];

    /// <summary>Reads <c>pod=server,server</c> and <c>server=id,id</c>; null when neither is given.</summary>
    /// <exception cref="FormatException">One is not right; says which.</exception>
    public static SuperPods? Parse(IReadOnlyList<string> pods, IReadOnlyList<string> devices)
    {
        if (pods.Count == 0 && devices.Count == 0)
            return null;
        var read = new SuperPods();
        foreach (string pod in pods)
        {
            (string id, string[] servers) = Split("--super-pod", "pod=server,server", pod);
            if (read._pods.Exists(other => other.Id == id))
                throw new FormatException($"--super-pod {Hub.Printable.Text(pod)}: pod {id} was given already");
            read._pods.Add((id, servers));
        }

        foreach (string server in devices)
        {
            (string id, string[] words) = Split("--super-devices", "server=id,id", server);
            if (!read._devices.TryAdd(id, Array.ConvertAll(words, word => Number(server, word))))
                throw new FormatException($"--super-devices {Hub.Printable.Text(server)}: server {id} was given already");
        }

        return read;
    }

    /// <summary>Numbers of a server's devices, in the order of its addresses.</summary>
    public IReadOnlyList<uint> DevicesOf(string server) => _devices[server];

    /// <summary>Throws unless every server is in one pod, with a number for each of its devices, and those differ in a pod.</summary>
    /// <exception cref="FormatException">They do not fit; says how.</exception>
    public void Check(IReadOnlyList<ServerAddresses> servers)
    {
        foreach (ServerAddresses server in servers)
        {
            int pods = _pods.Count(pod => pod.Servers.Contains(server.Id));
            if (pods != 1)
                throw new FormatException($"server {server.Id} is in {pods} super pods, every server is in one (--super-pod)");
            int numbers = _devices.TryGetValue(server.Id, out uint[]? own) ? own.Length : 0;
            if (numbers != server.Devices.Count)
            {
                throw new FormatException(
                    $"server {server.Id} has {server.Devices.Count} devices and {numbers} numbers in its super pod (--super-devices)");
            }
        }

        foreach ((string id, string[] members) in _pods)
        {
            foreach (string member in members)
            {
                if (!servers.Any(server => server.Id == member))
                    throw new FormatException($"super pod {id} has a server {member} that no --server names");
            }

            uint[] all = [.. members.SelectMany(member => _devices[member])];
            if (all.Distinct().Count() != all.Length)
                throw new FormatException($"two devices of super pod {id} have one number");
        }
    }

    private static (string Id, string[] Words) Split(string flag, string form, string text)
    {
        int equals = text.IndexOf('=');
        string[] words = equals > 0 ? text[(equals + 1)..].Split(',') : [];
        return words.Length > 0 && Array.TrueForAll(words, word => word.Length > 0)
            ? (text[..equals], words)
            : throw new FormatException($"{flag} {Hub.Printable.Text(text)}: expected {form}");
    }

    private static uint Number(string text, string word) =>
        uint.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out uint number)
            ? number
            : throw new FormatException($"--super-devices {Hub.Printable.Text(text)}: expected numbers below 2^32 with commas");
}
