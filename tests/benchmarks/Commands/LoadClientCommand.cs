using System.CommandLine;
using System.Text.Json;
using Glm5.Benchmarks.Load;

namespace Glm5.Benchmarks.Commands;

/// <summary><c>load-client</c>: the clients of <c>front-end</c>, which starts it; not for the command line.</summary>
internal static class LoadClientCommand
{
    public static Command Create()
    {
        Option<Uri> server = new("--server") { Required = true, CustomParser = result => new Uri(result.Tokens[0].Value) };
        Option<string> clock = new("--clock") { Required = true };
        Option<int> streams = new("--streams") { Required = true }, answer = new("--answer") { Required = true };
        Option<int> warmUp = new("--warm-up") { Required = true }, seconds = new("--seconds") { Required = true };
        Command command = new("load-client", "The clients of front-end.")
        {
            server, clock, streams, answer, warmUp, seconds,
        };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            using var client = new LoadClient(
                parsed.GetRequiredValue(server), parsed.GetValue(streams), parsed.GetValue(answer),
                parsed.GetRequiredValue(clock));
            TextWriter output = parsed.InvocationConfiguration.Output;
            client.Run(TimeSpan.FromSeconds(parsed.GetValue(warmUp)));
            output.WriteLine("warm");
            output.Flush();
            LoadCounts counts = client.Run(TimeSpan.FromSeconds(parsed.GetValue(seconds)));
            output.WriteLine(JsonSerializer.Serialize(counts, LoadJson.Default.LoadCounts));
        });
        return command;
    }
}
