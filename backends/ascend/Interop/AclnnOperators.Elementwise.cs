namespace Glm5.Backends.Ascend.Interop;

/// <summary>Element by element, casts and copies. Parameter names and order are the headers'.</summary>
internal sealed unsafe partial class AclnnOperators
{
    public int Add(AclTensor* self, AclTensor* other, AclScalar* alpha, AclTensor* @out, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclScalar*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.Add))(self, other, alpha, @out, workspaceSize, executor);

    public int Adds(AclTensor* self, AclScalar* other, AclScalar* alpha, AclTensor* @out, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclScalar*, AclScalar*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.Adds))(self, other, alpha, @out, workspaceSize, executor);

    public int Sub(AclTensor* self, AclTensor* other, AclScalar* alpha, AclTensor* @out, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclScalar*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.Sub))(self, other, alpha, @out, workspaceSize, executor);

    public int Mul(AclTensor* self, AclTensor* other, AclTensor* @out, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.Mul))(self, other, @out, workspaceSize, executor);

    public int Muls(AclTensor* self, AclScalar* other, AclTensor* @out, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclScalar*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.Muls))(self, other, @out, workspaceSize, executor);

    public int Div(AclTensor* self, AclTensor* other, AclTensor* @out, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.Div))(self, other, @out, workspaceSize, executor);

    public int Cast(AclTensor* self, AclDataType dtype, AclTensor* @out, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclDataType, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.Cast))(self, dtype, @out, workspaceSize, executor);

    public int InplaceCopy(AclTensor* selfRef, AclTensor* src, ulong* workspaceSize, AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.InplaceCopy))(selfRef, src, workspaceSize, executor);

    public int InplaceFillScalar(AclTensor* selfRef, AclScalar* value, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclScalar*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.InplaceFillScalar))(selfRef, value, workspaceSize, executor);

    public int Relu(AclTensor* self, AclTensor* @out, ulong* workspaceSize, AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.Relu))(self, @out, workspaceSize, executor);

    public int Sigmoid(AclTensor* self, AclTensor* @out, ulong* workspaceSize, AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.Sigmoid))(self, @out, workspaceSize, executor);

    public int SwiGlu(AclTensor* x, long dim, AclTensor* @out, ulong* workspaceSize, AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, long, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.SwiGlu))(x, dim, @out, workspaceSize, executor);

    public int SWhere(AclTensor* condition, AclTensor* self, AclTensor* other, AclTensor* @out,
        ulong* workspaceSize, AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclTensor*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.SWhere))(condition, self, other, @out, workspaceSize, executor);

    public int InplaceMaskedFillScalar(AclTensor* selfRef, AclTensor* mask, AclScalar* value, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclScalar*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.InplaceMaskedFillScalar))(selfRef, mask, value, workspaceSize, executor);

    public int LtScalar(AclTensor* self, AclScalar* other, AclTensor* @out, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclScalar*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.LtScalar))(self, other, @out, workspaceSize, executor);

    public int EqScalar(AclTensor* self, AclScalar* other, AclTensor* @out, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclScalar*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.EqScalar))(self, other, @out, workspaceSize, executor);

    public int EqTensor(AclTensor* self, AclTensor* other, AclTensor* @out, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.EqTensor))(self, other, @out, workspaceSize, executor);

    public int NeTensor(AclTensor* self, AclTensor* other, AclTensor* @out, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.NeTensor))(self, other, @out, workspaceSize, executor);
}
