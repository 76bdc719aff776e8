using System.CommandLine;
using BenchmarkDotNet.Running;

namespace Glm5.Benchmarks.Commands;

/// <summary>
/// <c>micro</c>: hands everything behind it to BenchmarkDotNet, e.g. <c>micro --filter '*'</c> or <c>micro --list
/// flat</c>.
/// </summary>
internal static class MicroCommand
{
    public static Command Create()
    {
        Command command = new("micro", "Run single operations under BenchmarkDotNet; its own options follow.")
        {
            TreatUnmatchedTokensAsErrors = false,
        };
        command.SetAction(parsed =>
        {
            BenchmarkSwitcher.FromAssembly(typeof(MicroCommand).Assembly).Run([.. parsed.UnmatchedTokens]);
            return 0;
        });
        return command;
    }
}
