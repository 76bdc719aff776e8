using Glm5.Core.Accelerator;

namespace Glm5.Backends.Simulated;

/// <summary>A step's layout, and the sums over its contexts that the cost of attention follows from.</summary>
internal sealed class SimulatedStepPlan : StepPlan
{
    private StepLayout? _layout;
    private int _topK = -1;

    /// <inheritdoc/>
    public override StepLayout Layout =>
        _layout ?? throw new AcceleratorException("the plan is read before a step was planned");

    /// <inheritdoc/>
    public override Tensor TokenIds => Layout.HostTokenIds;

    /// <inheritdoc/>
    public override Tensor Positions => Layout.HostPositions;

    /// <inheritdoc/>
    public override Tensor Slots => Layout.HostSlots;

    /// <inheritdoc/>
    public override Tensor LogitRows => Layout.HostLogitRows;

    /// <summary>Rows of the caches that the step's sequences have, each once: Σ over sequences of context.</summary>
    public double CachedRows { get; private set; }

    /// <summary>Pairs of a token and a position that it sees.</summary>
    public double SeenPairs { get; private set; }

    /// <summary>Pairs of a token and a position that it attends to, at most topK a token.</summary>
    public double AttendedPairs { get; private set; }

    /// <summary>
    /// Cached rows that have to be read at least: each once, and no more than the tokens of a sequence attend to.
    /// </summary>
    public double AttendedRows { get; private set; }

    /// <summary>Begins the next step.</summary>
    public SimulatedStepPlan Begin(StepLayout layout)
    {
        (_layout, _topK) = (layout, -1);
        return this;
    }

    /// <summary>Counts for a model that attends to so many positions; the same for all layers, so it is done once.</summary>
    public void Count(int topK)
    {
        if (_topK == topK)
            return;
        _topK = topK;
        (CachedRows, SeenPairs, AttendedPairs, AttendedRows) = (0, 0, 0, 0);
        StepLayout layout = Layout;
        for (int s = 0; s < layout.SequenceCount; s++)
        {
            double queries = layout.QueryStart[s + 1] - layout.QueryStart[s], context = layout.ContextLength[s];
            double attended = SumOfLeast(context, topK) - SumOfLeast(context - queries, topK);
            CachedRows += context;
            SeenPairs += queries * (context - ((queries - 1) / 2));
            AttendedPairs += attended;
            AttendedRows += Math.Min(context, attended);
        }
    }

    /// <summary>Σ over the first n positions of min(position + 1, most).</summary>
    private static double SumOfLeast(double n, double most) =>
        n <= most ? n * (n + 1) / 2 : (most * (most + 1) / 2) + ((n - most) * most);
}
