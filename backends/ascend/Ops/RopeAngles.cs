using System.Runtime.InteropServices;
using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend.Ops;

/// <summary>
/// Cosine and sine of position · θ^(−2i/width), the angle rounded to F32 as everywhere, computed on the host: no
/// operator promises sines of large arguments. Those of a step's own positions are sent once a step, and from the second
/// step on before it runs.
/// </summary>
internal sealed class RopeAngles(AscendDevice device, AscendMemory memory) : IDisposable
{
    private readonly List<Table> _tables = [];
    private StepPlan? _plan;

    /// <summary>Begins a step: the tables that steps before it used are filled for its positions.</summary>
    public void Begin(StepPlan plan)
    {
        _plan = plan;
        foreach (Table table in _tables)
            table.Fill(plan.Layout.Positions);
    }

    /// <summary>cos and sin [tokens, 1, half] for positions [tokens] I32.</summary>
    public (View Cos, View Sin) Of(Tensor positions, float theta, int half, Kernels kernels)
    {
        bool isStep = _plan is { } plan && positions.Address == plan.Positions.Address && positions.Count == plan.Layout.TokenCount;
        if (isStep)
            return TableOf(theta, half).Views;
        var host = new int[positions.Count];
        memory.Download(positions, MemoryMarshal.AsBytes(host.AsSpan()));
        float[] angles = new float[2 * host.Length * half];
        new Frequencies(theta, half).Fill(host, angles);
        View both = kernels.Temporary(AclDataType.Float, 2, host.Length, 1, half);
        memory.CopyIn(MemoryMarshal.AsBytes(angles.AsSpan()), both.Address);
        return Halves(both.Address, host.Length, half);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Table table in _tables)
            table.Dispose();
    }

    private Table TableOf(float theta, int half)
    {
        foreach (Table table in _tables)
        {
            if (table.Fits(theta, half))
                return table;
        }

        var added = new Table(new PinnedStage(device, memory, "rope angles"), theta, half);
        _tables.Add(added);
        added.Fill(_plan!.Layout.Positions);
        return added;
    }

    private static (View Cos, View Sin) Halves(nint address, long tokens, int half) => (
        View.Dense(address, AclDataType.Float, tokens, 1, half),
        View.Dense(address + (nint)(tokens * half * sizeof(float)), AclDataType.Float, tokens, 1, half));

    /// <summary>The angles of the step's positions for one θ and width.</summary>
    private sealed class Table(PinnedStage stage, float theta, int half) : IDisposable
    {
        private readonly Frequencies _frequencies = new(theta, half);
        private int _tokens;

        public (View Cos, View Sin) Views => Halves(stage.Address, _tokens, half);

        public bool Fits(float otherTheta, int otherHalf) => otherTheta == theta && otherHalf == half;

        public void Fill(ReadOnlySpan<int> positions)
        {
            _tokens = positions.Length;
            int bytes = 2 * _tokens * half * sizeof(float);
            _frequencies.Fill(positions, MemoryMarshal.Cast<byte, float>(stage.Host(bytes)));
            stage.Send(bytes);
        }

        public void Dispose() => stage.Dispose();
    }

    /// <summary>θ^(−2i/width), F32.</summary>
    private sealed class Frequencies
    {
        private readonly float[] _values;

        public Frequencies(float theta, int half)
        {
            _values = new float[half];
            for (int i = 0; i < half; i++)
                _values[i] = (float)Math.Pow(theta, -2.0 * i / (2 * half));
        }

        /// <summary>All cosines [tokens, half], then all sines.</summary>
        public void Fill(ReadOnlySpan<int> positions, Span<float> into)
        {
            int half = _values.Length, sines = positions.Length * half;
            for (int t = 0; t < positions.Length; t++)
            {
                for (int i = 0; i < half; i++)
                    (into[sines + (t * half) + i], into[(t * half) + i]) = MathF.SinCos(positions[t] * _values[i]);
            }
        }
    }
}
