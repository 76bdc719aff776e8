namespace Glm5.Backends.Ascend.Interop;

/// <summary>Descriptors and executors of operators. A status of 0 is success; creators give null on failure.</summary>
internal sealed unsafe class Nnopbase(CannLibrary library)
{
    private readonly nint _createTensor = library.Require("aclCreateTensor");
    private readonly nint _destroyTensor = library.Require("aclDestroyTensor");
    private readonly nint _createScalar = library.Require("aclCreateScalar");
    private readonly nint _destroyScalar = library.Require("aclDestroyScalar");
    private readonly nint _createIntArray = library.Require("aclCreateIntArray");
    private readonly nint _destroyIntArray = library.Require("aclDestroyIntArray");
    private readonly nint _createTensorList = library.Require("aclCreateTensorList");
    private readonly nint _destroyTensorList = library.Require("aclDestroyTensorList");
    private readonly nint _setExecutorRepeatable = library.Require("aclSetAclOpExecutorRepeatable");
    private readonly nint _destroyExecutor = library.Require("aclDestroyAclOpExecutor");
    private readonly nint _setTensorAddress = library.Require("aclSetTensorAddr");

    /// <summary>A descriptor of a view of device memory; owns no memory.</summary>
    [CEntry("aclCreateTensor")]
    public AclTensor* CreateTensor(long* viewDims, ulong viewDimsNum, AclDataType dataType, long* stride, long offset,
        AclFormat format, long* storageDims, ulong storageDimsNum, void* tensorData) =>
        ((delegate* unmanaged<long*, ulong, AclDataType, long*, long, AclFormat, long*, ulong, void*, AclTensor*>)_createTensor)(
            viewDims, viewDimsNum, dataType, stride, offset, format, storageDims, storageDimsNum, tensorData);

    /// <summary>Frees a descriptor.</summary>
    [CEntry("aclDestroyTensor")]
    public int DestroyTensor(AclTensor* tensor) =>
        ((delegate* unmanaged<AclTensor*, int>)_destroyTensor)(tensor);

    /// <summary>A scalar, copied from the host.</summary>
    [CEntry("aclCreateScalar")]
    public AclScalar* CreateScalar(void* value, AclDataType dataType) =>
        ((delegate* unmanaged<void*, AclDataType, AclScalar*>)_createScalar)(value, dataType);

    /// <summary>Frees a scalar.</summary>
    [CEntry("aclDestroyScalar")]
    public int DestroyScalar(AclScalar* scalar) =>
        ((delegate* unmanaged<AclScalar*, int>)_destroyScalar)(scalar);

    /// <summary>An array of host integers, copied.</summary>
    [CEntry("aclCreateIntArray")]
    public AclIntArray* CreateIntArray(long* value, ulong size) =>
        ((delegate* unmanaged<long*, ulong, AclIntArray*>)_createIntArray)(value, size);

    /// <summary>Frees an array.</summary>
    [CEntry("aclDestroyIntArray")]
    public int DestroyIntArray(AclIntArray* array) =>
        ((delegate* unmanaged<AclIntArray*, int>)_destroyIntArray)(array);

    /// <summary>A list of descriptors, which it owns from then on.</summary>
    [CEntry("aclCreateTensorList")]
    public AclTensorList* CreateTensorList(AclTensor** value, ulong size) =>
        ((delegate* unmanaged<AclTensor**, ulong, AclTensorList*>)_createTensorList)(value, size);

    /// <summary>Frees a list and the descriptors in it.</summary>
    [CEntry("aclDestroyTensorList")]
    public int DestroyTensorList(AclTensorList* array) =>
        ((delegate* unmanaged<AclTensorList*, int>)_destroyTensorList)(array);

    /// <summary>Keeps an executor beyond its first run; directly after its making.</summary>
    [CEntry("aclSetAclOpExecutorRepeatable")]
    public int SetExecutorRepeatable(AclOpExecutor* executor) =>
        ((delegate* unmanaged<AclOpExecutor*, int>)_setExecutorRepeatable)(executor);

    /// <summary>Frees a repeatable executor.</summary>
    [CEntry("aclDestroyAclOpExecutor")]
    public int DestroyExecutor(AclOpExecutor* executor) =>
        ((delegate* unmanaged<AclOpExecutor*, int>)_destroyExecutor)(executor);

    /// <summary>
    /// Moves the tensor of an index, counted over inputs then outputs, to another address, 32-byte aligned.
    /// </summary>
    [CEntry("aclSetTensorAddr")]
    public int SetTensorAddress(AclOpExecutor* executor, nuint index, AclTensor* tensor, void* addr) =>
        ((delegate* unmanaged<AclOpExecutor*, nuint, AclTensor*, void*, int>)_setTensorAddress)(
            executor, index, tensor, addr);
}
