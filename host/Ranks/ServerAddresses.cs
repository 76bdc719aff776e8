using System.Globalization;
using System.Net;

namespace Glm5.Host.Ranks;

/// <summary>A server's devices and the addresses of their network cards, from its <c>/etc/hccn.conf</c>.</summary>
/// <param name="Id">Its name in the cluster, at most 64 characters.</param>
/// <param name="Devices">Physical device ids and addresses, ascending.</param>
internal sealed record ServerAddresses(string Id, IReadOnlyList<(int Device, IPAddress Address)> Devices)
{
    private const int LongestId = 64, MostDevices = 64;
    private const string Key = "address_";

    /// <summary>Reads the lines <c>address_N=IP</c>; others say what is not needed here.</summary>
    /// <param name="id">The server's name.</param>
    /// <param name="lines">Of the file.</param>
    /// <param name="wanted">Devices to take; null: all.</param>
    /// <exception cref="FormatException">A line is not right, a device is missing, or there is none; says which.</exception>
    public static ServerAddresses Parse(string id, IReadOnlyList<string> lines, IReadOnlyList<int>? wanted)
    {
        if (id.Length is 0 or > LongestId)
            throw new FormatException($"a server is named by 1 to {LongestId} characters, got {id.Length}");
        var found = new SortedDictionary<int, IPAddress>();
        for (int i = 0; i < lines.Count; i++)
        {
            if (Entry(id, lines[i].Trim(), i + 1) is not ({ } address, int device))
                continue;
            if (!found.TryAdd(device, address))
                throw new FormatException($"{id}, line {i + 1}: device {device} has an address already, {found[device]}");
        }

        if (found.Count == 0)
            throw new FormatException($"{id}: no line {Key}N=IP; give the server's /etc/hccn.conf");
        foreach (int device in wanted ?? [])
        {
            if (!found.ContainsKey(device))
                throw new FormatException($"{id}: device {device} has no address, there are {string.Join(", ", found.Keys)}");
        }

        return new ServerAddresses(
            id, [.. found.Where(entry => wanted is null || wanted.Contains(entry.Key)).Select(entry => (entry.Key, entry.Value))]);
    }

    private static (IPAddress? Address, int Device) Entry(string id, string line, int number)
    {
        if (!line.StartsWith(Key, StringComparison.Ordinal))
            return (null, -1);
        int equals = line.IndexOf('=');
        bool read = equals > Key.Length
            && int.TryParse(line.AsSpan(Key.Length, equals - Key.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int device)
            && device < MostDevices;
        if (!read || !IPAddress.TryParse(line.AsSpan(equals + 1).Trim(), out IPAddress? address))
            throw new FormatException($"{id}, line {number}: expected {Key}N=IP, got {Hub.Printable.Text(line)}");
        return (address, int.Parse(line.AsSpan(Key.Length, equals - Key.Length), NumberStyles.None, CultureInfo.InvariantCulture));
    }
}
