using System.CommandLine;
using Glm5.Core.Accelerator;
using Glm5.Core.Simulation;

namespace Glm5.Host.Cli;

/// <summary>The values of <c>--device</c>: names of the catalog, and simulated devices in any number.</summary>
internal static class DeviceFlag
{
    /// <summary>Bounds the flag to them; others are refused with all of them, and shells offer them.</summary>
    public static void Bound(Option<string?> device)
    {
        string[] names = BackendCatalog.DeviceNames;
        device.HelpName = "device";
        device.Description += $": {string.Join(", ", names)}";
        device.CompletionSources.Add(names);
        device.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && WhyNot(result.Tokens[0].Value, names) is { } reason)
                result.AddError(reason);
        });
    }

    /// <summary>Bounds the flag to devices that compute.</summary>
    public static void Computing(Option<string?> device)
    {
        string[] names = [.. BackendCatalog.DeviceNames.Where(name => !BackendCatalog.IsSimulated(name))];
        OneOf.Take(device, names);
        device.HelpName = "device";
        device.Description += $": {string.Join(", ", names)}";
    }

    private static string? WhyNot(string word, string[] names)
    {
        if (!BackendCatalog.IsSimulated(word))
        {
            return names.Contains(word)
                ? null
                : $"--device is '{word}'; expected {string.Join(", ", names[..^1])} or {names[^1]}";
        }

        try
        {
            _ = BackendCatalog.Simulated(word, new SimulationSettings());
            return null;
        }
        catch (AcceleratorException refusal)
        {
            return refusal.Message;
        }
    }
}
