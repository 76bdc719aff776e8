using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Glm5.Core.Accelerator;
using Spectre.Console;
using Capabilities = Glm5.Core.Accelerator.Capabilities;
using FusionVerdict = Glm5.Core.Accelerator.FusionVerdict;

namespace Glm5.Host.Cli;

/// <summary>
/// <c>glm5 probe</c>: what every backend found here, which one would serve, and why each other would not.
/// </summary>
internal static class ProbeCommand
{
    /// <summary>GLM-5's widths: what bytes are told for.</summary>
    private const int Glm5Latent = 512, Glm5Rope = 64, Glm5Index = 128;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print JSON for programs" };
        var device = new Option<string?>("--device")
        {
            Description = "Decide as serve would with this device",
            DefaultValueFactory = _ => "auto",
        };
        DeviceFlag.Bound(device);
        var command = new Command("probe", "Show which devices are here, which one serves, and why no other")
        {
            json,
            device,
        };
        command.SetAction(line =>
        {
            BackendChoice choice = BackendCatalog.Choose(line.GetValue(device)!);
            if (line.GetValue(json))
                Console.Out.WriteLine(JsonSerializer.Serialize(Describe(choice), ProbeJson.Default.ProbeAnswer));
            else
                Draw(choice);
            return choice.Refusal is null ? ExitCode.Done : ExitCode.Device;
        });
        return command;
    }

    private static void Draw(BackendChoice choice)
    {
        Table table = new Table().Border(TableBorder.Rounded)
            .AddColumns("", "backend", "device", "computes in", "KV cache", "verdict");
        foreach (BackendVerdict verdict in choice.Verdicts)
        {
            Capabilities? device = verdict.Devices.Count > 0 ? verdict.Devices[0] : null;
            string described = device is null ? "none" : $"{device.Device}\n{device.Architecture}";
            if (verdict.Devices.Count > 1)
                described = $"{verdict.Devices.Count} x {described}";
            table.AddRow(
                new Markup(verdict.Chosen ? "[green]>[/]" : ""), new Text(verdict.Name), new Text(described),
                new Text(device?.Arithmetic.Name ?? ""), new Text(device is null ? "" : Caches(device)), new Text(verdict.Reason));
        }

        AnsiConsole.Write(table);
        foreach (BackendVerdict verdict in choice.Verdicts)
        {
            if (verdict.Devices is [{ Fusions.Count: > 0 } device, ..])
                DrawFusions(verdict.Name, device.Fusions);
            if (verdict.Devices is [{ EagerBecause: { } why }, ..])
                AnsiConsole.WriteLine($"{verdict.Name}: steps are not captured: {why}");
        }
    }

    private static void DrawFusions(string backend, IReadOnlyList<FusionVerdict> fusions)
    {
        Table table = new Table().Border(TableBorder.Rounded).Title($"{backend}: fusions")
            .AddColumns("operation", "kernel", "here");
        foreach (FusionVerdict fusion in fusions)
            table.AddRow(new Text(fusion.Operation), new Text(fusion.Kernel), new Text(fusion.Refusal ?? "fused where its shapes fit"));
        AnsiConsole.Write(table);
    }

    /// <summary>Formats of the caches with GLM-5's bytes of a token in one layer.</summary>
    private static string Caches(Capabilities device) => string.Join('\n', device.KvFormats.Select(Describe).Select(
        format => $"{format.Format}: {format.LayerTokenBytes:N0} B"));

    private static ProbedCache Describe(KvFormat format) => new(
        format.ToString().ToLowerInvariant(),
        format.LatentBytes(Glm5Latent, Glm5Rope) + format.IndexBytes(Glm5Index));

    private static ProbeAnswer Describe(BackendChoice choice) => new(
        choice.Refusal is null ? choice.Backend.Name : null,
        [.. choice.Verdicts.Select(verdict => new ProbedBackend(
            verdict.Name, verdict.Chosen, verdict.Reason, [.. verdict.Devices.Select(Describe)]))]);

    private static ProbedDevice Describe(Capabilities device) => new(
        device.Device, device.Architecture, device.Arithmetic.Name,
        [.. device.NativeWeights.Select(type => type.ToString())], device.BatchInvariant, device.RankInvariant,
        device.CapturesGraphs, device.EagerBecause, [.. device.BlockSlots], [.. device.RankCounts],
        [.. device.KvFormats.Select(Describe)],
        [.. device.Fusions.Select(fusion => new ProbedFusion(fusion.Operation, fusion.Kernel, fusion.Refusal))]);
}

/// <summary>What <c>glm5 probe --json</c> prints.</summary>
internal sealed record ProbeAnswer(string? Chosen, IReadOnlyList<ProbedBackend> Backends);

/// <summary>One backend.</summary>
internal sealed record ProbedBackend(string Name, bool Chosen, string Reason, IReadOnlyList<ProbedDevice> Devices);

/// <summary>One device.</summary>
internal sealed record ProbedDevice(
    string Device, string Architecture, string Arithmetic, IReadOnlyList<string> NativeWeights, bool BatchInvariant,
    bool RankInvariant, bool CapturesGraphs, string? EagerBecause, IReadOnlyList<int> BlockSizes, IReadOnlyList<int> RankCounts,
    IReadOnlyList<ProbedCache> KvCaches, IReadOnlyList<ProbedFusion> Fusions);

/// <summary>One fusion; composed, with its reason, when the refusal is not null.</summary>
internal sealed record ProbedFusion(string Operation, string Kernel, string? Refusal);

/// <summary>A format of the caches.</summary>
/// <param name="Format">As --kv-cache-dtype has it.</param>
/// <param name="LayerTokenBytes">Bytes of a token of GLM-5 in one layer, both caches.</param>
internal sealed record ProbedCache(string Format, int LayerTokenBytes);

/// <summary>Its serialisation.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(ProbeAnswer))]
internal sealed partial class ProbeJson : JsonSerializerContext;
