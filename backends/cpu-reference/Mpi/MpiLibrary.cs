using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Mpi;

/// <summary>
/// Open MPI, opened by name when it is first asked for and kept for the process. Handles of communicators and types are
/// addresses of the library's own objects, which is what distinguishes its ABI (mpi.h of Open MPI 4 and 5).
/// </summary>
internal sealed unsafe partial class MpiLibrary
{
    private const int Success = 0, ThreadFunneled = 1, LongestError = 512;

    /// <summary>Looks at a request before the first nap: some hundred microseconds, or a few.</summary>
    private const int LongSpin = 2000, ShortSpin = 50;

    /// <summary>Microseconds; the system adds about as many.</summary>
    private const uint Nap = 30;

    private static readonly string[] s_names = ["libmpi.so.40", "libmpi.so"];
    private static readonly Lazy<(MpiLibrary? Library, string? Refusal)> s_opened = new(Open);

    private readonly delegate* unmanaged<int*, byte***, int, int*, int> _initThread;
    private readonly delegate* unmanaged<int> _finalize;
    private readonly delegate* unmanaged<nint, nint, int> _setErrorHandler;
    private readonly delegate* unmanaged<int, byte*, int*, int> _errorString;
    private readonly delegate* unmanaged<nint, int*, int> _rank, _size;
    private readonly delegate* unmanaged<nint, int, int, nint*, int> _split;
    private readonly delegate* unmanaged<nint, nint*, int> _barrier;
    private readonly delegate* unmanaged<void*, int, nint, int, nint, nint*, int> _broadcast;
    private readonly delegate* unmanaged<void*, int, nint, void*, int, nint, nint, nint*, int> _allGather;
    private readonly delegate* unmanaged<void*, int, nint, void*, int*, int*, nint, nint, nint*, int> _allGatherRows;
    private readonly delegate* unmanaged<void*, int*, int*, nint, void*, int*, int*, nint, nint, nint*, int> _allToAll;
    private readonly delegate* unmanaged<nint*, int*, void*, int> _test;
    private readonly nint _word, _errorsReturn;
    private int _patience;

    private MpiLibrary(nint handle)
    {
        World = NativeLibrary.GetExport(handle, "ompi_mpi_comm_world");
        _word = NativeLibrary.GetExport(handle, "ompi_mpi_int32_t");
        _errorsReturn = NativeLibrary.GetExport(handle, "ompi_mpi_errors_return");
        nint Export(string name) => NativeLibrary.GetExport(handle, name);
        _initThread = (delegate* unmanaged<int*, byte***, int, int*, int>)Export("MPI_Init_thread");
        _finalize = (delegate* unmanaged<int>)Export("MPI_Finalize");
        _setErrorHandler = (delegate* unmanaged<nint, nint, int>)Export("MPI_Comm_set_errhandler");
        _errorString = (delegate* unmanaged<int, byte*, int*, int>)Export("MPI_Error_string");
        _rank = (delegate* unmanaged<nint, int*, int>)Export("MPI_Comm_rank");
        _size = (delegate* unmanaged<nint, int*, int>)Export("MPI_Comm_size");
        _split = (delegate* unmanaged<nint, int, int, nint*, int>)Export("MPI_Comm_split");
        _barrier = (delegate* unmanaged<nint, nint*, int>)Export("MPI_Ibarrier");
        _broadcast = (delegate* unmanaged<void*, int, nint, int, nint, nint*, int>)Export("MPI_Ibcast");
        _allGather = (delegate* unmanaged<void*, int, nint, void*, int, nint, nint, nint*, int>)Export("MPI_Iallgather");
        _allGatherRows =
            (delegate* unmanaged<void*, int, nint, void*, int*, int*, nint, nint, nint*, int>)Export("MPI_Iallgatherv");
        _allToAll = (delegate* unmanaged<void*, int*, int*, nint, void*, int*, int*, nint, nint, nint*, int>)
            Export("MPI_Ialltoallv");
        _test = (delegate* unmanaged<nint*, int*, void*, int>)Export("MPI_Test");
    }

    /// <summary>Every rank that was started together.</summary>
    public nint World { get; }

    /// <summary>Why it cannot be used here, in a sentence; null when it can.</summary>
    public static string? Refusal => s_opened.Value.Refusal;

    /// <summary>The library.</summary>
    /// <exception cref="AcceleratorException">It is not here.</exception>
    public static MpiLibrary Instance =>
        s_opened.Value.Library ?? throw new AcceleratorException(s_opened.Value.Refusal!);

    /// <summary>Begins; one thread will make all further calls. Once a process.</summary>
    public void Begin()
    {
        int provided;
        Check("MPI_Init_thread", _initThread(null, null, ThreadFunneled, &provided));
        Check("MPI_Comm_set_errhandler", _setErrorHandler(World, _errorsReturn));
        if (provided < ThreadFunneled)
            throw new AcceleratorException("MPI was built for programs of one thread; the runtime has more");
        _patience = Environment.ProcessorCount > Size(World) ? LongSpin : ShortSpin;
    }

    /// <summary>Ends: peers may end too.</summary>
    public void End() => _ = _finalize();

    /// <summary>This process among those of a communicator.</summary>
    public int Rank(nint group)
    {
        int rank;
        Check("MPI_Comm_rank", _rank(group, &rank));
        return rank;
    }

    /// <summary>Processes of a communicator.</summary>
    public int Size(nint group)
    {
        int size;
        Check("MPI_Comm_size", _size(group, &size));
        return size;
    }

    /// <summary>A communicator of those that say the same color, in the order of places. All of the world call it.</summary>
    public nint Split(int color, int place)
    {
        nint group;
        Check("MPI_Comm_split", _split(World, color, place, &group));
        Check("MPI_Comm_set_errhandler", _setErrorHandler(group, _errorsReturn));
        return group;
    }

    /// <summary>Returns when every rank has called it.</summary>
    public void Barrier(nint group)
    {
        nint request;
        Check("MPI_Ibarrier", _barrier(group, &request));
        Wait(request);
    }

    /// <summary>Rank 0's words to all.</summary>
    public void Broadcast(nint group, nint words, int count)
    {
        nint request;
        Check("MPI_Ibcast", _broadcast((void*)words, count, _word, 0, group, &request));
        Wait(request);
    }

    /// <summary>As many words of each rank, in rank order.</summary>
    public void AllGather(nint group, nint mine, int count, nint all)
    {
        nint request;
        Check("MPI_Iallgather", _allGather((void*)mine, count, _word, (void*)all, count, _word, group, &request));
        Wait(request);
    }

    /// <summary>Words of each rank, in rank order, as many as each has.</summary>
    public void AllGather(nint group, nint mine, int count, nint all, ReadOnlySpan<int> counts, ReadOnlySpan<int> places)
    {
        nint request;
        fixed (int* c = counts, p = places)
        {
            Check(
                "MPI_Iallgatherv",
                _allGatherRows((void*)mine, count, _word, (void*)all, c, p, _word, group, &request));
            Wait(request);
        }
    }

    /// <summary>Some words from each rank to each.</summary>
    public void AllToAll(nint group, nint from, in Stretches sent, nint into, in Stretches received)
    {
        fixed (int* sc = sent.Counts, sp = sent.Places, rc = received.Counts, rp = received.Places)
        {
            nint request;
            Check(
                "MPI_Ialltoallv",
                _allToAll((void*)from, sc, sp, _word, (void*)into, rc, rp, _word, group, &request));
            Wait(request);
        }
    }

    /// <summary>
    /// Waits as threads of one process do: spinning while peers are likely near, then asleep, since MPI's own waiting takes
    /// the core from the very peer that is waited for where ranks outnumber cores.
    /// </summary>
    private void Wait(nint request)
    {
        for (int looks = 0; ; looks++)
        {
            int done;
            Check("MPI_Test", _test(&request, &done, null));
            if (done != 0)
                return;
            if (looks > _patience)
                _ = MicroSleep(Nap);
        }
    }

    [LibraryImport("libc", EntryPoint = "usleep")]
    private static partial int MicroSleep(uint microseconds);

    private static (MpiLibrary?, string?) Open()
    {
        foreach (string name in s_names)
        {
            if (!NativeLibrary.TryLoad(name, out nint handle))
                continue;
            return NativeLibrary.TryGetExport(handle, "ompi_mpi_comm_world", out _)
                ? (new MpiLibrary(handle), null)
                : (null, $"{name} is not Open MPI, whose handles this program speaks; install openmpi-bin");
        }

        return (null, $"Open MPI is not here ({s_names[0]}), and ranks in processes of their own exchange by it; install openmpi-bin");
    }

    private void Check(string call, int code)
    {
        if (code != Success)
            Throw(call, code);
    }

    [DoesNotReturn]
    private void Throw(string call, int code)
    {
        byte* text = stackalloc byte[LongestError];
        int length = 0;
        string reason = _errorString(code, text, &length) == Success
            ? Marshal.PtrToStringUTF8((nint)text, length)
            : $"error {code}";
        throw new AcceleratorException($"{call} failed: {reason}");
    }
}

/// <summary>Which words go to or come from each rank.</summary>
/// <param name="Counts">[ranks] how many.</param>
/// <param name="Places">[ranks] from where on.</param>
internal readonly record struct Stretches(int[] Counts, int[] Places);
