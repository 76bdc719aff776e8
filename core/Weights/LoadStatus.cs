namespace Glm5.Core.Weights;

/// <summary>What loading is busy with, in order.</summary>
public enum LoadPhase
{
    /// <summary>The files are brought here from a hub. Only for a model that is not here yet.</summary>
    Downloading,

    /// <summary>Config and headers are read.</summary>
    Opening,

    /// <summary>Headers are compared with what the model needs.</summary>
    Checking,

    /// <summary>The files' bytes are brought into memory.</summary>
    Reading,

    /// <summary>A backend takes the weights into the form it computes with.</summary>
    Packing,

    /// <summary>The model can serve.</summary>
    Ready,

    /// <summary>Loading ended with an error; <see cref="LoadStatus.Failure"/> says which.</summary>
    Failed,
}

/// <summary>Loading at one moment.</summary>
/// <param name="Phase">What it is busy with.</param>
/// <param name="BytesDone">Bytes of this phase that are done.</param>
/// <param name="BytesTotal">Bytes of this phase; 0 when it is not measured in bytes.</param>
/// <param name="BytesPerSecond">Mean rate of this phase so far; 0 while unknown.</param>
/// <param name="Elapsed">Since loading began; stands still once ready or failed.</param>
/// <param name="Failure">The error's sentence, in phase <see cref="LoadPhase.Failed"/> only.</param>
public readonly record struct LoadStatus(
    LoadPhase Phase, long BytesDone, long BytesTotal, double BytesPerSecond, TimeSpan Elapsed, string? Failure = null)
{
    /// <summary>Time this phase still takes at its rate so far; null while unknown.</summary>
    public TimeSpan? Remaining
    {
        get
        {
            double seconds = (BytesTotal - BytesDone) / BytesPerSecond;
            return BytesTotal > 0 && seconds is >= 0 and < 1e9 ? TimeSpan.FromSeconds(seconds) : null;
        }
    }
}
