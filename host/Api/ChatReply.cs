using Glm5.Core;
using Glm5.Core.Sampling;

namespace Glm5.Host.Api;

/// <summary>How a chat's answer leaves: in chunks as it comes, or whole at its end.</summary>
internal abstract class ChatReply
{
    /// <summary>The request was taken; tokens will come.</summary>
    public abstract ValueTask BeginAsync();

    /// <summary>A token came and added what the answer shows.</summary>
    public abstract ValueTask ShowAsync(SampledToken token);

    /// <summary>Nothing came for long; says so where the connection could be given up.</summary>
    public virtual ValueTask PingAsync() => ValueTask.CompletedTask;

    /// <summary>The answer ended, and perhaps added more.</summary>
    public abstract ValueTask EndAsync(FinishReason? finish);

    /// <summary>The answer cannot be completed.</summary>
    public abstract ValueTask FailAsync(ApiException error);
}
