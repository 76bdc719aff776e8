using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda;

/// <summary>
/// Where the ranks of one process meet on the host: a barrier that can be poisoned. Shared by all of them.
/// </summary>
internal sealed class RankMeeting(int size)
{
    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim[] _turns = [new(false), new(false)];
    private int _arrived, _turn;
    private volatile string? _aborted;

    /// <summary>Ranks in the group.</summary>
    public int Size { get; } = size;

    /// <summary>True when the group was stopped.</summary>
    public bool IsAborted => _aborted is not null;

    /// <summary>Returns when all ranks are here.</summary>
    /// <exception cref="AcceleratorException">The group was stopped, before or while waiting.</exception>
    public void Arrive()
    {
        ThrowIfAborted();
        if (Size == 1)
            return;
        ManualResetEventSlim turn;
        lock (_gate)
        {
            // Once more, because a stop between the look above and here opened both turns for the last time.
            ThrowIfAborted();
            turn = _turns[_turn];
            if (++_arrived == Size)
            {
                // The next turn is closed before this one opens: nobody can be waiting for it yet.
                _turn = 1 - _turn;
                _turns[_turn].Reset();
                _arrived = 0;
                turn.Set();
            }
        }

        turn.Wait();
        ThrowIfAborted();
    }

    /// <summary>Poisons the group for good; the first reason stands.</summary>
    public void Abort(string reason)
    {
        lock (_gate)
        {
            _aborted ??= reason;
            _turns[0].Set();
            _turns[1].Set();
        }
    }

    /// <summary>Throws when the group was stopped.</summary>
    public void ThrowIfAborted()
    {
        if (_aborted is { } reason)
            throw new AcceleratorException($"the group of {Size} ranks was stopped: {reason}");
    }
}
