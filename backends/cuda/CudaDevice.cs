using Glm5.Backends.Cuda.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda;

/// <summary>
/// One GPU as a rank uses it: its primary context, its one stream of work, and the checking of every result. Used by one
/// thread at a time; each entry makes the context that thread's.
/// </summary>
internal sealed unsafe class CudaDevice : IDisposable
{
    [ThreadStatic]
    private static nint _contextOfThread;

    private readonly RankMeeting _group;
    private readonly int _handle;
    private nint _context;

    /// <summary>Takes a device, counted among those that are visible.</summary>
    public CudaDevice(CudaInstallation cuda, int index, RankMeeting group)
    {
        (Cuda, Index, _group) = (cuda, index, group);
        Facts = GpuFacts.Read(cuda, index);
        int handle;
        nint context, stream;
        Check(cuda.Driver.DeviceGet(&handle, index), "cuDeviceGet");
        _handle = handle;
        Check(cuda.Driver.DevicePrimaryCtxRetain(&context, handle), "cuDevicePrimaryCtxRetain");
        _context = context;
        Enter();
        Check(cuda.Driver.StreamCreate(&stream, StreamFlags.NonBlocking), "cuStreamCreate");
        Stream = stream;
    }

    /// <summary>The functions.</summary>
    public CudaInstallation Cuda { get; }

    /// <summary>Index among visible devices.</summary>
    public int Index { get; }

    /// <summary>What it is.</summary>
    public GpuFacts Facts { get; }

    /// <summary>The stream all work goes to, in order.</summary>
    public nint Stream { get; }

    /// <summary>Counts the waits that ended: what was given to the stream before one is done after it.</summary>
    public long Waits { get; private set; }

    /// <summary>
    /// NCCL's communicator, while the rank has one: work of it waits for peers, and is given up when they are lost.
    /// </summary>
    public nint Communicator { get; set; }

    /// <summary>
    /// True while what is given to the stream is recorded, not run: the host may not wait, copy or allocate.
    /// </summary>
    public bool IsCapturing { get; set; }

    /// <summary>Ends a capture that came to something which only the host can do.</summary>
    /// <exception cref="AcceleratorException">A step is being captured.</exception>
    public void RefuseWhileCapturing(string what)
    {
        if (IsCapturing)
            throw new AcceleratorException($"a step cannot be captured: {what}");
    }

    /// <summary>Makes the device the calling thread's.</summary>
    public void Enter()
    {
        if (_contextOfThread == _context)
            return;
        Check(Cuda.Driver.CtxSetCurrent(_context), "cuCtxSetCurrent");
        _contextOfThread = _context;
    }

    /// <summary>Waits for all work given to the stream.</summary>
    /// <exception cref="AcceleratorException">Some of it failed, or the group was stopped meanwhile.</exception>
    public void Synchronize()
    {
        RefuseWhileCapturing("it waits for the device");
        Enter();
        if (Communicator != 0)
            WaitForPeers();
        Check(Cuda.Driver.StreamSynchronize(Stream), "cuStreamSynchronize");
        Waits++;
    }

    /// <summary>Throws what a result other than success says.</summary>
    public void Check(int result, string call)
    {
        if (result != 0)
            throw Failure(result, call);
    }

    /// <summary>The exception for a result: call, code, meaning, advice.</summary>
    public AcceleratorException Failure(int result, string call)
    {
        Recovery recovery = CudaCodes.RecoveryOf(result);
        return new CudaException(
            $"{call} failed on device {Index} with {CudaText.Result(Cuda.Driver, result)}; {CudaCodes.Advice(recovery)}",
            result, recovery);
    }

    /// <summary>Gives the stream and the context back.</summary>
    public void Dispose()
    {
        if (_context == 0)
            return;
        // A device that failed does not let go in order: there is nothing to be done about it here.
        if (Cuda.Driver.CtxSetCurrent(_context) == 0)
        {
            _ = Cuda.Driver.StreamDestroy(Stream);
            _ = Cuda.Driver.CtxSetCurrent(0);
        }

        _ = Cuda.Driver.DevicePrimaryCtxRelease(_handle);
        (_context, _contextOfThread) = (0, 0);
    }

    /// <summary>
    /// Waits as long as peers may still do their part. Kernels of an exchange spin until they do, and nobody but this rank
    /// can end them.
    /// </summary>
    private void WaitForPeers()
    {
        SpinWait spin = default;
        while (Cuda.Driver.StreamQuery(Stream) == CudaCodes.NotReady)
        {
            int failure = 0;
            _ = Cuda.Exchange.CommGetAsyncError(Communicator, &failure);
            if (_group.IsAborted || failure is not (0 or NcclType.InProgress))
                GiveUpExchange(failure);
            spin.SpinOnce();
        }
    }

    private void GiveUpExchange(int failure)
    {
        nint communicator = Communicator;
        Communicator = 0;
        _ = Cuda.Exchange.CommAbort(communicator);
        _group.ThrowIfAborted();
        throw new CudaException(
            $"an exchange between ranks failed on device {Index} with result {failure} "
            + $"({CudaText.Of(Cuda.Exchange.GetErrorString(failure))}); {CudaCodes.Advice(Recovery.RestartRank)}",
            failure, Recovery.RestartRank);
    }
}
