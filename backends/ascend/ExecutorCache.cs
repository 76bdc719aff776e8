using Glm5.Backends.Ascend.Interop;

namespace Glm5.Backends.Ascend;

/// <summary>An executor that outlives its first run, with what it was made of.</summary>
internal sealed unsafe class CachedExecutor(long[] key, CallParts parts, AclOpExecutor* executor, ulong workspaceBytes)
{
    /// <summary>The call it was made for.</summary>
    public long[] Key { get; } = key;

    /// <summary>Its descriptors.</summary>
    public CallParts Parts { get; } = parts;

    /// <summary>The executor.</summary>
    public AclOpExecutor* Executor { get; } = executor;

    /// <summary>Workspace that each run needs.</summary>
    public ulong WorkspaceBytes { get; } = workspaceBytes;
}

/// <summary>
/// Executors of calls that came at least twice: planning an operator costs the host more than giving it to the stream.
/// Decode steps repeat their shapes and are kept; prefill steps mostly do not. When it is full it starts over.
/// </summary>
internal sealed unsafe class ExecutorCache(Nnopbase descriptors)
{
    private const int Capacity = 8192;

    private readonly Dictionary<ulong, CachedExecutor> _kept = [];
    private readonly HashSet<ulong> _refused = [];
    private readonly ulong[] _seen = new ulong[1 << 14];

    /// <summary>Executors kept.</summary>
    public int Count => _kept.Count;

    /// <summary>The executor of a call; null when there is none.</summary>
    public CachedExecutor? Find(CallKey key) =>
        _kept.TryGetValue(key.Hash, out CachedExecutor? kept) && key.Words.SequenceEqual(kept.Key) ? kept : null;

    /// <summary>True for a call that was seen before and whose place is free.</summary>
    public bool IsWorthKeeping(CallKey key)
    {
        ref ulong seen = ref _seen[key.Hash & (ulong)(_seen.Length - 1)];
        bool again = seen == key.Hash;
        seen = key.Hash;
        return again && !_kept.ContainsKey(key.Hash) && !_refused.Contains(key.Hash);
    }

    /// <summary>Lets an executor go and keeps none for its call again.</summary>
    public void Refuse(CallKey key)
    {
        if (_kept.Remove(key.Hash, out CachedExecutor? kept))
            Free(kept);
        _refused.Add(key.Hash);
    }

    /// <summary>Keeps an executor and its parts.</summary>
    public CachedExecutor Keep(CallKey key, CallParts parts, AclOpExecutor* executor, ulong workspaceBytes)
    {
        if (_kept.Count == Capacity)
            Clear();
        var kept = new CachedExecutor(key.Words.ToArray(), parts, executor, workspaceBytes);
        _kept.Add(key.Hash, kept);
        return kept;
    }

    /// <summary>Frees all executors.</summary>
    public void Clear()
    {
        foreach (CachedExecutor kept in _kept.Values)
            Free(kept);
        _kept.Clear();
    }

    private void Free(CachedExecutor kept)
    {
        _ = descriptors.DestroyExecutor(kept.Executor);
        kept.Parts.Release(descriptors);
    }
}
