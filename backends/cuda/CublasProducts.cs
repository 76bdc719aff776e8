using Glm5.Backends.Cuda.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda;

/// <summary>
/// A product of BF16 matrices with an F32 result, y[b] = x[b] · W[b]ᵀ: sizes, and elements from one row and one matrix to the next.
/// </summary>
internal readonly record struct ProductShape(
    int Rows, int Outputs, int Depth, long XRow, long WeightRow, long YRow, int Batch, long XBatch, long WeightBatch, long YBatch);

/// <summary>
/// Products of many rows by cuBLASLt, each shape with the algorithm that its heuristics put first. Shapes are kept with their
/// descriptors: those of a step come back. Used by the rank's thread.
/// </summary>
internal sealed unsafe class CublasProducts : IDisposable
{
    /// <summary>What cuBLAS's own default is on Hopper.</summary>
    private const long WorkspaceBytes = 32 << 20;

    private const int Alignment = 16, MostShapes = 4096;

    private readonly CudaDevice _device;
    private readonly CublasLt _lt;
    private readonly DeviceBuffer _workspace;
    private readonly Dictionary<ProductShape, Plan> _plans = [];
    private nint _handle, _preference;

    /// <summary>A handle on a device.</summary>
    public CublasProducts(CudaDevice device, CudaMemory memory)
    {
        (_device, _lt) = (device, device.Cuda.Products);
        device.Enter();
        nint handle, preference;
        Check(_lt.Create(&handle), "cublasLtCreate");
        _handle = handle;
        Check(_lt.MatmulPreferenceCreate(&preference), "cublasLtMatmulPreferenceCreate");
        _preference = preference;
        ulong bytes = WorkspaceBytes;
        Check(_lt.MatmulPreferenceSetAttribute(preference, Lt.MaxWorkspaceBytes, &bytes, sizeof(ulong)), "the workspace's size");
        uint alignment = Alignment;
        foreach (int matrix in (ReadOnlySpan<int>)[Lt.MinAlignmentA, Lt.MinAlignmentB, Lt.MinAlignmentC, Lt.MinAlignmentD])
            Check(_lt.MatmulPreferenceSetAttribute(preference, matrix, &alignment, sizeof(uint)), "the matrices' alignment");
        _workspace = memory.Allocate(WorkspaceBytes, "the workspace of products");
    }

    /// <summary>Whether matrices at these addresses are aligned as algorithms are asked for.</summary>
    public static bool Takes(in ProductShape shape, nint y) =>
        y % Alignment == 0 && shape.YRow * sizeof(float) % Alignment == 0 && shape.YBatch * sizeof(float) % Alignment == 0
        && shape.WeightRow * sizeof(ushort) % Alignment == 0 && shape.XRow * sizeof(ushort) % Alignment == 0
        && shape.XBatch * sizeof(ushort) % Alignment == 0;

    /// <summary>y = x · Wᵀ in the stream's order; x and W in BF16, y in F32.</summary>
    public void Multiply(in ProductShape shape, nint x, nint weight, nint y)
    {
        if (!_plans.TryGetValue(shape, out Plan? plan))
            plan = Make(shape);
        float one = 1, zero = 0;
        LtAlgorithm algorithm = plan.Algorithm;
        _device.Enter();

        // cuBLAS counts by columns: what is [rows, outputs] here is outputs x rows there.
        Check(
            _lt.Matmul(
                _handle, plan.Operation, &one, weight, plan.Weight, x, plan.X, &zero, y, plan.Y, y, plan.Y, &algorithm,
                _workspace.Address, (nuint)WorkspaceBytes, _device.Stream),
            $"cublasLtMatmul of {shape}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_handle == 0)
            return;
        Forget();
        _ = _lt.MatmulPreferenceDestroy(_preference);
        _ = _lt.Destroy(_handle);
        (_handle, _preference) = (0, 0);
        _workspace.Dispose();
    }

    private Plan Make(in ProductShape s)
    {
        if (_plans.Count >= MostShapes)
            Forget();
        nint operation;
        Check(_lt.MatmulDescCreate(&operation, Lt.Compute32F, Lt.R32F), "cublasLtMatmulDescCreate");
        int transposed = Lt.Transpose;
        Check(_lt.MatmulDescSetAttribute(operation, Lt.TransposeA, &transposed, sizeof(int)), "the transposition of weights");
        nint weight = Layout(Lt.R16BF, s.Depth, s.Outputs, s.WeightRow, s.Batch, s.WeightBatch);
        nint x = Layout(Lt.R16BF, s.Depth, s.Rows, s.XRow, s.Batch, s.XBatch);
        nint y = Layout(Lt.R32F, s.Outputs, s.Rows, s.YRow, s.Batch, s.YBatch);
        LtHeuristicResult best;
        int found = 0;
        int result = _lt.MatmulAlgoGetHeuristic(_handle, operation, weight, x, y, y, _preference, 1, &best, &found);
        Check(result, $"cublasLtMatmulAlgoGetHeuristic of {s}");
        if (found == 0)
            throw new CudaException($"cuBLASLt has no algorithm for {s}");
        var plan = new Plan(operation, weight, x, y, best.Algorithm);
        _plans.Add(s, plan);
        return plan;
    }

    private nint Layout(int type, long rows, long columns, long ld, int batch, long stride)
    {
        nint layout;
        Check(_lt.MatrixLayoutCreate(&layout, type, (ulong)rows, (ulong)columns, ld), "cublasLtMatrixLayoutCreate");
        if (batch > 1)
        {
            Check(_lt.MatrixLayoutSetAttribute(layout, Lt.BatchCount, &batch, sizeof(int)), "the number of matrices");
            Check(_lt.MatrixLayoutSetAttribute(layout, Lt.StridedBatchOffset, &stride, sizeof(long)), "the matrices' distance");
        }

        return layout;
    }

    private void Forget()
    {
        foreach (Plan plan in _plans.Values)
        {
            _ = _lt.MatrixLayoutDestroy(plan.Weight);
            _ = _lt.MatrixLayoutDestroy(plan.X);
            _ = _lt.MatrixLayoutDestroy(plan.Y);
            _ = _lt.MatmulDescDestroy(plan.Operation);
        }

        _plans.Clear();
    }

    private static void Check(int status, string call)
    {
        if (status != 0)
            throw new CudaException($"{call} failed with cublasStatus {status} ({Meaning(status)})", status, Recovery.Refused);
    }

    private static string Meaning(int status) => status switch
    {
        1 => "not initialised: another CUDA call failed before, or the driver is too old",
        3 => "no resources",
        7 => "invalid value",
        8 => "the device's architecture is not supported",
        13 => "execution failed",
        15 => "not supported",
        _ => "internal error",
    };

    private sealed record Plan(nint Operation, nint Weight, nint X, nint Y, LtAlgorithm Algorithm);
}
