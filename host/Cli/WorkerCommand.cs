using System.CommandLine;
using Glm5.Host.Workers;
using Glm5.Host.Workers.Wire;
using Grpc.Core;

namespace Glm5.Host.Cli;

/// <summary>
/// <c>glm5 worker</c>: one rank of a server with <c>--worker-processes</c>, which starts as many as it needs with
/// <c>mpirun</c>. Not for people, so not in the help.
/// </summary>
internal static class WorkerCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var join = new Option<string>("--join") { Description = "The server's socket", Required = true };
        var device = new Option<string?>("--device") { Description = "What to run on", Required = true };
        DeviceFlag.Computing(device);
        var command = new Command("worker", "Run one rank of a server, which starts it itself")
        {
            join,
            device,
        };
        command.Hidden = true;
        command.SetAction(line => Run(line.GetValue(device)!, line.GetValue(join)!));
        return command;
    }

    private static int Run(string device, string socket)
    {
        BackendChoice choice = BackendCatalog.Choose(device);
        int code = ExitCode.Fault;

        // A thread of its own: the rank's, and the only one that its peers' library is called from.
        var thread = new Thread(() => code = Run(choice, socket)) { Name = "glm5-rank" };
        thread.Start();
        thread.Join();
        return code;
    }

    private static int Run(BackendChoice choice, string socket)
    {
        using var channel = new ServerChannel(socket);
        try
        {
            new WorkerRank(choice.Backend, channel).Run();
            return ExitCode.Done;
        }
        catch (WorkerRefusedException refusal)
        {
            return Say.Error(refusal.Message, ExitCode.Usage);
        }
        catch (RpcException gone)
        {
            return Say.Error($"the server is gone: {gone.Status.Detail}", ExitCode.Server);
        }
#pragma warning disable CA1031 // Whatever it is, the server has to hear why this rank ends.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            TryTell(channel, exception.Message);
            return Say.Error(exception.Message, LoadFailure.CodeOf(exception) ?? ExitCode.Fault);
        }
    }

    private static void TryTell(ServerChannel channel, string reason)
    {
        try
        {
            channel.Send(new FromWorker { Failure = reason });
        }
        catch (RpcException)
        {
            // Then the server knows already that something ended.
        }
    }
}
