using System.Text.Json;
using CsCheck;
using Glm5.Host.Ranks;

namespace Glm5.Tests.Clients.Ranks;

/// <summary>Rank tables say of each device which rank it is; files that are not right are refused by line.</summary>
[TestClass]
public sealed class RankTableTests
{
    private static readonly string[] s_file =
        ["# cards", "address_1=192.168.1.9", "netmask_1=255.255.255.0", "address_0=192.168.1.8", "", "send_arp_status_0=1"];

    [TestMethod]
    public void Ranks_are_numbered_server_by_server()
    {
        RankTable table = RankTable.Of([ServerAddresses.Parse("node_0", s_file, null), ServerAddresses.Parse("node_1", s_file, [1])]);
        using JsonDocument json = JsonDocument.Parse(table.ToJson());
        JsonElement root = json.RootElement;
        Assert.AreEqual(("completed", "1.0", "2"), (Text(root, "status"), Text(root, "version"), Text(root, "server_count")));
        JsonElement first = root.GetProperty("server_list")[0], second = root.GetProperty("server_list")[1];
        Assert.AreEqual("node_0", Text(first, "server_id"));
        Assert.AreEqual(("0", "192.168.1.8", "0"), Device(first, 0));
        Assert.AreEqual(("1", "192.168.1.9", "1"), Device(first, 1));
        Assert.AreEqual(("1", "192.168.1.9", "2"), Device(second, 0));
        Assert.AreEqual(3, table.Ranks);
    }

    [TestMethod]
    [DataRow("address_0=nowhere", "line 1: expected address_N=IP, got")]
    [DataRow("address_=1.2.3.4", "line 1")]
    [DataRow("address_99=1.2.3.4", "line 1")]
    [DataRow("netmask_0=255.255.255.0", "no line address_N=IP")]
    public void A_file_that_is_not_right_is_refused_by_line(string line, string expected) =>
        Assert.Contains(expected, Assert.ThrowsExactly<FormatException>(() => ServerAddresses.Parse("node", [line], null)).Message);

    [TestMethod]
    public void Devices_have_one_address_and_those_asked_for_exist()
    {
        Assert.Contains("already", Refusal(["address_0=1.2.3.4", "address_0=1.2.3.5"], null));
        Assert.Contains("device 7 has no address, there are 0, 1", Refusal(s_file, [7]));
    }

    [TestMethod]
    public void Any_lines_are_read_or_refused() => Gen.String.Array[0, 8].Sample(lines =>
    {
        try
        {
            Assert.IsNotEmpty(ServerAddresses.Parse("node", lines, null).Devices);
        }
        catch (FormatException e)
        {
            Assert.Contains("node", e.Message);
        }
    }, iter: Soak.Times(200));

    private static string Refusal(string[] lines, int[]? wanted) =>
        Assert.ThrowsExactly<FormatException>(() => ServerAddresses.Parse("node", lines, wanted)).Message;

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static (string, string, string) Device(JsonElement server, int index)
    {
        JsonElement device = server.GetProperty("device")[index];
        return (Text(device, "device_id"), Text(device, "device_ip"), Text(device, "rank_id"));
    }
}
