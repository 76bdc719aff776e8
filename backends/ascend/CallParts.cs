using Glm5.Backends.Ascend.Interop;

namespace Glm5.Backends.Ascend;

/// <summary>The descriptors, lists, scalars and arrays of one call; they own no device memory.</summary>
internal sealed unsafe class CallParts
{
    private readonly nint[] _tensors = new nint[32];
    private readonly bool[] _inList = new bool[32];
    private readonly nint[] _lists = new nint[8], _scalars = new nint[8], _arrays = new nint[4];
    private int _tensorCount, _listCount, _scalarCount, _arrayCount;

    /// <summary>The descriptor of a view; null for one that was left out.</summary>
    public AclTensor* Tensor(int view) => (AclTensor*)_tensors[view];

    /// <summary>Makes the views' descriptors.</summary>
    public void Describe(Nnopbase descriptors, ReadOnlySpan<View> views, int alignment)
    {
        for (int i = 0; i < views.Length; i++)
            _tensors[i] = views[i].Address == 0 ? 0 : (nint)Descriptor(descriptors, views[i], alignment);
        _tensorCount = views.Length;
    }

    /// <summary>Keeps a scalar.</summary>
    public AclScalar* Add(AclScalar* scalar)
    {
        _scalars[_scalarCount++] = (nint)Made(scalar, "aclCreateScalar");
        return scalar;
    }

    /// <summary>Keeps an array.</summary>
    public AclIntArray* Add(AclIntArray* array)
    {
        _arrays[_arrayCount++] = (nint)Made(array, "aclCreateIntArray");
        return array;
    }

    /// <summary>Makes a list of descriptors, which frees them from then on.</summary>
    public AclTensorList* List(Nnopbase descriptors, int first, int count)
    {
        fixed (nint* tensors = &_tensors[first])
        {
            AclTensorList* list = descriptors.CreateTensorList((AclTensor**)tensors, (ulong)count);
            _lists[_listCount++] = (nint)Made(list, "aclCreateTensorList");
            _inList.AsSpan(first, count).Fill(true);
            return list;
        }
    }

    /// <summary>Frees everything.</summary>
    public void Release(Nnopbase descriptors)
    {
        for (int i = 0; i < _tensorCount; i++)
        {
            if (_tensors[i] != 0 && !_inList[i])
                _ = descriptors.DestroyTensor((AclTensor*)_tensors[i]);
            (_tensors[i], _inList[i]) = (0, false);
        }

        for (int i = 0; i < _listCount; i++)
            _ = descriptors.DestroyTensorList((AclTensorList*)_lists[i]);
        for (int i = 0; i < _scalarCount; i++)
            _ = descriptors.DestroyScalar((AclScalar*)_scalars[i]);
        for (int i = 0; i < _arrayCount; i++)
            _ = descriptors.DestroyIntArray((AclIntArray*)_arrays[i]);
        (_tensorCount, _listCount, _scalarCount, _arrayCount) = (0, 0, 0, 0);
    }

    /// <summary>
    /// The tensor data is an aligned address and the view starts an offset behind it. A dense view's storage is its own
    /// shape; of a strided one, as a run of elements up to its last.
    /// </summary>
    private static AclTensor* Descriptor(Nnopbase descriptors, in View view, int alignment)
    {
        long* dims = stackalloc long[2 * View.MaxRank];
        long* strides = dims + View.MaxRank;
        for (int i = 0; i < view.Rank; i++)
            (dims[i], strides[i]) = (view[i], view.Stride(i));
        long offset = (view.Address & (alignment - 1)) / View.Bytes(view.Type);
        long storage = offset + view.Extent;
        bool whole = offset == 0 && view.IsDense;
        if (view.Format == AclFormat.FractalNz && view.Rank < View.MaxRank)
            return InTiles(descriptors, view, dims, strides);
        nint data = view.Address & -alignment;
        return Made(
            descriptors.CreateTensor(
                dims, (ulong)view.Rank, view.Type, strides, offset, view.Format, whole ? dims : &storage,
                whole ? (ulong)view.Rank : 1, (void*)data),
            "aclCreateTensor");
    }

    /// <summary>A matrix, or several, whose storage is tiles: [.., columns / w, rows / 16, 16, w].</summary>
    private static AclTensor* InTiles(Nnopbase descriptors, in View view, long* dims, long* strides)
    {
        long* storage = stackalloc long[View.MaxRank + 2];
        int outer = view.Rank - 2, width = WeightTiles.Width(view.Type);
        for (int i = 0; i < outer; i++)
            storage[i] = view[i];
        (storage[outer], storage[outer + 1]) = (view[outer + 1] / width, view[outer] / WeightTiles.Height);
        (storage[outer + 2], storage[outer + 3]) = (WeightTiles.Height, width);
        return Made(
            descriptors.CreateTensor(
                dims, (ulong)view.Rank, view.Type, strides, 0, view.Format, storage, (ulong)(outer + 4), (void*)view.Address),
            "aclCreateTensor");
    }

    private static T* Made<T>(T* part, string call)
        where T : unmanaged => part != null
            ? part
            : throw new CannException($"{call} gave nothing: the host is out of memory, or a shape is not one");
}
