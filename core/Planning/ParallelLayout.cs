namespace Glm5.Core.Planning;

/// <summary>How a model is divided over ranks.</summary>
/// <param name="Tensor">Ranks that share the heads, the inner dimensions and the head's vocabulary of one group.</param>
/// <param name="Data">Groups with sequences and caches of their own.</param>
/// <param name="Expert">True when each rank has whole experts, false when it has a slice of every one.</param>
public readonly record struct ParallelLayout(int Tensor, int Data = 1, bool Expert = false)
{
    /// <summary>The layout that options ask for.</summary>
    public static ParallelLayout Of(ModelOptions options) => new(options.Ranks, options.Groups, options.ExpertsAreSpread);

    /// <summary>Ranks in all.</summary>
    public int Ranks => Tensor * Data;

    /// <summary>The flags that ask for it.</summary>
    public string Flags => $"--tensor-parallel-size {Tensor}"
        + (Data > 1 ? $" --data-parallel-size {Data}" : "")
        + (Expert ? " --enable-expert-parallel" : "");

    /// <summary>The layout in a word: <c>TP8</c>, <c>DP4 x TP2 + EP8</c>.</summary>
    public override string ToString() =>
        (Data > 1 ? $"DP{Data} x TP{Tensor}" : $"TP{Tensor}") + (Expert ? $" + EP{Ranks}" : "");
}
