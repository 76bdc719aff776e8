using System.Linq;
using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;

namespace Glm5.Core.Verification;

/// <summary>
/// Watches one layer's index scores and selection, and may force the selection that another run made: arithmetics that
/// round differently choose differently where scores are close, and what follows is to be compared all the same.
/// </summary>
public sealed class AttentionTrace(DeviceMemory memory, int[]? forced = null) : StepTrace
{
    private readonly List<float[]> _scores = [];

    /// <summary>Scores of each token over the positions it sees; empty on a backend that fuses past them.</summary>
    public IReadOnlyList<float[]> Scores => _scores;

    /// <summary>What the run itself selected, [tokens · k].</summary>
    public int[] Selected { get; private set; } = [];

    /// <inheritdoc/>
    public override void Record(TracePoint point, int layer, Tensor value)
    {
        if (point == TracePoint.IndexScores)
        {
            var row = new float[value.Count];
            memory.Download(value, MemoryMarshal.AsBytes(row.AsSpan()));
            _scores.Add(row);
        }
        else if (point == TracePoint.Selection)
        {
            Selected = new int[value.Count];
            memory.Download(value, MemoryMarshal.AsBytes(Selected.AsSpan()));
        }
    }

    /// <inheritdoc/>
    public override bool InjectSelection(int layer, Tensor positions)
    {
        if (forced is null)
            return false;
        memory.Upload(MemoryMarshal.AsBytes(forced.AsSpan()), positions);
        return true;
    }

    /// <summary>
    /// What is wrong with a selection, or null: it is the expected one up to positions whose scores are within a bound of
    /// the last that was chosen, ascending and as many.
    /// </summary>
    public static string? Difference(int[] expected, int[] got, IReadOnlyList<float[]> scores, double bound)
    {
        int k = expected.Length / scores.Count;
        for (int t = 0; t < scores.Count; t++)
        {
            int[] wanted = [.. expected[(t * k)..((t + 1) * k)].Where(p => p >= 0)];
            int[] chosen = [.. got[(t * k)..((t + 1) * k)].Where(p => p >= 0)];
            if (chosen.Length != wanted.Length || !chosen.SequenceEqual(chosen.Distinct().Order()))
                return $"token {t}: expected {wanted.Length} ascending positions, got {string.Join(" ", chosen)}";
            double last = wanted.Min(p => scores[t][p]), room = bound * scores[t].Max(Math.Abs);
            foreach (int position in chosen.Except(wanted).Concat(wanted.Except(chosen)))
            {
                if (!(Math.Abs(scores[t][position] - last) <= room))
                    return $"token {t}: position {position} at {scores[t][position]:G6} was taken or left, the last chosen has {last:G6}, not within {room:G3}";
            }
        }

        return null;
    }
}
