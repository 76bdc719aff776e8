using Glm5.Core.Accelerator;
using Glm5.Core.Model;
using Glm5.Core.Parallel;
using Glm5.Core.Weights;

namespace Glm5.Core.Planning;

/// <summary>
/// What one rank of a layout holds of each tensor. Attention, dense networks, shared experts and the head are divided over
/// the ranks of a group; routed experts over all ranks, whole or in slices.
/// </summary>
internal sealed class LayoutCut
{
    private readonly ModelConfig _config;
    private readonly RankShard _group, _experts;
    private readonly bool _wholeExperts;
    private readonly ExpertSpan _held;

    /// <summary>The cut of one rank.</summary>
    /// <exception cref="AcceleratorException">Something does not divide.</exception>
    public LayoutCut(ModelConfig config, ParallelLayout layout, int rank)
    {
        _config = config;
        _group = new RankShard(rank % layout.Tensor, layout.Tensor);
        _experts = new RankShard(rank, layout.Ranks);
        _wholeExperts = layout.Expert;
        Heads = _group.Share(config.HeadCount, "attention heads");
        if (layout.Expert)
            _held = _experts.Experts(config.RoutedExpertCount);
    }

    /// <summary>Attention heads of the rank.</summary>
    public int Heads { get; }

    /// <summary>The first of them.</summary>
    public int FirstHead => _group.Rank * Heads;

    /// <summary>Whether the rank holds anything of a routed expert.</summary>
    public bool HoldsExpert(int expert) =>
        !_wholeExperts || (expert >= _held.First && expert < _held.First + _held.Count);

    /// <summary>The rank's part of a tensor that it holds something of.</summary>
    public WeightSource Of(TensorSpec spec, in WeightSource whole, bool isExpert)
    {
        RankShard shard = !isExpert ? _group : _wholeExperts ? RankShard.Whole : _experts;
        return spec.Role switch
        {
            TensorRole.Vocabulary when spec.Name == WeightNames.Head =>
                shard.Rows(whole, _config.VocabSize, "vocabulary entries"),
            TensorRole.HeadRows => shard.Rows(whole, _config.HeadCount, "attention heads"),
            TensorRole.HeadColumns => shard.Columns(whole, _config.HeadCount, "attention heads"),
            TensorRole.InnerRows => shard.Rows(whole, (int)whole.Rows, $"rows of {spec.Name}"),
            TensorRole.InnerColumns => shard.Columns(whole, (int)whole.Columns, $"columns of {spec.Name}"),
            _ => whole,
        };
    }
}
