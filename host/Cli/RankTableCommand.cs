using System.CommandLine;
using System.Globalization;
using Glm5.Host.Ranks;

namespace Glm5.Host.Cli;

/// <summary><c>glm5 ranktable</c>: writes HCCL's rank table from the servers' hccn.conf files.</summary>
internal static class RankTableCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var server = new Option<string[]>("--server")
        {
            Description = "A server's name and its /etc/hccn.conf: node_0=/path/hccn.conf. Repeat it in the order of ranks",
            HelpName = "name=file",
            Required = true,
        };
        var devices = new Option<string?>("--devices")
        {
            Description = "Physical devices to take of every server, with commas; all that have an address",
            HelpName = "ids",
        };
        var pods = new Option<string[]>("--super-pod")
        {
            Description = "A super pod of A3 and its servers; writes version 1.2. Repeat it for each",
            HelpName = "pod=server,server",
        };
        var superDevices = new Option<string[]>("--super-devices")
        {
            Description = "Numbers (SDID, npu-smi info -t spod-info) of a server's devices in its super pod, in their order",
            HelpName = "server=id,id",
        };
        var output = new Option<string?>("--output") { Description = "File to write; else it is printed", HelpName = "file" };
        var command = new Command(
            "ranktable",
            "Write HCCL's rank table from the servers' hccn.conf files: version 1.0, and 1.2 with super pods of A3")
        {
            server,
            devices,
            pods,
            superDevices,
            output,
        };
        command.SetAction(line => Run(
            line.GetValue(server)!, line.GetValue(devices), (line.GetValue(pods) ?? [], line.GetValue(superDevices) ?? []),
            line.GetValue(output)));
        return command;
    }

    private static int Run(
        IReadOnlyList<string> servers, string? devices, (string[] Pods, string[] Devices) super, string? output)
    {
        try
        {
            IReadOnlyList<int>? wanted = devices is null ? null : Numbers(devices);
            var read = new List<ServerAddresses>();
            foreach (string server in servers)
                read.Add(Read(server, wanted));
            if (read.Select(s => s.Id).Distinct(StringComparer.Ordinal).Count() < read.Count)
                throw new FormatException("two servers have one name");
            RankTable table = RankTable.Of(read, SuperPods.Parse(super.Pods, super.Devices));
            if (output is null)
                Console.Out.WriteLine(table.ToJson());
            else
                File.WriteAllText(output, table.ToJson() + "\n");
            Console.Error.WriteLine($"{table.Ranks} ranks on {read.Count} servers");
            return ExitCode.Done;
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            return Say.Error(e.Message, ExitCode.Usage);
        }
    }

    private static ServerAddresses Read(string server, IReadOnlyList<int>? wanted)
    {
        int equals = server.IndexOf('=');
        if (equals <= 0 || equals == server.Length - 1)
            throw new FormatException($"--server {server}: expected name=file, as node_0=/etc/hccn.conf");
        return ServerAddresses.Parse(server[..equals], File.ReadAllLines(server[(equals + 1)..]), wanted);
    }

    private static List<int> Numbers(string text)
    {
        var numbers = new List<int>();
        foreach (string word in text.Split(','))
        {
            if (!int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                throw new FormatException($"--devices {text}: expected numbers with commas, as 0,1,2");
            numbers.Add(number);
        }

        return numbers;
    }
}
