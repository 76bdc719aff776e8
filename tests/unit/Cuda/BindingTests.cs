using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Glm5.Backends.Cuda.Interop;

namespace Glm5.Tests.Unit.Cuda;

/// <summary>What is bound is what CUDA's headers declare (tests/data/cuda/abi.json), name by name and width by width.</summary>
[TestClass]
public sealed class BindingTests
{
    private static readonly JsonElement s_abi = JsonDocument.Parse(
        File.ReadAllText(Path.Combine(RepositoryFiles.Root, "tests", "data", "cuda", "abi.json"))).RootElement;

    private static readonly string[] s_handles =
    [
        "CUcontext", "CUdeviceptr", "CUevent", "CUfunction", "CUgraph", "CUgraphExec", "CUmodule", "CUstream", "cublasLtHandle_t",
        "cublasLtMatmulDesc_t", "cublasLtMatmulPreference_t", "cublasLtMatrixLayout_t", "cudaStream_t", "ncclComm_t", "nvmlDevice_t",
        "nvrtcProgram",
    ];

    private static readonly string[] s_enums =
    [
        "CUdevice", "CUdevice_attribute", "CUfunction_attribute", "CUjit_option", "CUresult", "CUstreamCaptureMode",
        "cublasComputeType_t", "cublasLtMatmulDescAttributes_t", "cublasLtMatmulPreferenceAttributes_t",
        "cublasLtMatrixLayoutAttribute_t", "cublasStatus_t", "cudaDataType", "cudaDataType_t", "int", "ncclDataType_t",
        "ncclResult_t", "nvmlReturn_t", "nvrtcResult",
    ];

    [TestMethod]
    public void Every_bound_function_has_the_headers_parameters()
    {
        var wrong = new List<string>();
        MethodInfo[] methods = [.. typeof(CudaDriver).Assembly.GetTypes()
            .SelectMany(t => t.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly))
            .Where(m => m.GetCustomAttribute<CEntryAttribute>() is not null)];
        foreach (MethodInfo method in methods)
        {
            string entry = method.GetCustomAttribute<CEntryAttribute>()!.Name;
            if (!s_abi.GetProperty("functions").TryGetProperty(entry, out JsonElement declared))
            {
                wrong.Add($"the table has no {entry}");
                continue;
            }

            string expected = string.Join(", ", declared.GetProperty("params").EnumerateArray()
                .Select(p => $"{Bound(p.GetProperty("type").GetString()!)} {p.GetProperty("name").GetString()!}"));
            string got = string.Join(", ", method.GetParameters().Select(p => $"{p.ParameterType.Name} {p.Name}"));
            if (Loose(expected) != Loose(got))
                wrong.Add($"{entry}: bound as ({got}), declared ({expected})");
            string returns = Bound(declared.GetProperty("returns").GetString()!);
            if (returns != method.ReturnType.Name)
                wrong.Add($"{entry}: returns {method.ReturnType.Name}, declared {returns}");
        }

        Assert.IsGreaterThan(80, methods.Length);
        Assert.IsEmpty(wrong, string.Join("; ", wrong));
    }

    [TestMethod]
    public void Every_bound_function_is_called()
    {
        string sources = string.Concat(Directory.GetFiles(Path.Combine(RepositoryFiles.Root, "backends", "cuda"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains("Interop", StringComparison.Ordinal)).Select(File.ReadAllText));
        string[] idle = [.. typeof(CudaDriver).Assembly.GetTypes().SelectMany(t => t.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly))
            .Where(m => m.GetCustomAttribute<CEntryAttribute>() is not null && !sources.Contains($".{m.Name}(", StringComparison.Ordinal))
            .Select(m => m.GetCustomAttribute<CEntryAttribute>()!.Name)];
        Assert.IsEmpty(idle, string.Join(", ", idle));
    }

    [TestMethod]
    [DataRow("CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT", DeviceAttribute.MultiprocessorCount)]
    [DataRow("CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR", DeviceAttribute.CapabilityMajor)]
    [DataRow("CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR", DeviceAttribute.CapabilityMinor)]
    [DataRow("CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN", DeviceAttribute.SharedMemoryPerBlock)]
    [DataRow("CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES", KernelAttribute.LocalBytes)]
    [DataRow("CU_FUNC_ATTRIBUTE_NUM_REGS", KernelAttribute.Registers)]
    [DataRow("CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES", KernelAttribute.MaxDynamicShared)]
    [DataRow("CU_STREAM_NON_BLOCKING", (int)StreamFlags.NonBlocking)]
    [DataRow("CU_STREAM_CAPTURE_MODE_THREAD_LOCAL", StreamFlags.CaptureThreadLocal)]
    [DataRow("CU_EVENT_DISABLE_TIMING", (int)StreamFlags.UntimedEvent)]
    [DataRow("CUDA_ERROR_OUT_OF_MEMORY", CudaCodes.OutOfMemory)]
    [DataRow("CUDA_ERROR_NO_DEVICE", CudaCodes.NoDevice)]
    [DataRow("CUDA_ERROR_NO_BINARY_FOR_GPU", CudaCodes.NoBinaryForGpu)]
    [DataRow("CUDA_ERROR_ECC_UNCORRECTABLE", CudaCodes.EccUncorrectable)]
    [DataRow("CUDA_ERROR_NVLINK_UNCORRECTABLE", CudaCodes.NvlinkUncorrectable)]
    [DataRow("CUDA_ERROR_UNSUPPORTED_PTX_VERSION", CudaCodes.UnsupportedPtxVersion)]
    [DataRow("CUDA_ERROR_NOT_READY", CudaCodes.NotReady)]
    [DataRow("CUDA_ERROR_ILLEGAL_ADDRESS", CudaCodes.IllegalAddress)]
    [DataRow("CUDA_ERROR_LAUNCH_TIMEOUT", CudaCodes.LaunchTimeout)]
    [DataRow("CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", CudaCodes.SystemDriverMismatch)]
    [DataRow("CUBLASLT_MATMUL_DESC_TRANSA", Lt.TransposeA)]
    [DataRow("CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT", Lt.BatchCount)]
    [DataRow("CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET", Lt.StridedBatchOffset)]
    [DataRow("CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES", Lt.MaxWorkspaceBytes)]
    [DataRow("CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES", Lt.MinAlignmentA)]
    [DataRow("CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES", Lt.MinAlignmentB)]
    [DataRow("CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES", Lt.MinAlignmentC)]
    [DataRow("CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES", Lt.MinAlignmentD)]
    [DataRow("CUDA_R_32F", Lt.R32F)]
    [DataRow("CUDA_R_16BF", Lt.R16BF)]
    [DataRow("CUBLAS_COMPUTE_32F", Lt.Compute32F)]
    [DataRow("CUBLAS_OP_T", Lt.Transpose)]
    [DataRow("ncclFloat32", NcclType.Float32)]
    [DataRow("NCCL_UNIQUE_ID_BYTES", NcclUniqueId.Length)]
    public void Constants_have_the_headers_values(string name, int value) =>
        Assert.AreEqual(s_abi.GetProperty("constants").GetProperty(name).GetInt32(), value);

    [TestMethod]
    public void Structs_have_the_headers_sizes()
    {
        JsonElement structs = s_abi.GetProperty("structs");
        Assert.AreEqual(structs.GetProperty("cublasLtMatmulAlgo_t").GetProperty("size").GetInt32(), Unsafe.SizeOf<LtAlgorithm>());
        Assert.AreEqual(structs.GetProperty("cublasLtMatmulHeuristicResult_t").GetProperty("size").GetInt32(), Unsafe.SizeOf<LtHeuristicResult>());
        Assert.AreEqual(structs.GetProperty("ncclUniqueId").GetProperty("size").GetInt32(), Unsafe.SizeOf<NcclUniqueId>());
    }

    /// <summary>A type of C as it is bound: handles are addresses, enumerations integers.</summary>
    private static string Bound(string c)
    {
        c = c.Replace(" ", "", StringComparison.Ordinal);
        string element = c.TrimEnd('*'), stars = c[element.Length..];
        string bound = element switch
        {
            _ when s_handles.Contains(element) => "IntPtr",
            _ when s_enums.Contains(element) => "Int32",
            "char" or "unsignedchar" => "Byte",
            "unsignedint" => "UInt32",
            "unsignedlonglong" or "uint64_t" => "UInt64",
            "int64_t" => "Int64",
            "size_t" => "UIntPtr",
            "float" => "Single",
            "void" => "Void",
            "ncclUniqueId" => nameof(NcclUniqueId),
            "cublasLtMatmulAlgo_t" => nameof(LtAlgorithm),
            "cublasLtMatmulHeuristicResult_t" => nameof(LtHeuristicResult),
            _ => $"? {element}",
        };
        return bound + stars;
    }

    /// <summary>Addresses of matrices and buffers are bound as addresses of the device, not of the host; arrays have their own plural.</summary>
    private static string Loose(string parameters) => parameters.Replace("heuristicResultsArray", "results", StringComparison.Ordinal)
        .Replace("Void* A,", "IntPtr A,", StringComparison.Ordinal).Replace("Void* B,", "IntPtr B,", StringComparison.Ordinal)
        .Replace("Void* C,", "IntPtr C,", StringComparison.Ordinal).Replace("Void* D,", "IntPtr D,", StringComparison.Ordinal)
        .Replace("Void* workspace,", "IntPtr workspace,", StringComparison.Ordinal)
        .Replace("Void* sendbuff", "IntPtr sendbuff", StringComparison.Ordinal).Replace("Void* recvbuff", "IntPtr recvbuff", StringComparison.Ordinal);
}
