using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Glm5.Benchmarks.Machine;

/// <summary>
/// How fast plain vector loads stream through memory: the ceiling of a decode step, which does little else. The buffer
/// is far larger than any cache, is read once per pass in equal contiguous parts, one per thread, and every pass must
/// reproduce the checksum taken while filling it, so that no load can be optimised away. Pages are the system's default
/// ones, as for mapped weights.
/// </summary>
internal sealed class ReadBandwidth
{
    private const ulong Pattern = 0x9E3779B97F4A7C15;

    /// <summary>Eight independent vectors per round: enough loads in flight to cover the memory's latency.</summary>
    private const int WordsPerRound = 8 * 512 / 64;

    private readonly ulong[] _words;
    private readonly ulong _checksum;

    /// <summary>Allocates and touches the buffer.</summary>
    /// <param name="bytes">Its size; a multiple of 1 MiB so that every part is whole rounds.</param>
    public ReadBandwidth(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes % (1 << 20), 0, nameof(bytes));
        _words = GC.AllocateUninitializedArray<ulong>((int)(bytes / sizeof(ulong)));
        for (int i = 0; i < _words.Length; i++)
        {
            _words[i] = (ulong)i * Pattern;
            _checksum ^= _words[i];
        }
    }

    /// <summary>
    /// Gigabytes (1e9) per second over all threads, of <paramref name="passes"/> passes after an unmeasured first one.
    /// </summary>
    public Spread Measure(int threads, int passes)
    {
        long[,] start = new long[threads, passes + 1];
        long[,] end = new long[threads, passes + 1];
        ulong[] checksums = new ulong[threads];
        using Barrier line = new(threads);

        void Read(object? argument)
        {
            int thread = (int)argument!;
            (int first, int last) = Part(thread, threads);
            for (int pass = 0; pass <= passes; pass++)
            {
                line.SignalAndWait();
                start[thread, pass] = Stopwatch.GetTimestamp();
                ulong checksum = Xor(_words.AsSpan(first, last - first));
                end[thread, pass] = Stopwatch.GetTimestamp();
                checksums[thread] = BitOperations.RotateLeft(checksums[thread], 1) ^ checksum;
            }
        }

        Thread[] readers = [.. Enumerable.Range(0, threads).Select(_ => new Thread(Read))];
        for (int thread = 0; thread < threads; thread++)
        {
            readers[thread].Start(thread);
        }

        foreach (Thread reader in readers)
        {
            reader.Join();
        }

        VerifyChecksum(checksums, passes + 1);
        return Spread.Of([.. Enumerable.Range(1, passes).Select(pass => GigabytesPerSecond(start, end, pass))]);
    }

    private (int First, int Last) Part(int thread, int threads)
    {
        long rounds = _words.Length / WordsPerRound;
        long first = rounds * thread / threads;
        long last = rounds * (thread + 1) / threads;
        return ((int)(first * WordsPerRound), (int)(last * WordsPerRound));
    }

    /// <summary>From the first thread's start to the last one's end: a slow thread is part of the figure.</summary>
    private double GigabytesPerSecond(long[,] start, long[,] end, int pass)
    {
        long first = long.MaxValue;
        long last = long.MinValue;
        for (int thread = 0; thread < start.GetLength(0); thread++)
        {
            first = Math.Min(first, start[thread, pass]);
            last = Math.Max(last, end[thread, pass]);
        }

        return (double)_words.Length * sizeof(ulong) / Stopwatch.GetElapsedTime(first, last).TotalSeconds / 1e9;
    }

    private void VerifyChecksum(ulong[] checksums, int passes)
    {
        ulong read = 0;
        foreach (ulong checksum in checksums)
        {
            read ^= checksum;
        }

        ulong expected = 0;
        for (int pass = 0; pass < passes; pass++)
        {
            expected = BitOperations.RotateLeft(expected, 1) ^ _checksum; // rotated, so that two passes do not cancel
        }

        if (read != expected)
        {
            throw new InvalidOperationException(
                $"The bandwidth passes read {read:X16} where {expected:X16} was written: "
                + "they did not read the whole buffer, so their figure is worthless.");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong Xor(ReadOnlySpan<ulong> words)
    {
        const int Lane = 512 / 64;
        ref ulong word = ref MemoryMarshal.GetReference(words);
        Vector512<ulong> a = default, b = default, c = default, d = default;
        Vector512<ulong> e = default, f = default, g = default, h = default;
        for (nuint i = 0; i < (nuint)words.Length; i += WordsPerRound)
        {
            a ^= Vector512.LoadUnsafe(ref word, i);
            b ^= Vector512.LoadUnsafe(ref word, i + Lane);
            c ^= Vector512.LoadUnsafe(ref word, i + (2 * Lane));
            d ^= Vector512.LoadUnsafe(ref word, i + (3 * Lane));
            e ^= Vector512.LoadUnsafe(ref word, i + (4 * Lane));
            f ^= Vector512.LoadUnsafe(ref word, i + (5 * Lane));
            g ^= Vector512.LoadUnsafe(ref word, i + (6 * Lane));
            h ^= Vector512.LoadUnsafe(ref word, i + (7 * Lane));
        }

        Vector512<ulong> all = a ^ b ^ c ^ d ^ e ^ f ^ g ^ h;
        ulong result = 0;
        for (int lane = 0; lane < Lane; lane++)
        {
            result ^= all[lane];
        }

        return result;
    }
}
