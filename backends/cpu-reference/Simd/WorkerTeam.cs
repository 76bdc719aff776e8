using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>
/// The threads of one rank: the rank's own and threads - 1 others that wait for work. A run costs well under a microsecond
/// while the others still spin; they spin for a bounded time only and then block, for a spinning thread may hold the very
/// core that the work needs. Nobody is waited for who has not joined the run: a thread that the system does not schedule
/// costs nothing, one that is interrupted after it joined holds the run up. Used by one thread at a time, allocation-free.
/// </summary>
internal sealed unsafe class WorkerTeam : IDisposable
{
    // A ticket holds the number of the run above this bit, the bit itself while the run may be joined, and below it the
    // number of those who have joined.
    private const long Open = 1L << 31;
    private const long Joined = Open - 1;
    private const int RunShift = 32;

    private static readonly long s_patience = Stopwatch.Frequency / 10_000;

    private readonly object _gate = new();
    private readonly Thread[] _others;
    private readonly bool _spins;

    private delegate*<void*, int, int, void> _enter;
    private void* _work;
    private int _pieces;
    private int _next;
    private long _ticket;
    private int _sleeping;
    private volatile bool _callerSleeps;
    private volatile bool _stopping;
    private Exception? _failure;

    /// <summary>A team of <paramref name="threads"/>, the caller's included; others are started at once.</summary>
    public WorkerTeam(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        _spins = threads <= Environment.ProcessorCount;
        _others = new Thread[threads - 1];
        for (int i = 0; i < _others.Length; i++)
        {
            int worker = i + 1;
            _others[i] = new Thread(() => Serve(worker)) { Name = $"glm5-worker-{worker}", IsBackground = true };
            _others[i].Start();
        }
    }

    /// <summary>Threads that work in a run, the caller's included.</summary>
    public int Threads => _others.Length + 1;

    /// <summary>
    /// Runs pieces 0 … <paramref name="pieces"/> - 1, handed out in order, and returns when all are done.
    /// <paramref name="work"/> must be a local of the caller: others read it by address. What a piece throws is thrown
    /// here, the first of several; the pieces not yet begun are then dropped.
    /// </summary>
    public void Run<T>(ref T work, int pieces)
        where T : struct, IWork, allows ref struct
    {
        if (_others.Length == 0 || pieces <= 1)
        {
            for (int piece = 0; piece < pieces; piece++)
                work.Run(piece, 0);
            return;
        }

        _enter = &Enter<T>;
        _work = Unsafe.AsPointer(ref work);
        (_pieces, _next) = (pieces, 0);
        OpenRun();
        Take(0);
        CloseRun();
        if (_failure is { } failure)
        {
            _failure = null;
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>Ends the other threads and waits for them. Not while a run is on.</summary>
    public void Dispose()
    {
        _stopping = true;
        lock (_gate)
            Monitor.PulseAll(_gate);
        foreach (Thread other in _others)
            other.Join();
    }

    private static void Enter<T>(void* work, int piece, int worker)
        where T : struct, IWork, allows ref struct => Unsafe.AsRef<T>(work).Run(piece, worker);

    /// <summary>Does pieces until none is left. An exception is kept and ends the handing out: the work lies on the
    /// caller's stack, which must not unwind while others read it.</summary>
    private void Take(int worker)
    {
        try
        {
            for (int piece = NextPiece(); piece < _pieces; piece = NextPiece())
                _enter(_work, piece, worker);
        }
#pragma warning disable CA1031 // Whatever it is belongs to the caller of Run, where it is thrown.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _failure, e, null);
            Volatile.Write(ref _next, _pieces);
        }
    }

    private int NextPiece() => Volatile.Read(ref _next) >= _pieces ? _pieces : Interlocked.Increment(ref _next) - 1;

    private void OpenRun()
    {
        long run = (_ticket >> RunShift) + 1;
        Interlocked.Exchange(ref _ticket, (run << RunShift) | Open);
        if (Volatile.Read(ref _sleeping) == 0)
            return;
        lock (_gate)
            Monitor.PulseAll(_gate);
    }

    /// <summary>Lets nobody join any more and waits for those who did.</summary>
    private void CloseRun()
    {
        Interlocked.And(ref _ticket, ~Open);
        long start = Stopwatch.GetTimestamp();
        while (HasJoined())
        {
            if (!_spins || Stopwatch.GetTimestamp() - start > s_patience)
            {
                SleepUntilLeft();
                return;
            }

            Thread.SpinWait(4);
        }
    }

    private bool HasJoined() => (Interlocked.Read(ref _ticket) & Joined) != 0;

    private void SleepUntilLeft()
    {
        lock (_gate)
        {
            _callerSleeps = true;
            Interlocked.MemoryBarrier();
            while (HasJoined())
                Monitor.Wait(_gate);
            _callerSleeps = false;
        }
    }

    private void Serve(int worker)
    {
        long served = 0;
        while (AwaitRun(served))
        {
            long ticket = Interlocked.Read(ref _ticket);
            if ((ticket & Open) == 0 || ticket >> RunShift == served)
                continue;
            if (Interlocked.CompareExchange(ref _ticket, ticket + 1, ticket) != ticket)
                continue;
            served = ticket >> RunShift;
            Take(worker);
            Leave();
        }
    }

    private void Leave()
    {
        Interlocked.Decrement(ref _ticket);
        if (!_callerSleeps)
            return;
        lock (_gate)
            Monitor.PulseAll(_gate);
    }

    /// <summary>Returns true when a run other than <paramref name="served"/> is open, false when the team ends.</summary>
    private bool AwaitRun(long served)
    {
        long start = Stopwatch.GetTimestamp();
        while (_spins && Stopwatch.GetTimestamp() - start <= s_patience)
        {
            if (_stopping)
                return false;
            if (IsOpen(served))
                return true;
            Thread.SpinWait(4);
        }

        lock (_gate)
        {
            Interlocked.Increment(ref _sleeping);
            while (!_stopping && !IsOpen(served))
                Monitor.Wait(_gate);
            Interlocked.Decrement(ref _sleeping);
        }

        return !_stopping;
    }

    private bool IsOpen(long served)
    {
        long ticket = Interlocked.Read(ref _ticket);
        return (ticket & Open) != 0 && ticket >> RunShift != served;
    }
}
