using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;
using Glm5.Core.Model;
using Glm5.Core.Parallel;
using Glm5.Core.Sampling;
using Glm5.Core.Weights;
using Glm5.Tests.Conformance.Tenants;

namespace Glm5.Tests.Conformance.Golden;

/// <summary>A checkpoint on a number of ranks of a backend, driven step by step without an engine.</summary>
public sealed class ModelUnderTest : IDisposable
{
    /// <summary>Small blocks, so that short prompts span several.</summary>
    public const int BlockSlots = 16;

    private const int MaxSequences = 8;

    private readonly Checkpoint _checkpoint;
    private readonly IReadOnlyList<IAccelerator> _accelerators;
    private readonly ModelWeights[] _weights;
    private readonly RankModel[] _ranks;

    /// <summary>Opens the folder's checkpoint on the tenant's ranks.</summary>
    public ModelUnderTest(Tenant tenant, string folder, int ranks = 1, int maxTokens = 160, int blocks = 64)
    {
        _checkpoint = Checkpoint.Open(folder);
        Config = _checkpoint.Config;
        long arena = ArenaSize.Bytes(Config, maxTokens, maxTokens, (long)blocks * BlockSlots);
        _accelerators = tenant.Open(ranks, arena);
        _weights = new ModelWeights[ranks];
        _ranks = new RankModel[ranks];
        var spec = new KvSpec(
            Config.LayerCount + Config.DraftLayerCount, Config.KvLoraRank, Config.QkRopeHeadDim, Config.IndexHeadDim, BlockSlots);
        for (int r = 0; r < ranks; r++)
        {
            _weights[r] = WeightPacking.Load(_checkpoint, _accelerators[r], new RankShard(r, ranks));
            _ranks[r] = new RankModel(
                _accelerators[r], _weights[r], new Glm5Model(Config, _weights[r], _accelerators[r]),
                _accelerators[r].CreateKvStore(spec, blocks));
        }

        Layout = new StepLayout(maxTokens, MaxSequences, BlockSlots);
    }

    /// <summary>The checkpoint's config.</summary>
    public ModelConfig Config { get; }

    /// <summary>Reads rank 0's tensors.</summary>
    public DeviceMemoryReader Reader => new(_accelerators[0].Memory);

    /// <summary>Steps that rank 0 replayed from a capture.</summary>
    public long ReplayedSteps => _ranks[0].ReplayedSteps;

    /// <summary>Rank 0's memory.</summary>
    public DeviceMemory Memory => _accelerators[0].Memory;

    /// <summary>Rank 0's arena, as large as was counted for the largest step.</summary>
    public ActivationArena Arena => _accelerators[0].Ops.Arena;

    /// <summary>Filled by the test, then run.</summary>
    public StepLayout Layout { get; }

    /// <summary>Runs the layout on every rank and returns rank 0's logits, a row each.</summary>
    public float[][] Run(StepTrace? trace = null) => OnEveryRank(trace, (rank, plan) =>
        Rows(rank.Accelerator, rank.Model.Forward(plan, rank.Kv).Logits));

    /// <summary>Runs the main model, then the draft layer over the same plan fed with <paramref name="nextTokens"/>;
    /// returns the draft's logits and its hidden states.</summary>
    public (float[][] Logits, float[][] Hidden) RunDraft(int[] nextTokens, StepTrace? trace = null)
    {
        float[][] hidden = [];
        float[][] logits = OnEveryRank(trace, (rank, plan) =>
        {
            ForwardResult main = rank.Model.Forward(plan, rank.Kv);
            ForwardResult draft = rank.Model.Draft(plan, rank.Kv, Upload(rank, nextTokens), main.Hidden);
            if (rank == _ranks[0])
                hidden = Rows(rank.Accelerator, draft.Hidden);
            return Rows(rank.Accelerator, draft.Logits);
        });
        return (logits, hidden);
    }

    /// <summary>Runs the main model and the draft layer over the layout; returns the logits of both.</summary>
    public (float[][] Main, float[][] Draft) RunMainAndDraft(int[] nextTokens)
    {
        float[][] main = [];
        float[][] draft = OnEveryRank(null, (rank, plan) =>
        {
            ForwardResult result = rank.Model.Forward(plan, rank.Kv);
            if (rank == _ranks[0])
                main = Rows(rank.Accelerator, result.Logits);
            return Rows(rank.Accelerator, rank.Model.Draft(plan, rank.Kv, Upload(rank, nextTokens), result.Hidden).Logits);
        });
        return (main, draft);
    }

    /// <summary>Runs the layout as an engine does: rank 0 chooses, every rank drafts behind it.</summary>
    public void RunStep(SampleBatch batch, StepTrace? trace = null) => OnEveryRank(trace, (rank, _) =>
    {
        rank.RunStep(Layout, batch, answers: rank == _ranks[0]);
        return [];
    });

    /// <summary>One chained draft step for the one token of the layout, fed the previous step's hidden state.</summary>
    public (float[] Logits, float[] Hidden) ChainDraft(int nextToken, float[] previousHidden, StepTrace? trace = null)
    {
        float[] hidden = [];
        float[][] logits = OnEveryRank(trace, (rank, plan) =>
        {
            Tensor state = rank.Accelerator.Ops.Arena.Take(ElementType.F32, 1, previousHidden.Length);
            rank.Accelerator.Memory.Upload(MemoryMarshal.AsBytes(previousHidden.AsSpan()), state);
            ForwardResult draft = rank.Model.Draft(plan, rank.Kv, Upload(rank, [nextToken]), state);
            if (rank == _ranks[0])
                hidden = Rows(rank.Accelerator, draft.Hidden)[0];
            return Rows(rank.Accelerator, draft.Logits);
        });
        return (logits[0], hidden);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (RankModel rank in _ranks)
            rank.Dispose();
        _checkpoint.Dispose();
    }

    private float[][] OnEveryRank(StepTrace? trace, Func<RankModel, StepPlan, float[][]> run)
    {
        var results = new float[_ranks.Length][][];
        var failures = new Exception?[_ranks.Length];
        void Drive(int r)
        {
            try
            {
                _ranks[r].Accelerator.Ops.Trace = r == 0 ? trace : null;
                using ActivationArena.Scope scope = _ranks[r].Accelerator.Ops.Arena.Open();
                results[r] = run(_ranks[r], _ranks[r].Accelerator.Plan(Layout));
            }
            catch (Exception e)
            {
                failures[r] = e;
                _ranks[r].Accelerator.Collectives.Abort(e.Message);
            }
        }

        Thread[] peers = [.. Enumerable.Range(1, _ranks.Length - 1).Select(r => new Thread(() => Drive(r)))];
        foreach (Thread peer in peers)
            peer.Start();
        Drive(0);
        foreach (Thread peer in peers)
            peer.Join();
        if (failures.FirstOrDefault(f => f is not null) is { } failure)
            throw new InvalidOperationException(failure.ToString(), failure);
        return results[0];
    }

    private static Tensor Upload(RankModel rank, int[] values)
    {
        Tensor tensor = rank.Accelerator.Ops.Arena.Take(ElementType.I32, values.Length);
        rank.Accelerator.Memory.Upload(MemoryMarshal.AsBytes(values.AsSpan()), tensor);
        return tensor;
    }

    /// <summary>A [rows, width] tensor on the host.</summary>
    public static float[][] Rows(IAccelerator accelerator, Tensor tensor)
    {
        if (tensor.IsEmpty)
            return [];
        var rows = new float[tensor.Rows][];
        Tensor flat = tensor.Rank == 3 ? tensor.As(tensor.Rows, tensor.Width) : tensor;
        for (long r = 0; r < rows.Length; r++)
        {
            rows[r] = new float[tensor.Width];
            accelerator.Memory.Download(flat.Rank == 1 ? flat : flat.Slice(r, 1), MemoryMarshal.AsBytes(rows[r].AsSpan()));
        }

        return rows;
    }
}
