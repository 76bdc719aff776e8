// "cublasLtMatmul" and "cublasLtMatmulAlgoGetHeuristic" of the cuBLAS documentation: supported types, dimensions, alignment, workspace.
#include <algorithm>
#include <cstring>

#include "core/device.h"
#include "core/memory.h"
#include "core/stream.h"
#include "core/trap.h"
#include "cublaslt/product.h"

using namespace emu;

namespace {

constexpr uint64_t kMark = 0x656d755f616c676full; ///< first word of the emulator's algorithms
constexpr size_t kWorkspace = 4 << 20;            ///< what an algorithm asks for where it may

bool is_fp8(int type)
{
    return type == CUDA_R_8F_E4M3 || type == CUDA_R_8F_E5M2;
}

void check_types(const MatmulDesc &desc, const Product &product)
{
    const int a = product.a.type, b = product.b.type, c = product.c.type, d = product.d.type;
    if (desc.scaleType != CUDA_R_32F) {
        refuse(CUBLAS_STATUS_NOT_SUPPORTED, "scale type %d: the emulator scales in F32", desc.scaleType);
    }
    const bool fast = desc.computeType >= CUBLAS_COMPUTE_32F_FAST_16F && desc.computeType <= CUBLAS_COMPUTE_32F_FAST_TF32;
    const bool plain = desc.computeType == CUBLAS_COMPUTE_32F || desc.computeType == CUBLAS_COMPUTE_32F_PEDANTIC;
    if (!plain && !(fast && a == CUDA_R_32F)) {
        refuse(CUBLAS_STATUS_NOT_SUPPORTED, "compute type %d with operands of type %d", desc.computeType, a);
    }
    bool known;
    if (is_fp8(a) || is_fp8(b)) {
        const bool operands = is_fp8(a) && is_fp8(b) && !(a == CUDA_R_8F_E5M2 && b == CUDA_R_8F_E5M2);
        const bool wide = (c == CUDA_R_16BF || c == CUDA_R_16F || c == CUDA_R_32F) && c == d;
        const bool narrow = is_fp8(d) && (c == CUDA_R_16BF || c == CUDA_R_16F);
        known = operands && (wide || narrow) && desc.computeType == CUBLAS_COMPUTE_32F;
    } else {
        known = a == b && c == d && (a == CUDA_R_32F ? c == CUDA_R_32F : (a == CUDA_R_16BF || a == CUDA_R_16F) && (c == a || c == CUDA_R_32F));
    }
    if (!known) {
        refuse(CUBLAS_STATUS_NOT_SUPPORTED, "no product of types A %d, B %d, C %d, D %d in the table of supported ones", a, b, c, d);
    }
}

void check_layout(const Layout &layout, const char *name, uint64_t rows, uint64_t columns)
{
    if (layout.order != 0 && layout.order != 1) {
        refuse(CUBLAS_STATUS_NOT_SUPPORTED, "%s: order %d is not emulated", name, layout.order);
    }
    if (layout.rows != rows || layout.columns != columns) {
        refuse(CUBLAS_STATUS_INVALID_VALUE, "%s is %llu x %llu, the product needs %llu x %llu", name, static_cast<unsigned long long>(layout.rows),
            static_cast<unsigned long long>(layout.columns), static_cast<unsigned long long>(rows), static_cast<unsigned long long>(columns));
    }
    const uint64_t least = layout.order == 0 ? rows : columns;
    if (layout.ld < 0 || static_cast<uint64_t>(layout.ld) < least || rows > (uint64_t{1} << 31) || columns > (uint64_t{1} << 31)
        || static_cast<uint64_t>(layout.ld) > (uint64_t{1} << 40)) {
        refuse(CUBLAS_STATUS_INVALID_VALUE, "%s: leading dimension %lld for %llu", name, static_cast<long long>(layout.ld),
            static_cast<unsigned long long>(least));
    }
}

/// FP8 products exist for TN alone, with dimensions and leading dimensions of whole 16 bytes.
void check_fp8(const Product &product)
{
    if (!is_fp8(product.a.type)) {
        return;
    }
    if (!product.transA || product.transB) {
        refuse(CUBLAS_STATUS_NOT_SUPPORTED, "FP8 operands need A transposed and B not");
    }
    const uint64_t size = bytes_of_type(product.d.type);
    if (product.m % 16 != 0 || product.k % 16 != 0 || product.a.ld % 16 != 0 || product.b.ld % 16 != 0
        || static_cast<uint64_t>(product.d.ld) * size % 16 != 0) {
        refuse(CUBLAS_STATUS_NOT_SUPPORTED, "FP8: m %llu, k %llu and leading dimensions %lld, %lld, %lld must be whole 16 bytes",
            static_cast<unsigned long long>(product.m), static_cast<unsigned long long>(product.k), static_cast<long long>(product.a.ld),
            static_cast<long long>(product.b.ld), static_cast<long long>(product.d.ld));
    }
}

/// The product that descriptor and layouts describe, without its addresses.
Product describe(const MatmulDesc &desc, const Layout &a, const Layout &b, const Layout &c, const Layout &d)
{
    Product product;
    product.a = a;
    product.b = b;
    product.c = c;
    product.d = d;
    product.transA = desc.get(kTransA) != 0;
    product.transB = desc.get(kTransB) != 0;
    if (desc.get(kTransA) > 2 || desc.get(kTransB) > 2 || desc.get(kTransC) != 0) {
        refuse(desc.get(kTransC) != 0 ? CUBLAS_STATUS_NOT_SUPPORTED : CUBLAS_STATUS_INVALID_VALUE, "operations are N 0, T 1, C 2, and N for C");
    }
    product.m = d.rows;
    product.n = d.columns;
    product.k = product.transA ? a.rows : a.columns;
    check_types(desc, product);
    check_layout(a, "A", product.transA ? product.k : product.m, product.transA ? product.m : product.k);
    check_layout(b, "B", product.transB ? product.n : product.k, product.transB ? product.k : product.n);
    check_layout(c, "C", product.m, product.n);
    check_layout(d, "D", product.m, product.n);
    if (product.m == 0 || product.n == 0 || product.k == 0) {
        refuse(CUBLAS_STATUS_NOT_SUPPORTED, "an empty product: m %llu, n %llu, k %llu", static_cast<unsigned long long>(product.m),
            static_cast<unsigned long long>(product.n), static_cast<unsigned long long>(product.k));
    }
    if (a.batches < 1 || a.batches != b.batches || a.batches != c.batches || a.batches != d.batches) {
        refuse(CUBLAS_STATUS_INVALID_VALUE, "batches of %d, %d, %d and %d", a.batches, b.batches, c.batches, d.batches);
    }
    check_fp8(product);
    const uint64_t epilogue = desc.get(kEpilogue);
    if (epilogue != 1 && epilogue != 2 && epilogue != 4 && epilogue != 6 && epilogue != 32 && epilogue != 36) {
        refuse(CUBLAS_STATUS_NOT_SUPPORTED, "epilogue %llu is not emulated", static_cast<unsigned long long>(epilogue));
    }
    product.relu = (epilogue & 2) != 0;
    product.gelu = (epilogue & 32) != 0;
    product.bias = (epilogue & 4) != 0 ? desc.get(kBiasPointer) : 0;
    product.biasType = desc.attributes.count(kBiasType) != 0 ? static_cast<int>(desc.get(kBiasType)) : is_fp8(d.type) || is_fp8(a.type) ? c.type : d.type;
    product.biasStride = static_cast<int64_t>(desc.get(kBiasStride));
    product.scaleA = desc.get(kScaleA);
    product.scaleB = desc.get(kScaleB);
    product.scaleC = desc.get(kScaleC);
    product.scaleD = desc.get(kScaleD);
    product.amaxD = desc.get(kAmaxD);
    if ((epilogue & 4) != 0 && (product.bias == 0 || bytes_of_type(product.biasType) == 0)) {
        refuse(CUBLAS_STATUS_INVALID_VALUE, "a bias epilogue without a bias, or of type %d", product.biasType);
    }
    return product;
}

/// A fingerprint of what an algorithm was chosen for.
uint64_t fingerprint(const Product &product)
{
    uint64_t hash = 0xcbf29ce484222325ull;
    const auto add = [&](uint64_t value) { hash = (hash ^ value) * 0x100000001b3ull; };
    for (const Layout *layout : {&product.a, &product.b, &product.c, &product.d}) {
        for (const uint64_t value : {static_cast<uint64_t>(layout->type), static_cast<uint64_t>(layout->order), layout->rows, layout->columns,
                 static_cast<uint64_t>(layout->ld), static_cast<uint64_t>(layout->batches)}) {
            add(value);
        }
    }
    add(product.transA ? 1 : 0);
    add(product.transB ? 1 : 0);
    return hash;
}

/// Bytes from a matrix's address to the end of its last batch.
size_t extent(const Layout &layout)
{
    const uint64_t lines = layout.order == 0 ? layout.columns : layout.rows, length = layout.order == 0 ? layout.rows : layout.columns;
    const uint64_t one = (lines - 1) * static_cast<uint64_t>(layout.ld) + length;
    if (layout.stride < 0 || static_cast<uint64_t>(layout.stride) > (uint64_t{1} << 45)) {
        refuse(CUBLAS_STATUS_INVALID_VALUE, "a batch stride of %lld elements", static_cast<long long>(layout.stride));
    }
    return ((static_cast<uint64_t>(layout.batches) - 1) * static_cast<uint64_t>(layout.stride) + one) * bytes_of_type(layout.type);
}

struct Range {
    uintptr_t address;
    size_t bytes;
    const char *name;
};

std::vector<Range> ranges_of(const Product &product, uintptr_t workspace, size_t workspaceBytes)
{
    std::vector<Range> ranges = {{product.aAddress, extent(product.a), "A"}, {product.bAddress, extent(product.b), "B"},
        {product.dAddress, extent(product.d), "D"}};
    if (product.cAddress != 0) {
        ranges.push_back({product.cAddress, extent(product.c), "C"});
    }
    if (workspaceBytes > 0) {
        ranges.push_back({workspace, workspaceBytes, "the workspace"});
    }
    if (product.bias != 0) {
        ranges.push_back({product.bias, product.m * bytes_of_type(product.biasType), "the bias"});
    }
    for (const uintptr_t scalar : {product.scaleA, product.scaleB, product.scaleC, product.scaleD, product.amaxD, product.alphaPointer, product.betaPointer}) {
        if (scalar != 0) {
            ranges.push_back({scalar, sizeof(float), "a scale"});
        }
    }
    return ranges;
}

void read_scalars(Product &product, const MatmulDesc &desc, const void *alpha, const void *beta)
{
    require_value(alpha, "alpha");
    require_value(beta, "beta");
    const uint64_t mode = desc.get(kPointerMode);
    if (mode == 1) {
        product.alphaPointer = reinterpret_cast<uintptr_t>(alpha);
        product.betaPointer = reinterpret_cast<uintptr_t>(beta);
        return;
    }
    if (mode != 0) {
        refuse(CUBLAS_STATUS_NOT_SUPPORTED, "pointer mode %llu is not emulated", static_cast<unsigned long long>(mode));
    }
    memory::Region region;
    for (const void *scalar : {alpha, beta}) {
        if (memory::find(reinterpret_cast<uintptr_t>(scalar), region) && region.device != memory::kHost) {
            refuse(CUBLAS_STATUS_INVALID_VALUE, "a scalar in device memory, but the pointer mode is host");
        }
    }
    if (!guarded_copy(&product.alpha, alpha, sizeof(float)) || !guarded_copy(&product.beta, beta, sizeof(float))) {
        refuse(CUBLAS_STATUS_INVALID_VALUE, "alpha or beta cannot be read");
    }
}

/// What the chosen algorithm was promised, and what it needs.
void check_algorithm(const Product &product, const cublasLtMatmulAlgo_t &algo, size_t workspaceBytes)
{
    if (algo.data[0] != kMark) {
        refuse(CUBLAS_STATUS_INVALID_VALUE, "the algorithm was not made by cublasLtMatmulAlgoGetHeuristic");
    }
    if (algo.data[1] != fingerprint(product)) {
        refuse(CUBLAS_STATUS_NOT_SUPPORTED, "the algorithm was chosen for another product");
    }
    if (workspaceBytes < algo.data[2]) {
        refuse(CUBLAS_STATUS_INVALID_VALUE, "the algorithm needs a workspace of %llu bytes, given are %zu", static_cast<unsigned long long>(algo.data[2]),
            workspaceBytes);
    }
    const uintptr_t addresses[] = {product.aAddress, product.bAddress, product.cAddress, product.dAddress};
    for (int i = 0; i < 4; i++) {
        const uint64_t alignment = algo.data[3] >> (16 * i) & 0xFFFF;
        if (addresses[i] % alignment != 0) {
            refuse(CUBLAS_STATUS_INVALID_VALUE, "%c lies at 0x%zx: the preference promised %llu bytes of alignment", "ABCD"[i], addresses[i],
                static_cast<unsigned long long>(alignment));
        }
    }
}

void check_alignment(const Product &product)
{
    const Layout *parts[] = {&product.a, &product.b, &product.c, &product.d};
    const uintptr_t addresses[] = {product.aAddress, product.bAddress, product.cAddress, product.dAddress};
    for (int i = 0; i < 4; i++) {
        const size_t least = is_fp8(product.a.type) ? 16 : bytes_of_type(parts[i]->type);
        if (addresses[i] % least != 0) {
            refuse(is_fp8(product.a.type) ? CUBLAS_STATUS_NOT_SUPPORTED : CUBLAS_STATUS_INVALID_VALUE, "%c at 0x%zx is not aligned to %zu bytes", "ABCD"[i],
                addresses[i], least);
        }
    }
    const uintptr_t c = product.cAddress, d = product.dAddress;
    const bool same = c == d && product.c.ld == product.d.ld && product.c.type == product.d.type && product.c.order == product.d.order;
    if (c != 0 && !same && c < d + extent(product.d) && d < c + extent(product.c)) {
        refuse(CUBLAS_STATUS_INVALID_VALUE, "C and D overlap and are not the same matrix");
    }
}

} // namespace

CUDA_EXPORT cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a,
    cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d, cublasLtMatmulPreference_t preferenceHandle, int requested,
    cublasLtMatmulHeuristicResult_t *results, int *returned)
{
    return enter_blas("cublasLtMatmulAlgoGetHeuristic", [=] {
        light_handles().get(handle);
        require_value(results, "heuristicResultsArray");
        require_value(returned, "returnAlgoCount");
        *returned = 0;
        if (requested < 1) {
            refuse(CUBLAS_STATUS_INVALID_VALUE, "%d algorithms are asked for", requested);
        }
        const auto preference = preferences().get(preferenceHandle);
        const Product product = describe(*matmul_descs().get(desc), *layouts().get(a), *layouts().get(b), *layouts().get(c), *layouts().get(d));
        cublasLtMatmulHeuristicResult_t result{};
        result.workspaceSize = std::min<uint64_t>(preference->workspace, kWorkspace);
        result.state = CUBLAS_STATUS_SUCCESS;
        result.wavesCount = 1;
        uint64_t alignments = 0;
        for (int i = 0; i < 4; i++) {
            alignments |= uint64_t{std::min(preference->alignment[i], 256u)} << (16 * i);
        }
        const uint64_t words[] = {kMark, fingerprint(product), result.workspaceSize, alignments};
        std::memcpy(result.algo.data, words, sizeof(words));
        results[0] = result;
        *returned = 1;
    });
}

CUDA_EXPORT cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t descHandle, const void *alpha, const void *a,
    cublasLtMatrixLayout_t aLayout, const void *b, cublasLtMatrixLayout_t bLayout, const void *beta, const void *c, cublasLtMatrixLayout_t cLayout,
    void *d, cublasLtMatrixLayout_t dLayout, const cublasLtMatmulAlgo_t *algo, void *workspace, size_t workspaceBytes, CUstream streamHandle)
{
    return enter_blas("cublasLtMatmul", [=] {
        const auto context = blas_context();
        if (light_handles().get(handle)->device != context->device->id) {
            refuse(CUBLAS_STATUS_INVALID_VALUE, "the handle was made on another device");
        }
        const auto desc = matmul_descs().get(descHandle);
        Product product = describe(*desc, *layouts().get(aLayout), *layouts().get(bLayout), *layouts().get(cLayout), *layouts().get(dLayout));
        read_scalars(product, *desc, alpha, beta);
        product.aAddress = reinterpret_cast<uintptr_t>(a);
        product.bAddress = reinterpret_cast<uintptr_t>(b);
        product.cAddress = reinterpret_cast<uintptr_t>(c);
        product.dAddress = reinterpret_cast<uintptr_t>(d);
        if (product.cAddress == 0 && (product.betaPointer != 0 || product.beta != 0)) {
            refuse(CUBLAS_STATUS_INVALID_VALUE, "C is null and beta is not 0");
        }
        check_alignment(product);
        if (algo != nullptr) {
            check_algorithm(product, *algo, workspaceBytes);
        }
        if (workspaceBytes > 0 && reinterpret_cast<uintptr_t>(workspace) % 256 != 0) {
            refuse(CUBLAS_STATUS_INVALID_VALUE, "a workspace at %p: 256 bytes of alignment are asked for", workspace);
        }
        const auto stream = stream_of(context, streamHandle);
        const int device = context->device->id;
        const std::vector<Range> ranges = ranges_of(product, reinterpret_cast<uintptr_t>(workspace), workspaceBytes);
        for (const Range &range : ranges) {
            memory::check(device, range.address, range.bytes, CUBLAS_STATUS_INVALID_VALUE, range.name);
        }
        stream->submit({CU_GRAPH_NODE_TYPE_KERNEL, "cublasLtMatmul",
            [=] {
                for (const Range &range : ranges) {
                    memory::check(device, range.address, range.bytes, CUDA_ERROR_ILLEGAL_ADDRESS, range.name);
                }
                if (workspaceBytes > 0) {
                    std::memset(workspace, 0xFF, std::min(workspaceBytes, kWorkspace)); // what it held is lost
                }
                product.run();
            },
            &kMark});
    });
}
