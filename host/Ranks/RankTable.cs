using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Glm5.Host.Ranks;

/// <summary>
/// HCCL's description of a cluster, version 1.0: which device of which server is which rank, and its network card's address.
/// A2, and A3 outside of a super pod. Single servers need none.
/// </summary>
/// <param name="Status">Always <c>completed</c>.</param>
/// <param name="Version">Of the form.</param>
/// <param name="ServerCount">Servers, as text as all numbers in it.</param>
/// <param name="ServerList">The servers in order of their ranks.</param>
internal sealed record RankTable(string Status, string Version, string ServerCount, IReadOnlyList<RankServer> ServerList)
{
    /// <summary>Ranks in all.</summary>
    [JsonIgnore]
    public int Ranks => ServerList.Sum(server => server.Device.Count);

    /// <summary>Numbers ranks server by server, device by device.</summary>
    public static RankTable Of(IReadOnlyList<ServerAddresses> servers)
    {
        int rank = 0;
        var listed = new List<RankServer>();
        foreach (ServerAddresses server in servers)
        {
            var devices = new List<RankDevice>();
            foreach ((int device, IPAddress address) in server.Devices)
                devices.Add(new RankDevice(Text(device), address.ToString(), Text(rank++)));
            listed.Add(new RankServer(server.Id, devices));
        }

        return new RankTable("completed", "1.0", Text(listed.Count), listed);
    }

    /// <summary>As HCCL reads it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, RankTableJson.Default.RankTable);

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>One server.</summary>
internal sealed record RankServer(string ServerId, IReadOnlyList<RankDevice> Device);

/// <summary>One device and its rank.</summary>
internal sealed record RankDevice(string DeviceId, string DeviceIp, string RankId);

/// <summary>Its serialisation.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(RankTable))]
internal sealed partial class RankTableJson : JsonSerializerContext;
