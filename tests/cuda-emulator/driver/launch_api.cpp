// "Execution Control" and "Occupancy" of the driver API reference.
#include <algorithm>

#include "abi/driver_functions.h"
#include "core/enter.h"
#include "core/launch.h"
#include "core/module.h"
#include "core/profile.h"
#include "core/shared_memory.h"
#include "core/stream.h"
#include "core/trap.h"

using namespace emu;

namespace {

constexpr size_t kParameterLimit = 32764; // bytes of kernel parameters from CUDA 12.1 on
constexpr unsigned kThreadsPerProcessor = 2048;
constexpr unsigned kBlocksPerProcessor = 32;
constexpr unsigned kSharedPerProcessor = 228 << 10;
constexpr unsigned kReserved = 1024;

void check_shape(const Function &function, uint3 grid, uint3 block, unsigned dynamicBytes, unsigned staticBytes)
{
    const uint64_t threads = uint64_t{block.x} * block.y * block.z;
    if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > 2147483647u || grid.y > 65535 || grid.z > 65535) {
        refuse(CUDA_ERROR_INVALID_VALUE, "%s: a grid of (%u,%u,%u)", function.name.c_str(), grid.x, grid.y, grid.z);
    }
    if (threads == 0 || threads > 1024 || block.x > 1024 || block.y > 1024 || block.z > 64) {
        refuse(CUDA_ERROR_INVALID_VALUE, "%s: a block of (%u,%u,%u)", function.name.c_str(), block.x, block.y, block.z);
    }
    if (function.kernel->maxThreads != 0 && threads > function.kernel->maxThreads) {
        refuse(CUDA_ERROR_INVALID_VALUE, "%s: %llu threads, its launch bounds allow %u", function.name.c_str(),
            static_cast<unsigned long long>(threads), function.kernel->maxThreads);
    }
    if (dynamicBytes > static_cast<unsigned>(function.maxDynamicShared.load()) || dynamicBytes + staticBytes > SharedMemory::kDynamicLimit
        || (dynamicBytes + staticBytes > SharedMemory::kStaticLimit && function.maxDynamicShared <= static_cast<int>(SharedMemory::kStaticLimit))) {
        refuse(CUDA_ERROR_INVALID_VALUE, "%s: %u bytes of dynamic and %u of static shared memory; MAX_DYNAMIC_SHARED_SIZE_BYTES is %d",
            function.name.c_str(), dynamicBytes, staticBytes, function.maxDynamicShared.load());
    }
}

void append(Launch &launch, const void *argument, size_t size, size_t index)
{
    const size_t offset = (launch.bytes.size() + 15) / 16 * 16;
    launch.offsets.push_back(offset);
    launch.bytes.resize(offset + size);
    if (argument == nullptr || !guarded_copy(launch.bytes.data() + offset, argument, size)) {
        refuse(CUDA_ERROR_INVALID_VALUE, "%s: parameter %zu of %zu bytes cannot be read", launch.name.c_str(), index, size);
    }
}

/// Parameters one by one, their sizes from the kernel.
void copy_parameters(Launch &launch, void **parameters)
{
    size_t total = 0;
    for (unsigned i = 0; i < launch.kernel->count; i++) {
        void *argument = nullptr;
        if (parameters == nullptr || !guarded_copy(&argument, parameters + i, sizeof(argument))) {
            refuse(CUDA_ERROR_INVALID_VALUE, "%s takes %u parameters: the list cannot be read", launch.name.c_str(), launch.kernel->count);
        }
        total += launch.kernel->sizes[i];
        append(launch, argument, launch.kernel->sizes[i], i);
    }
    if (total > kParameterLimit) {
        refuse(CUDA_ERROR_INVALID_VALUE, "%zu bytes of parameters", total);
    }
}

/// Parameters as one packed buffer: CU_LAUNCH_PARAM_BUFFER_POINTER, _BUFFER_SIZE, _END.
void copy_buffer(Launch &launch, void **extra)
{
    const unsigned char *buffer = nullptr;
    size_t size = 0;
    for (int i = 0; extra[i] != nullptr; i += 2) {
        if (extra[i] == reinterpret_cast<void *>(1)) {
            buffer = static_cast<const unsigned char *>(extra[i + 1]);
        } else if (extra[i] == reinterpret_cast<void *>(2)) {
            size = *static_cast<size_t *>(extra[i + 1]);
        } else {
            refuse(CUDA_ERROR_INVALID_VALUE, "extra holds %p, which is no option", extra[i]);
        }
    }
    size_t at = 0;
    for (unsigned i = 0; i < launch.kernel->count; i++) {
        const size_t bytes = launch.kernel->sizes[i], unit = std::min<size_t>(bytes & (~bytes + 1), 16);
        at = (at + unit - 1) / unit * unit;
        if (buffer == nullptr || at + bytes > size) {
            refuse(CUDA_ERROR_INVALID_VALUE, "%s: a buffer of %zu bytes ends before parameter %u", launch.name.c_str(), size, i);
        }
        append(launch, buffer + at, bytes, i);
        at += bytes;
    }
}

void submit(CUfunction handle, uint3 grid, uint3 block, unsigned dynamicBytes, CUstream streamHandle, void **parameters, void **extra)
{
    const auto context = current_context();
    const auto function = functions().get(handle);
    const auto module = function->module.lock();
    if (!module) {
        refuse(CUDA_ERROR_INVALID_HANDLE, "the function's module was unloaded");
    }
    if (module->device != context->device) {
        refuse(CUDA_ERROR_INVALID_HANDLE, "%s was loaded on device %d, the context is of device %d", function->name.c_str(), module->device->id,
            context->device->id);
    }
    const auto stream = stream_of(context, streamHandle);
    if (stream->device != context->device) {
        refuse(CUDA_ERROR_INVALID_HANDLE, "the stream is of device %d, the context of device %d", stream->device->id, context->device->id);
    }
    check_shape(*function, grid, block, dynamicBytes, module->static_shared(function->name));
    auto launch = std::make_shared<Launch>();
    launch->module = module;
    launch->kernel = function->kernel;
    launch->name = function->name;
    launch->grid = grid;
    launch->block = block;
    launch->dynamicBytes = dynamicBytes;
    launch->device = context->device->id;
    if (extra != nullptr && parameters != nullptr) {
        refuse(CUDA_ERROR_INVALID_VALUE, "parameters come by kernelParams or by extra, not by both");
    }
    if (extra != nullptr) {
        copy_buffer(*launch, extra);
    } else {
        copy_parameters(*launch, parameters);
    }
    stream->submit({CU_GRAPH_NODE_TYPE_KERNEL, launch->name, [launch] { run_launch(*launch); }, function->kernel});
}

int blocks_per_processor(const Function &function, int blockSize, size_t dynamicBytes)
{
    if (blockSize <= 0 || blockSize > 1024) {
        refuse(CUDA_ERROR_INVALID_VALUE, "a block of %d threads", blockSize);
    }
    const auto module = function.module.lock();
    const size_t shared = dynamicBytes + (module ? module->static_shared(function.name) : 0) + kReserved;
    const unsigned threads = (static_cast<unsigned>(blockSize) + 31) / 32 * 32;
    const size_t byShared = dynamicBytes > static_cast<size_t>(function.maxDynamicShared.load()) ? 0 : kSharedPerProcessor / shared;
    return static_cast<int>(std::min<size_t>(std::min(kThreadsPerProcessor / threads, kBlocksPerProcessor), byShared));
}

} // namespace

CUDA_EXPORT CUresult cuLaunchKernel(CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY,
    unsigned blockZ, unsigned sharedBytes, CUstream stream, void **parameters, void **extra)
{
    return enter("cuLaunchKernel",
        [=] { submit(function, {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, sharedBytes, stream, parameters, extra); });
}

CUDA_EXPORT CUresult cuLaunchKernelEx(const CUlaunchConfig *config, CUfunction function, void **parameters, void **extra)
{
    return enter("cuLaunchKernelEx", [=] {
        require(config, "config");
        const CUlaunchConfig launch = *config;
        if (launch.numAttrs > 0 && launch.attrs == nullptr) {
            refuse(CUDA_ERROR_INVALID_VALUE, "%u attributes without their list", launch.numAttrs);
        }
        for (unsigned i = 0; i < launch.numAttrs; i++) {
            const CUlaunchAttribute &attribute = launch.attrs[i];
            const bool alone = attribute.id == 4 && attribute.value.clusterDim.x == 1 && attribute.value.clusterDim.y == 1 && attribute.value.clusterDim.z == 1;
            // Ignored ones change no result: access policy 1, programmatic serialisation 6, priority 8, memory domains 9 and 10.
            const bool harmless = attribute.id == 0 || attribute.id == 1 || attribute.id == 6 || (attribute.id >= 8 && attribute.id <= 10);
            if (!alone && !harmless) {
                refuse(CUDA_ERROR_NOT_SUPPORTED, "the emulator has no launch attribute %d (clusters, cooperative grids)", attribute.id);
            }
        }
        submit(function, {launch.gridDimX, launch.gridDimY, launch.gridDimZ}, {launch.blockDimX, launch.blockDimY, launch.blockDimZ},
            launch.sharedMemBytes, launch.hStream, parameters, extra);
    });
}

CUDA_EXPORT CUresult cuLaunchCooperativeKernel(CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, CUstream, void **)
{
    return enter("cuLaunchCooperativeKernel", [] {
        refuse(CUDA_ERROR_NOT_SUPPORTED, "the emulator runs a grid's blocks one after another: it has no grid-wide barrier");
    });
}

CUDA_EXPORT CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, CUfunction function, int blockSize, size_t dynamicBytes)
{
    return enter("cuOccupancyMaxActiveBlocksPerMultiprocessor", [=] {
        require(blocks, "numBlocks");
        *blocks = blocks_per_processor(*functions().get(function), blockSize, dynamicBytes);
    });
}

CUDA_EXPORT CUresult cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocks, CUfunction function, int blockSize, size_t dynamicBytes,
    unsigned flags)
{
    return enter("cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags", [=] {
        require(blocks, "numBlocks");
        if (flags > 1) {
            refuse(CUDA_ERROR_INVALID_VALUE, "flags 0x%x", flags);
        }
        *blocks = blocks_per_processor(*functions().get(function), blockSize, dynamicBytes);
    });
}

CUDA_EXPORT CUresult cuOccupancyMaxPotentialBlockSize(int *grid, int *block, CUfunction handle, size_t (*)(int), size_t dynamicBytes, int limit)
{
    return enter("cuOccupancyMaxPotentialBlockSize", [=] {
        require(grid, "minGridSize");
        require(block, "blockSize");
        const auto function = functions().get(handle);
        const int most = limit > 0 ? std::min(limit, 1024) : 1024;
        int best = 0;
        for (int size = most - most % 32; size >= 32; size -= 32) {
            const int active = blocks_per_processor(*function, size, dynamicBytes);
            if (active * size > best) {
                best = active * size;
                *block = size;
                *grid = active * profile().processors;
            }
        }
        if (best == 0) {
            refuse(CUDA_ERROR_INVALID_VALUE, "no block size fits");
        }
    });
}
