using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;

namespace Glm5.Core.Verification;

/// <summary>Exchange between ranks, each on a thread of its own as in service.</summary>
internal static class RankRuns
{
    private const int Count = 4096, Rounds = 20, Margin = 16;
    private const double Bound = 1e-6;

    /// <summary>What is wrong with sums and joined columns of so many ranks, or null.</summary>
    public static string? Check(Backend backend, int ranks)
    {
        IReadOnlyList<IAccelerator> group = backend.Open(new DeviceRequest(ranks, 4 << 20));
        var problems = new string?[ranks];
        var threads = new Thread[ranks];
        for (int r = 0; r < ranks; r++)
        {
            int rank = r;
            threads[r] = new Thread(() => problems[rank] = Guarded(group[rank], rank, ranks)) { Name = $"verify-rank-{r}" };
            threads[r].Start();
        }

        foreach (Thread thread in threads)
            thread.Join();
        for (int r = 0; r < ranks; r++)
        {
            if (problems[r] is { } problem)
                return $"rank {r}: {problem}";
        }

        return null;
    }

    private static string? Guarded(IAccelerator device, int rank, int ranks)
    {
        try
        {
            using (device)
            {
                return Exchange(device, rank, ranks);
            }
        }
#pragma warning disable CA1031 // A rank's failure is the check's result; its peers are woken.
        catch (Exception e)
#pragma warning restore CA1031
        {
            device.Collectives.Abort(e.Message);
            return e.Message;
        }
    }

    private static string? Exchange(IAccelerator device, int rank, int ranks)
    {
        // The sums lie between elements that have to stay as they are.
        Tensor around = device.Ops.Arena.Take(ElementType.F32, Count + (2 * Margin)), values = around.Slice(Margin, Count);
        Tensor local = device.Ops.Arena.Take(ElementType.F32, 4, 8);
        Tensor all = device.Ops.Arena.Take(ElementType.F32, 4, 8 * ranks);
        float[] sums = new float[Count + (2 * Margin)], got = new float[sums.Length], own = new float[sums.Length];
        Array.Fill(sums, rank + 1, 0, Margin);
        Array.Fill(sums, rank + 1, Margin + Count, Margin);
        sums.CopyTo(own, 0);
        Addends(rank).CopyTo(own, Margin);
        for (int r = 0; r < ranks; r++)
        {
            float[] addends = Addends(r);
            for (int i = 0; i < Count; i++)
                sums[Margin + i] += addends[i];
        }

        for (int round = 0; round < Rounds; round++)
        {
            device.Memory.Upload(MemoryMarshal.AsBytes(own.AsSpan()), around);
            device.Collectives.AllReduceSum(values);
            device.Memory.Download(around, MemoryMarshal.AsBytes(got.AsSpan()));
            if (Comparison.Difference(sums, got, "sums", Bound) is { } difference)
                return difference;
        }

        float[] share = new float[32], joined = new float[32 * ranks], expected = new float[32 * ranks];
        for (int i = 0; i < expected.Length; i++)
            expected[i] = i;
        for (int i = 0; i < share.Length; i++)
            share[i] = (i / 8 * 8 * ranks) + (rank * 8) + (i % 8);
        device.Memory.Upload(MemoryMarshal.AsBytes(share.AsSpan()), local);
        device.Collectives.AllGatherColumns(local, all);
        device.Memory.Download(all, MemoryMarshal.AsBytes(joined.AsSpan()));
        device.Collectives.Barrier();
        return Comparison.Difference(expected, joined, "joined columns", 0);
    }

    private static float[] Addends(int rank)
    {
        var values = new float[Count];
        for (int i = 0; i < Count; i++)
            values[i] = MathF.Sin((i * 0.37f) + rank);
        return values;
    }
}
