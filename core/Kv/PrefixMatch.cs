namespace Glm5.Core.Kv;

/// <summary>What of a sequence's beginning is there, in blocks.</summary>
/// <param name="Found">On the device.</param>
/// <param name="Idle">Of those, blocks without an owner: they count as free until they are taken.</param>
/// <param name="Copied">Behind them, copies on the host, each of which needs a block to come back to.</param>
internal readonly record struct PrefixMatch(int Found, int Idle, int Copied)
{
    /// <summary>Whether a sequence of so many blocks can have all of them, and leave some free.</summary>
    public bool Fits(BlockPool pool, int blocks, long spare) => blocks - Found + spare <= pool.Free - Idle;
}
