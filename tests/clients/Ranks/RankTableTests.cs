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
    public void Super_pods_number_their_devices_too()
    {
        var pods = SuperPods.Parse(["pod_0=node_0,node_1"], ["node_0=100,101", "node_1=4294967295"]);
        RankTable table = RankTable.Of([ServerAddresses.Parse("node_0", s_file, null), ServerAddresses.Parse("node_1", s_file, [1])], pods);
        using JsonDocument json = JsonDocument.Parse(table.ToJson());
        JsonElement root = json.RootElement;
        Assert.AreEqual("1.2", Text(root, "version"));
        Assert.AreEqual("101", Text(root.GetProperty("server_list")[0].GetProperty("device")[1], "super_device_id"));
        JsonElement pod = root.GetProperty("super_pod_list")[0];
        Assert.AreEqual(("pod_0", "node_1"), (Text(pod, "super_pod_id"), Text(pod.GetProperty("server_list")[1], "server_id")));
        Assert.DoesNotContain("super", RankTable.Of([ServerAddresses.Parse("node_0", s_file, null)]).ToJson());
    }

    [TestMethod]
    [DataRow("p=node", "node=1", "server node has 2 devices and 1 numbers in its super pod")]
    [DataRow("p=node", "node=1,1", "two devices of super pod p have one number")]
    [DataRow("p=other", "node=1,2", "server node is in 0 super pods")]
    [DataRow("p=node,other", "node=1,2", "super pod p has a server other that no --server names")]
    [DataRow("p", "node=1,2", "--super-pod p: expected pod=server,server")]
    [DataRow("p=node", "node=1,-2", "expected numbers below 2^32")]
    public void Super_pods_that_do_not_fit_are_refused(string pod, string devices, string expected) => Assert.Contains(
        expected, Assert.ThrowsExactly<FormatException>(
            () => RankTable.Of([ServerAddresses.Parse("node", s_file, null)], SuperPods.Parse([pod], [devices]))).Message);

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
