using System.CommandLine;
using Glm5.Benchmarks.Machine;

namespace Glm5.Benchmarks.Commands;

/// <summary><c>bandwidth</c>: read bandwidth for every thread count up to the machine's.</summary>
internal static class BandwidthCommand
{
    /// <summary>Far larger than the caches of the machines measured here; small beside a model.</summary>
    public const long BufferBytes = 1L << 30;

    private const int Passes = 21;

    public static Command Create()
    {
        Option<int> threads = new("--threads")
        {
            Description = "Highest number of threads; every power of two below it is measured too.",
            DefaultValueFactory = _ => Environment.ProcessorCount,
        };
        Command command = new("bandwidth", "Measure how fast plain vector loads stream through 1 GiB; prints JSON.")
        {
            threads.AtLeastOne(),
        };
        command.SetAction(parsed =>
        {
            ResultFile result = ResultFile.Of("bandwidth", bandwidth: Measure(parsed.GetValue(threads)));
            parsed.InvocationConfiguration.Output.WriteLine(result.ToJson());
            return 0;
        });
        return command;
    }

    /// <summary>1, 2, 4, … threads and finally <paramref name="most"/>.</summary>
    private static List<BandwidthRecord> Measure(int most)
    {
        ReadBandwidth memory = new(BufferBytes);
        List<BandwidthRecord> records = [];
        for (int threads = 1; threads < most; threads *= 2)
        {
            records.Add(new BandwidthRecord(threads, memory.Measure(threads, Passes)));
        }

        records.Add(new BandwidthRecord(most, memory.Measure(most, Passes)));
        return records;
    }
}
