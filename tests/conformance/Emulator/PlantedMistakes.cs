using System.Diagnostics;
using System.Text.Json;
using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Tests.Conformance.Emulator;

/// <summary>One argument that was changed on its way, and the first check that saw it.</summary>
/// <param name="Function">Of the C interface.</param>
/// <param name="Argument">Its parameter.</param>
/// <param name="Caught">Suite and name of the check, with what it said; null when all passed.</param>
/// <param name="Made">How often the mistake was made; 0 when the backend leaves the argument out.</param>
internal sealed record PlantedMistake(string Function, string Argument, string? Caught, long Made)
{
    /// <summary>Operator and argument: <c>aclnnAdd/self</c>.</summary>
    public string Key => $"{NameOf(Function)}/{Argument}";

    /// <summary>An operator's own name; a collective's.</summary>
    public static string NameOf(string function) => function.Replace("GetWorkspaceSize", "", StringComparison.Ordinal);
}

/// <summary>
/// Spoils every argument of every operator that a backend calls, one after the other, and puts the checks of
/// <see cref="DeviceVerification"/> to the device each time, those alone that call the operator, the fastest first.
/// </summary>
internal sealed class PlantedMistakes(Backend device, Backend oracle)
{
    private readonly List<Candidate> _candidates = [];

    private sealed record Candidate(DeviceCheck Check, TimeSpan Took, IReadOnlySet<string> Calls);

    /// <summary>All mistakes of the functions, or of those alone whose names are given.</summary>
    public IEnumerable<PlantedMistake> Run(IReadOnlyList<string>? only = null)
    {
        Learn();
        foreach (string function in Functions())
        {
            if (only?.Contains(PlantedMistake.NameOf(function)) == false)
                continue;
            Candidate[] callers = [.. _candidates.Where(c => c.Calls.Contains(function)).OrderBy(c => c.Took)];
            if (callers.Length == 0)
                continue;
            foreach (string argument in ArgumentsOf(function))
                yield return Plant(function, argument, callers);
        }
    }

    /// <summary>Functions whose arguments are spoilt: first phases of bound operators, and collectives.</summary>
    private static IEnumerable<string> Functions() =>
        [.. Enum.GetNames<AclnnOp>().Select(op => $"aclnn{op}GetWorkspaceSize"), "HcclAllReduce", "HcclAllGather"];

    /// <summary>Which functions each check calls, when nothing is spoilt.</summary>
    private void Learn()
    {
        var verification = new DeviceVerification(device, oracle);
        foreach (DeviceCheck check in verification.Checks(device.Probe().Devices[0]))
        {
            // FP8 weights call what 8-bit integers call, at shapes that take long; eight ranks what two do.
            if (check.Name.Contains("GLM-5 TP8 F8", StringComparison.Ordinal) || check.Name.Contains("8 ranks", StringComparison.Ordinal))
                continue;
            Assert.IsNull(check.Run().Failure, $"{check.Name}, with nothing spoilt");
            Dictionary<string, long> before = CannControl.Report();
            long began = Stopwatch.GetTimestamp();
            Assert.IsNull(check.Run().Failure, $"{check.Name}, once more with nothing spoilt");
            TimeSpan took = Stopwatch.GetElapsedTime(began);
            HashSet<string> calls = [.. CannControl.Report().Where(c => c.Value > before.GetValueOrDefault(c.Key)).Select(c => c.Key)];
            _candidates.Add(new Candidate(check, took, calls));
        }
    }

    private static PlantedMistake Plant(string function, string argument, Candidate[] callers)
    {
        CannControl.Tell($"mutate={function}/{argument}");
        try
        {
            foreach (Candidate caller in callers)
            {
                if (caller.Check.Run().Failure is { } failure)
                    return new PlantedMistake(function, argument, $"{caller.Check.Suite}: {caller.Check.Name}: {failure}", CannControl.Report()["mistakes"]);
            }

            return new PlantedMistake(function, argument, null, CannControl.Report()["mistakes"]);
        }
        finally
        {
            CannControl.Tell("mutate=;heal");
        }
    }

    private static IEnumerable<string> ArgumentsOf(string function)
    {
        using JsonDocument table = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Root, "tests", "data", "cann", "abi.json")));
        JsonElement entry = table.RootElement.GetProperty("functions").EnumerateArray().First(f => f.GetProperty("name").GetString() == function);
        string[] names = [.. entry.GetProperty("params").EnumerateArray().Select(p => p.GetProperty("name").GetString()!)];
        return names.Where(name => name is not ("workspaceSize" or "executor" or "comm" or "stream"));
    }
}
