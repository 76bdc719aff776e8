using System.Text;

namespace Glm5.Benchmarks.Models;

/// <summary>
/// Near-normal numbers keyed by (seed, tensor name, element): the same on every machine and in any order, so that one
/// tensor can be made without the others. Each is the sum of four uniform 16-bit numbers, hence never beyond 3.46
/// deviations.
/// </summary>
internal readonly struct KeyedNoise
{
    private const ulong GoldenRatio = 0x9E3779B97F4A7C15;
    private const float SumMean = 4 * 65535 / 2f;
    private const float SumDeviation = 37837.227f; // sqrt(4 (2^32 - 1) / 12)

    private readonly ulong _key;

    public KeyedNoise(ulong seed, string name)
    {
        ulong hash = 0xCBF29CE484222325; // FNV-1a
        foreach (byte b in Encoding.UTF8.GetBytes(name))
        {
            hash = (hash ^ b) * 0x100000001B3;
        }

        _key = Mix(hash ^ Mix(seed + GoldenRatio));
    }

    /// <summary>Writes elements <paramref name="first"/> and following, with the given mean and deviation.</summary>
    public void Fill(long first, float mean, float deviation, Span<float> into)
    {
        float scale = deviation / SumDeviation;
        ulong state = _key + ((ulong)first * GoldenRatio);
        for (int i = 0; i < into.Length; i++)
        {
            state += GoldenRatio;
            into[i] = mean + (scale * (SumOfQuarters(Mix(state)) - SumMean));
        }
    }

    private static uint SumOfQuarters(ulong bits)
    {
        ulong pairs = (bits & 0x0000FFFF0000FFFF) + ((bits >> 16) & 0x0000FFFF0000FFFF);
        return (uint)pairs + (uint)(pairs >> 32);
    }

    /// <summary>The finaliser of SplitMix64: every input bit reaches every output bit.</summary>
    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
