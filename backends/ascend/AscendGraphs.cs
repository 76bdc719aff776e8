using Glm5.Backends.Ascend.Interop;
using Glm5.Backends.Ascend.Ops;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend;

/// <summary>
/// What a captured step was recorded for: everything of a plan that shapes its operations, and its tables' places.
/// </summary>
internal readonly record struct GraphKey(
    int Tokens, int Sequences, int LogitRows, int ContextBucket, int BlockColumns, nint Tables, nint Blocks);

/// <summary>A recording of the stream.</summary>
internal sealed class AscendCapturedStep(AscendDevice device, nint graph, GraphKey key) : CapturedStep
{
    private nint _graph = graph;

    /// <summary>The recording; 0 once freed.</summary>
    public nint Graph => _graph;

    /// <summary>What it fits.</summary>
    public GraphKey Key { get; } = key;

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (_graph == 0)
            return;
        device.Enter();
        _ = device.Cann.Runtime.CaptureDestroy(_graph);
        _graph = 0;
    }
}

/// <summary>
/// Capture and replay by aclmdlRI. Recording runs nothing, so a new recording is run once behind its making. A body that
/// comes to something only the host can do is given up before the call that would be illegal, and stays eager.
/// </summary>
internal sealed unsafe class AscendGraphs(AscendDevice device) : StepGraphs
{
    /// <summary>
    /// Why no step of a model can be captured here; null when those whose shapes fit the fused attention can. Capturing
    /// itself is as old as CANN 8.1, but composed attention reads the caches through tables that the host writes.
    /// </summary>
    public static string? Refusal(CannInstallation cann, Fusions fusions)
    {
        bool isThere = cann.Runtime is
        {
            HasCaptureBegin: true, HasCaptureEnd: true, HasCaptureExecuteAsync: true, HasCaptureDestroy: true,
        };
        if (!isThere)
            return $"CANN {cann.Version} lacks a function of aclmdlRICapture";
        string? composed = fusions.Missing(Fusion.Indexer) ?? fusions.Missing(Fusion.SparseAttention);
        return composed is null ? null : $"composed attention waits for the host, and {composed}";
    }

    /// <inheritdoc/>
    public override CapturedStep? TryCapture(StepPlan plan, Action body)
    {
        if (plan is not AscendStepPlan step)
            return null;
        device.Enter();
        AclRuntime runtime = device.Cann.Runtime;
        if (runtime.CaptureBegin(device.Stream, AclCaptureMode.ThreadLocal) != 0)
            return null;
        device.IsCapturing = true;
        bool recorded = false;
        nint graph = 0;
        int status;
        try
        {
            body();
            recorded = true;
        }
        catch (AcceleratorException)
        {
            // The eager run that follows tells what is wrong, if anything is.
        }
        finally
        {
            device.IsCapturing = false;
            status = runtime.CaptureEnd(device.Stream, &graph);
        }

        if (!recorded || status != 0 || graph == 0)
        {
            if (graph != 0)
                _ = runtime.CaptureDestroy(graph);
            return null;
        }

        var captured = new AscendCapturedStep(device, graph, step.Key);
        Run(captured);
        return captured;
    }

    /// <inheritdoc/>
    public override bool Replay(CapturedStep step, StepPlan plan)
    {
        if (step is not AscendCapturedStep captured || plan is not AscendStepPlan ascend || captured.Key != ascend.Key)
            return false;
        Run(captured);
        return true;
    }

    private void Run(AscendCapturedStep captured)
    {
        device.Enter();
        device.Check(device.Cann.Runtime.CaptureExecuteAsync(captured.Graph, device.Stream), "aclmdlRIExecuteAsync");
    }
}
