using System.Diagnostics;
using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend;

/// <summary>
/// The two phases of an operator, once: descriptors from views, workspace from scratch memory, statuses to exceptions,
/// and executors kept for shapes that come back. One a device, used anew for each operator:
/// <code>
/// call.Begin(AclnnOp.RmsNorm).Take(x).Take(gamma).Take(epsilon).Take(y).Take(rstd);
/// if (call.IsNew())
///     call.Plan(operators.RmsNorm(call[0], call[1], epsilon, call[2], call[3], call.Size, call.Executor));
/// call.Run();
/// </code>
/// Views go in the order of the parameters, left-out ones included: a kept executor knows its tensors by that index.
/// Every value that shapes the executor is taken, because together they are the key it is found by.
/// </summary>
internal sealed unsafe class AclnnCall(AscendDevice device, ActivationArena scratch) : IDisposable
{
    /// <summary>
    /// Addresses that a kept executor is given must be multiples of it; views go on from there by an offset.
    /// </summary>
    private const int AddressAlignment = 32;

    private readonly Nnopbase _base = device.Cann.Descriptors;
    private readonly AclnnOperators _operators = device.Cann.Operators;
    private readonly ExecutorCache _cache = new(device.Cann.Descriptors);
    private readonly View[] _views = new View[32];
    private readonly CallKey _key = new();
    private readonly long[] _calls = new long[Enum.GetValues<AclnnOp>().Length];
    private CallParts _parts = new();
    private AclnnOp _op;
    private int _viewCount;
    private bool _keepable, _open;
    private CachedExecutor? _found;
    private ulong _size;
    private AclOpExecutor* _executor;

    /// <summary>Whether executors are kept at all.</summary>
    public bool KeepsExecutors { get; init; } = true;

    /// <summary>How often an operator was given to the stream.</summary>
    public long Calls(AclnnOp op) => _calls[(int)op];

    /// <summary>Executors kept now.</summary>
    public int Kept => _cache.Count;

    /// <summary>Where the first phase writes the bytes of workspace.</summary>
    public ulong* Size => (ulong*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref _out[0]);

    /// <summary>Where it writes the executor.</summary>
    public AclOpExecutor** Executor => (AclOpExecutor**)System.Runtime.CompilerServices.Unsafe.AsPointer(ref _out[1]);

    // Pinned, so that the addresses above stay while native code writes there.
    private readonly ulong[] _out = GC.AllocateArray<ulong>(2, pinned: true);

    /// <summary>The descriptor of a view, by its place; null for one that was left out.</summary>
    public AclTensor* this[int view] => _parts.Tensor(view);

    /// <summary>Begins an operator.</summary>
    public AclnnCall Begin(AclnnOp op)
    {
        Debug.Assert(!_open, "operators are called one after the other");
        device.Enter();
        (_op, _viewCount, _keepable, _open, _found) = (op, 0, KeepsExecutors, true, null);
        _key.Begin((int)op);
        return this;
    }

    /// <summary>A tensor parameter; <c>default</c> leaves it out.</summary>
    public AclnnCall Take(in View view)
    {
        _views[_viewCount++] = view;
        _key.Add(view, AddressAlignment);
        return this;
    }

    /// <summary>An integer, a bool or an element type that is a parameter.</summary>
    public AclnnCall Take(long value)
    {
        _key.Add(value);
        return this;
    }

    /// <summary>A float that is a parameter.</summary>
    public AclnnCall Take(double value)
    {
        _key.Add(BitConverter.DoubleToInt64Bits(value));
        return this;
    }

    /// <summary>
    /// The operator's executor is not to be kept: it has lists that are left out, whose indices are not documented.
    /// </summary>
    public AclnnCall Once()
    {
        _keepable = false;
        return this;
    }

    /// <summary>
    /// False when an executor for the very same call was kept: only addresses differ, and those are moved here.
    /// </summary>
    public bool IsNew()
    {
        _found = _keepable ? _cache.Find(_key) : null;
        if (_found is not null && TryMove(_found))
            return false;
        if (_found is not null)
        {
            // An executor that does not let its tensors be moved is planned anew each time.
            _cache.Refuse(_key);
            _found = null;
        }

        _parts.Describe(_base, _views.AsSpan(0, _viewCount), AddressAlignment);
        return true;
    }

    /// <summary>A float scalar that lives as long as the executor.</summary>
    public AclScalar* Scalar(float value) => _parts.Add(_base.CreateScalar(&value, AclDataType.Float));

    /// <summary>An integer scalar that lives as long as the executor.</summary>
    public AclScalar* Scalar(int value) => _parts.Add(_base.CreateScalar(&value, AclDataType.Int32));

    /// <summary>Integers that live as long as the executor.</summary>
    public AclIntArray* Integers(ReadOnlySpan<long> values)
    {
        fixed (long* first = values)
            return _parts.Add(_base.CreateIntArray(first, (ulong)values.Length));
    }

    /// <summary>Views <paramref name="first"/> … as a list, which takes their descriptors over.</summary>
    public AclTensorList* List(int first, int count) => _parts.List(_base, first, count);

    /// <summary>Takes the first phase's status.</summary>
    public void Plan(int status)
    {
        if (status != 0)
        {
            AcceleratorException failure = device.Failure(status, $"aclnn{_op}GetWorkspaceSize({Describe()})");
            Abandon();
            throw failure;
        }

        _size = _out[0];
        _executor = (AclOpExecutor*)_out[1];
        if (_keepable && _cache.IsWorthKeeping(_key) && _base.SetExecutorRepeatable(_executor) == 0)
        {
            _found = _cache.Keep(_key, _parts, _executor, _size);
            _parts = new CallParts();
        }
    }

    /// <summary>
    /// The second phase. Workspace is taken for the call alone: the next operator of the stream runs behind it.
    /// </summary>
    public void Run()
    {
        if (_found is not null)
        {
            _size = _found.WorkspaceBytes;
            _executor = _found.Executor;
        }

        using ActivationArena.Scope scope = scratch.Open();
        nint workspace = _size == 0 ? 0 : scratch.Take(ElementType.F8E4M3, (long)_size).Address;
        int status = _operators.Run(_op, (void*)workspace, _size, _executor, device.Stream);
        if (status != 0)
        {
            AcceleratorException failure = device.Failure(status, $"aclnn{_op}({Describe()})");
            Abandon();
            throw failure;
        }

        _calls[(int)_op]++;

        // Descriptors may go once the call is given to the stream.
        _parts.Release(_base);
        _open = false;
    }

    /// <summary>Frees kept executors.</summary>
    public void Dispose()
    {
        device.Enter();
        _parts.Release(_base);
        _cache.Clear();
    }

    private bool TryMove(CachedExecutor kept)
    {
        for (int i = 0; i < _viewCount; i++)
        {
            if (_views[i].Address == 0)
                continue;
            nint aligned = _views[i].Address & -AddressAlignment;
            if (_base.SetTensorAddress(kept.Executor, (nuint)i, kept.Parts.Tensor(i), (void*)aligned) != 0)
                return false;
        }

        return true;
    }

    private void Abandon()
    {
        _parts.Release(_base);
        _open = false;
    }

    private string Describe()
    {
        var text = new System.Text.StringBuilder();
        for (int i = 0; i < _viewCount; i++)
        {
            text.Append(i == 0 ? "" : ", ");
            if (_views[i].Address == 0)
            {
                text.Append("none");
                continue;
            }

            text.Append(_views[i].Type).Append(" [");
            for (int d = 0; d < _views[i].Rank; d++)
                text.Append(d == 0 ? "" : ", ").Append(_views[i][d]);
            text.Append(_views[i].IsDense ? "]" : "] strided");
        }

        return text.ToString();
    }
}
