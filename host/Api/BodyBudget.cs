using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>
/// Bounds the bytes of all request bodies held at once, so that many large requests cannot take the memory away.
/// </summary>
internal sealed class BodyBudget(ServeOptions options)
{
    private long _held;

    /// <summary>Largest single body.</summary>
    public long MaxBody => options.MaxBodyBytes;

    /// <summary>Bytes held now.</summary>
    public long Held => Interlocked.Read(ref _held);

    /// <summary>Takes bytes, or refuses with 503.</summary>
    public void Take(long bytes)
    {
        if (Interlocked.Add(ref _held, bytes) <= options.MaxBodyBytesHeld)
            return;
        Interlocked.Add(ref _held, -bytes);
        throw ApiException.Unavailable(
            $"request bodies of {options.MaxBodyBytesHeld >> 20} MB in all are being held; try again in a moment",
            TimeSpan.FromSeconds(1));
    }

    /// <summary>Gives bytes back.</summary>
    public void Return(long bytes) => Interlocked.Add(ref _held, -bytes);
}
