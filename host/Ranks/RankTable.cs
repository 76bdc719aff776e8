using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Glm5.Host.Ranks;

/// <summary>
/// HCCL's description of a cluster: which device of which server is which rank, and its network card's address. Version 1.0
/// for A2, and A3 outside of a super pod; 1.2 for super pods of A3. Single servers need none.
/// </summary>
/// <param name="Status">Always <c>completed</c>.</param>
/// <param name="Version">Of the form.</param>
/// <param name="ServerCount">Servers, as text as all numbers in it.</param>
/// <param name="ServerList">The servers in order of their ranks.</param>
/// <param name="SuperPodList">Which servers are one super pod; null in version 1.0.</param>
internal sealed record RankTable(
    string Status, string Version, string ServerCount, IReadOnlyList<RankServer> ServerList,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<RankSuperPod>? SuperPodList = null)
{
    /// <summary>Ranks in all.</summary>
    [JsonIgnore]
    public int Ranks => ServerList.Sum(server => server.Device.Count);

    /// <summary>Numbers ranks server by server, device by device.</summary>
    /// <param name="servers">In order of their ranks.</param>
    /// <param name="pods">The super pods they are in; null outside of super pods.</param>
    /// <exception cref="FormatException">Pods do not fit the servers; says how.</exception>
    public static RankTable Of(IReadOnlyList<ServerAddresses> servers, SuperPods? pods = null)
    {
        pods?.Check(servers);
        int rank = 0;
        var listed = new List<RankServer>();
        foreach (ServerAddresses server in servers)
        {
            var devices = new List<RankDevice>();
            foreach ((int device, IPAddress address) in server.Devices)
            {
                string? super = pods?.DevicesOf(server.Id)[devices.Count].ToString(CultureInfo.InvariantCulture);
                devices.Add(new RankDevice(Text(device), address.ToString(), Text(rank++), super));
            }

            listed.Add(new RankServer(server.Id, devices));
        }

        return new RankTable("completed", pods is null ? "1.0" : "1.2", Text(listed.Count), listed, pods?.Listed);
    }

    /// <summary>As HCCL reads it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, RankTableJson.Default.RankTable);

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>One server.</summary>
internal sealed record RankServer(string ServerId, IReadOnlyList<RankDevice> Device);

/// <summary>One device and its rank.</summary>
/// <param name="DeviceId">Physical, on its server.</param>
/// <param name="DeviceIp">Of its network card.</param>
/// <param name="RankId">Its rank.</param>
/// <param name="SuperDeviceId">Its number in the super pod (SDID); null in version 1.0.</param>
internal sealed record RankDevice(
    string DeviceId, string DeviceIp, string RankId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? SuperDeviceId = null);

/// <summary>Servers that are one super pod.</summary>
internal sealed record RankSuperPod(string SuperPodId, IReadOnlyList<RankPodServer> ServerList);

/// <summary>A server of a super pod, by its name.</summary>
internal sealed record RankPodServer(string ServerId);

/// <summary>Its serialisation.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(RankTable))]
internal sealed partial class RankTableJson : JsonSerializerContext;
