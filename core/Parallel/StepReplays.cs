using Glm5.Core.Accelerator;
using Glm5.Core.Model;

namespace Glm5.Core.Parallel;

/// <summary>
/// Captured steps of one rank: a step whose shape comes back is captured at its second appearance and replayed from then
/// on. Used by the rank's thread alone. All ranks of a group see the same steps and so decide alike.
/// </summary>
internal sealed class StepReplays(IAccelerator accelerator, Glm5Model model, KvStore kv) : IDisposable
{
    /// <summary>Steps of more tokens are computed longer than they are launched.</summary>
    private const int MostTokens = 64;

    /// <summary>Captured steps hold streams of a device that has some two thousand.</summary>
    private const int MostCaptured = 24;

    private readonly List<Captured> _captured = [];
    private readonly HashSet<Shape> _seen = [];
    private readonly HashSet<Shape> _eager = [];
    private Action? _body;
    private StepPlan? _plan;
    private SavedResult _result;

    /// <summary>Steps that can be replayed now.</summary>
    public int Count => _captured.Count;

    /// <summary>Steps that were replayed.</summary>
    public long Replayed { get; private set; }

    /// <summary>
    /// Computes the step into <paramref name="result"/>; false when it has to run eagerly (then nothing ran).
    /// </summary>
    public bool TryRun(StepPlan plan, ForwardResult result)
    {
        StepLayout layout = plan.Layout;
        if (!accelerator.Capabilities.CapturesGraphs || layout.TokenCount > MostTokens || accelerator.Ops.Trace is not null)
            return false;
        var saved = SavedResult.Of(result);
        var shape = new Shape(
            layout.TokenCount, layout.SequenceCount, layout.LogitRowCount, model.SelectsEverything(layout), saved.Hidden);
        foreach (Captured captured in _captured)
        {
            if (captured.Shape == shape && accelerator.Graphs.Replay(captured.Step, plan))
            {
                Replayed++;
                return true;
            }
        }

        return Capture(shape, plan, saved);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Captured captured in _captured)
            captured.Step.Dispose();
        _captured.Clear();
    }

    private bool Capture(Shape shape, StepPlan plan, SavedResult result)
    {
        // What runs once is not worth it; and the first run is what a backend prepares its own tables in.
        if (_seen.Add(shape) || _eager.Contains(shape))
            return false;
        if (_captured.Count == MostCaptured)
        {
            _captured[0].Step.Dispose();
            _captured.RemoveAt(0);
        }

        (_plan, _result) = (plan, result);
        _body ??= () => model.Run(_plan!, kv, _result.Restored());
        CapturedStep? step = accelerator.Graphs.TryCapture(plan, _body);
        if (step is null)
        {
            _eager.Add(shape);
            return false;
        }

        _captured.Add(new Captured(shape, step));
        return true;
    }

    /// <summary>What a captured step was made for; the backend asks for more.</summary>
    private readonly record struct Shape(int Tokens, int Sequences, int LogitRows, bool SelectsEverything, nint Result);

    private readonly record struct Captured(Shape Shape, CapturedStep Step);

    /// <summary>A result's addresses and sizes: tensors themselves do not outlive the step.</summary>
    private readonly record struct SavedResult(nint Hidden, long Tokens, long Width, nint Logits, long Rows, long Vocabulary)
    {
        public static SavedResult Of(ForwardResult result) => new(
            result.Hidden.Address, result.Hidden[0], result.Hidden[1], result.Logits.Address,
            result.Logits.IsEmpty ? 0 : result.Logits[0], result.Logits.IsEmpty ? 0 : result.Logits[1]);

        public ForwardResult Restored() => new()
        {
            Hidden = new Tensor(Hidden, ElementType.F32, Tokens, Width),
            Logits = Rows == 0 ? default : new Tensor(Logits, ElementType.F32, Rows, Vocabulary),
        };
    }
}
