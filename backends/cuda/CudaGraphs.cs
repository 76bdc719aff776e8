using Glm5.Backends.Cuda.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda;

/// <summary>A recording of the stream, ready to run.</summary>
internal sealed class CudaCapturedStep(CudaDevice device, nint executable, GraphKey key) : CapturedStep
{
    private nint _executable = executable;

    /// <summary>What runs; 0 once freed.</summary>
    public nint Executable => _executable;

    /// <summary>What it fits.</summary>
    public GraphKey Key { get; } = key;

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (_executable == 0)
            return;
        device.Enter();
        _ = device.Cuda.Driver.StreamSynchronize(device.Stream);
        _ = device.Cuda.Driver.GraphExecDestroy(_executable);
        _executable = 0;
    }
}

/// <summary>
/// Capture and replay of the stream. Recording runs nothing, so a new recording is run once behind its making. A body that
/// comes to something only the host can do is given up before the call that would be illegal, and stays eager.
/// </summary>
internal sealed unsafe class CudaGraphs(CudaDevice device) : StepGraphs
{
    /// <inheritdoc/>
    public override CapturedStep? TryCapture(StepPlan plan, Action body)
    {
        if (plan is not CudaStepPlan step)
            return null;
        device.Enter();
        CudaDriver driver = device.Cuda.Driver;
        if (driver.StreamBeginCapture(device.Stream, StreamFlags.CaptureThreadLocal) != 0)
            return null;
        device.IsCapturing = true;
        bool recorded = false;
        nint graph = 0, executable = 0;
        int result;
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
            result = driver.StreamEndCapture(device.Stream, &graph);
        }

        if (recorded && result == 0 && graph != 0)
            result = driver.GraphInstantiateWithFlags(&executable, graph, 0);
        if (graph != 0)
            _ = driver.GraphDestroy(graph);
        if (!recorded || result != 0 || executable == 0)
            return null;
        var captured = new CudaCapturedStep(device, executable, step.Key);
        Run(captured);
        return captured;
    }

    /// <inheritdoc/>
    public override bool Replay(CapturedStep step, StepPlan plan)
    {
        if (step is not CudaCapturedStep captured || plan is not CudaStepPlan cuda || captured.Key != cuda.Key)
            return false;
        Run(captured);
        return true;
    }

    private void Run(CudaCapturedStep captured)
    {
        device.Enter();
        device.Check(device.Cuda.Driver.GraphLaunch(captured.Executable, device.Stream), "cuGraphLaunch");
    }
}
