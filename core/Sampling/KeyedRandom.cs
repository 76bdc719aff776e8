namespace Glm5.Core.Sampling;

/// <summary>What a random number is for. Numbers of different purposes at the same position are independent.</summary>
public enum DrawPurpose
{
    /// <summary>Choosing a token from the target's distribution.</summary>
    Token = 1,

    /// <summary>Choosing a draft from the drafter's distribution.</summary>
    Draft = 2,

    /// <summary>Making a request up: its lengths, its arrival, its tokens.</summary>
    Workload = 3,
}

/// <summary>The choice of one token of one sequence, as randomness knows it.</summary>
/// <param name="Seed">The sequence's seed.</param>
/// <param name="Position">The token's position, the prompt counted.</param>
public readonly record struct SampleKey(long Seed, long Position);

/// <summary>
/// Random numbers that depend on seed, position and purpose alone, never on what was drawn before: whatever else is in
/// the batch, however a sequence was chunked, preempted or drafted, its numbers are the same.
/// </summary>
/// <remarks>
/// Each part of the key passes the finaliser of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
/// generators, 2014; constants of Stafford's variant 13), a bijection of 64 bits in which every input bit flips every
/// output bit with probability near one half.
/// </remarks>
public static class KeyedRandom
{
    private const ulong GoldenGamma = 0x9E37_79B9_7F4A_7C15;

    /// <summary>A number in [0, 1) of 53 bits.</summary>
    public static double Unit(long seed, long position, DrawPurpose purpose)
    {
        ulong key = Mix((ulong)seed + GoldenGamma);
        key = Mix(key + ((ulong)position * GoldenGamma));
        key = Mix(key + ((ulong)purpose * GoldenGamma));
        return (key >> 11) * (1.0 / (1L << 53));
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }
}
