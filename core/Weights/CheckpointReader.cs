namespace Glm5.Core.Weights;

/// <summary>
/// Brings a checkpoint's files into memory before the first request, so that progress is true and no request waits for
/// a disk. Optional: a weight that was not brought in comes when it is touched.
/// </summary>
public static class CheckpointReader
{
    /// <summary>One thread does not keep a fast disk busy; more than this only seek.</summary>
    private const int MostThreads = 4;

    /// <summary>Reads every file once, front to back.</summary>
    /// <param name="checkpoint">Open.</param>
    /// <param name="progress">Enters <see cref="LoadPhase.Reading"/> and counts the files' bytes.</param>
    /// <param name="cancel">Ends the reading within a chunk; what was read stays.</param>
    /// <exception cref="CheckpointException">A file shrank or could not be read.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was triggered.</exception>
    public static void ReadAll(Checkpoint checkpoint, LoadProgress progress, CancellationToken cancel)
    {
        (Shard Shard, long Offset)[] chunks = ChunksOf(checkpoint, out long bytes);
        progress.Enter(LoadPhase.Reading, bytes);

        int next = -1;
        int threads = Math.Clamp(Environment.ProcessorCount, 2, MostThreads);
        ParallelOptions options = new() { MaxDegreeOfParallelism = threads, CancellationToken = cancel };
        try
        {
            // Workers take the next chunk each, instead of a share each: the disk sees one front.
            System.Threading.Tasks.Parallel.For(0, threads, options, (_, loop) =>
            {
                for (int i = Interlocked.Increment(ref next); i < chunks.Length; i = Interlocked.Increment(ref next))
                {
                    cancel.ThrowIfCancellationRequested();
                    if (loop.ShouldExitCurrentIteration)
                    {
                        return;
                    }

                    progress.Add(chunks[i].Shard.BringIn(chunks[i].Offset));
                }
            });
        }
        catch (AggregateException exception) when (FirstCause(exception) is { } cause)
        {
            throw cause;
        }
    }

    private static (Shard Shard, long Offset)[] ChunksOf(Checkpoint checkpoint, out long bytes)
    {
        List<(Shard, long)> chunks = [];
        bytes = 0;
        foreach (Shard shard in checkpoint.Shards)
        {
            bytes += shard.File.Length;
            for (long offset = 0; offset < shard.File.Length; offset += Shard.ChunkBytes)
            {
                chunks.Add((shard, offset));
            }
        }

        return [.. chunks];
    }

    private static CheckpointException? FirstCause(AggregateException exception)
    {
        foreach (Exception inner in exception.Flatten().InnerExceptions)
        {
            if (inner is CheckpointException cause)
            {
                // Anew, because the stack that matters is the caller's.
                return new CheckpointException(cause.Where, cause.Problems);
            }
        }

        return null;
    }
}
