using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend;

/// <summary>
/// One NPU die as a rank uses it: its context, its one stream of work, and the checking of every status. Used by one
/// thread at a time; each entry makes the context that thread's.
/// </summary>
internal sealed unsafe class AscendDevice : IDisposable
{
    /// <summary>How often a wait looks whether the group was stopped, in milliseconds.</summary>
    private const int WaitSlice = 200;

    /// <summary>How long work is waited for when its memory is freed, in milliseconds.</summary>
    private const int LastWait = 10_000;

    [ThreadStatic]
    private static nint _contextOfThread;

    private readonly RankMeeting _group;
    private nint _context;
    private bool _disposed, _isAbandoned;

    /// <summary>Takes a device, counted among those that are visible.</summary>
    public AscendDevice(CannInstallation cann, int index, RankMeeting group)
    {
        (Cann, Index, _group) = (cann, index, group);
        Check(cann.Runtime.SetDevice(index), "aclrtSetDevice");
        nint context, stream;
        Check(cann.Runtime.GetCurrentContext(&context), "aclrtGetCurrentContext");
        (_context, _contextOfThread) = (context, context);
        Check(cann.Runtime.SetContextOption(AclSystemOption.Deterministic, 1), "aclrtCtxSetSysParamOpt");
        Check(cann.Runtime.CreateStream(&stream), "aclrtCreateStream");
        Stream = stream;
        SocName = CannText.Of(cann.Runtime.GetSocName());
    }

    /// <summary>The functions.</summary>
    public CannInstallation Cann { get; }

    /// <summary>Index among visible devices.</summary>
    public int Index { get; }

    /// <summary>The die's name: <c>Ascend910B3</c>.</summary>
    public string SocName { get; }

    /// <summary>The stream all work goes to, in order.</summary>
    public nint Stream { get; }

    /// <summary>Counts the waits that ended: what was given to the stream before one is done after it.</summary>
    public long Waits { get; private set; }

    /// <summary>
    /// True when work was under way that did not end, such as an exchange with a rank that is gone: what would wait for it
    /// is left to the end of the process.
    /// </summary>
    public bool IsStuck { get; private set; }

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
        Check(Cann.Runtime.SetCurrentContext(_context), "aclrtSetCurrentContext");
        _contextOfThread = _context;
    }

    /// <summary>Waits for all work given to the stream.</summary>
    /// <exception cref="AcceleratorException">Some of it failed, or the group was stopped meanwhile.</exception>
    public void Synchronize()
    {
        RefuseWhileCapturing("it waits for the device");
        Enter();
        int status;
        while ((status = Cann.Runtime.SynchronizeStreamWithTimeout(Stream, WaitSlice)) == CannCodes.StreamSyncTimeout)
            _group.ThrowIfAborted();
        Check(status, "aclrtSynchronizeStreamWithTimeout");
        Waits++;
    }

    /// <summary>
    /// Waits for work that may still use memory about to be freed. What it failed of was told where it was given; after the
    /// first wait that did not end well there is no other, or a model of a thousand weights would take hours to let go.
    /// </summary>
    public void WaitBeforeFree()
    {
        if (_isAbandoned)
            return;
        Enter();
        int patience = _group.IsAborted ? WaitSlice : LastWait;
        int status = Cann.Runtime.SynchronizeStreamWithTimeout(Stream, patience);
        (_isAbandoned, IsStuck) = (status != 0, status == CannCodes.StreamSyncTimeout);
    }

    /// <summary>Throws what a status other than success says.</summary>
    public void Check(int status, string call)
    {
        if (status != 0)
            throw Failure(status, call);
    }

    /// <summary>The exception for a status: call, code, meaning, CANN's own words, advice.</summary>
    public AcceleratorException Failure(int status, string call)
    {
        Recovery recovery = CannCodes.RecoveryOf(status);
        return new CannException(
            $"{call} failed on device {Index} with {status} ({CannCodes.Describe(status)}); CANN says: "
            + $"{CannText.Recent(Cann.Runtime)}; {CannCodes.Advice(recovery)}",
            status, recovery);
    }

    /// <summary>Gives the stream and the device back.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        WaitBeforeFree();
        if (IsStuck)
            return;

        // A device that failed does not let go in order: there is nothing to be done about it here.
        if (Cann.Runtime.SetCurrentContext(_context) == 0)
        {
            _ = Cann.Runtime.DestroyStream(Stream);
            _ = Cann.Runtime.ResetDevice(Index);
        }

        (_context, _contextOfThread) = (0, 0);
    }
}
