// Device memory, copies, streams and events.
#include "harness.h"

#include <cmath>
#include <thread>

CASE(Fresh_memory_is_poisoned_and_counted)
{
    Scene scene;
    size_t before = 0, after = 0, total = 0;
    OK(cuMemGetInfo_v2(&before, &total));
    {
        Buffer<float> x(size_t{1000});
        OK(cuMemGetInfo_v2(&after, &total));
        EXPECT(before - after == 4000);
        EXPECT(x.address % 256 == 0);
        for (const float value : x.read()) {
            EXPECT(std::isnan(value));
        }
        // A large allocation shares one page of poison until it is written.
        Buffer<unsigned char> large(size_t{3} << 30);
        unsigned char byte = 0;
        OK(cuMemcpyDtoH_v2(&byte, large.address + (size_t{2} << 30) + 5, 1));
        EXPECT(byte == 0xFF);
    }
    OK(cuMemGetInfo_v2(&after, &total));
    EXPECT(before == after);
}

CASE(A_full_device_refuses_and_goes_on)
{
    Scene scene;
    control("memory-mib=16");
    CUdeviceptr first = 0, second = 0;
    OK(cuMemAlloc_v2(&first, 10 << 20));
    EXPECT_CODE(CUDA_ERROR_OUT_OF_MEMORY, cuMemAlloc_v2(&second, 7 << 20));
    OK(cuMemAlloc_v2(&second, 6 << 20));
    OK(cuMemFree_v2(first));
    OK(cuMemFree_v2(second));
    control("memory-mib=0;fault=alloc@2=oom");
    OK(cuMemAlloc_v2(&first, 64));
    EXPECT_CODE(CUDA_ERROR_OUT_OF_MEMORY, cuMemAlloc_v2(&second, 64));
    OK(cuMemFree_v2(first));
}

CASE(Freed_foreign_and_short_memory_is_refused)
{
    Scene scene;
    CUdeviceptr x = 0;
    OK(cuMemAlloc_v2(&x, 1000));
    std::vector<char> host(4096);
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD_v2(x, host.data(), 1001));
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD_v2(x + 900, host.data(), 101));
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD_v2(reinterpret_cast<uintptr_t>(host.data()), host.data() + 2048, 16));
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoH_v2(reinterpret_cast<void *>(static_cast<uintptr_t>(x)), x, 16));
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, cuMemFree_v2(x + 256));
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, cuMemsetD32_v2(x + 2, 0, 4));
    OK(cuMemFree_v2(x));
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, cuMemFree_v2(x));
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoH_v2(host.data(), x, 16));
    EXPECT(says("freed"));
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, cuMemAlloc_v2(&x, 0));
}

CASE(Devices_reach_each_other_only_as_peers)
{
    Scene scene;
    int count = 0;
    OK(cuDeviceGetCount(&count));
    if (count < 2) {
        return;
    }
    CUcontext other = nullptr;
    OK(cuDevicePrimaryCtxRetain(&other, 1));
    OK(cuCtxSetCurrent(other));
    CUdeviceptr theirs = 0;
    OK(cuMemAlloc_v2(&theirs, 64));
    OK(cuCtxSetCurrent(scene.context));
    Buffer<char> ours(size_t{64});
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoDAsync_v2(ours.address, theirs, 64, scene.stream));
    OK(cuMemcpyPeer(ours.address, scene.context, theirs, other, 64));
    OK(cuCtxEnablePeerAccess(other, 0));
    EXPECT_CODE(CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED, cuCtxEnablePeerAccess(other, 0));
    OK(cuMemcpyDtoDAsync_v2(ours.address, theirs, 64, scene.stream));
    OK(cuStreamSynchronize(scene.stream));
    OK(cuCtxDisablePeerAccess(other));
    OK(cuMemFree_v2(theirs));
    OK(cuDevicePrimaryCtxRelease_v2(1));
}

CASE(A_missing_synchronisation_shows)
{
    Scene scene;
    control("schedule=lazy");
    int *pinned = nullptr;
    OK(cuMemAllocHost_v2(reinterpret_cast<void **>(&pinned), 4));
    CUdeviceptr x = 0;
    OK(cuMemAlloc_v2(&x, 4));
    *pinned = 5;
    OK(cuMemsetD32Async(x, 9, 1, scene.stream));
    OK(cuMemcpyDtoHAsync_v2(pinned, x, 4, scene.stream));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT(*pinned == 5); // nobody waited
    OK(cuStreamSynchronize(scene.stream));
    EXPECT(*pinned == 9);
    // Page-locked memory is read when the copy runs: a host that does not wait changes what arrives.
    *pinned = 1;
    OK(cuMemcpyHtoDAsync_v2(x, pinned, 4, scene.stream));
    *pinned = 2;
    int pageable = 0;
    OK(cuMemcpyDtoHAsync_v2(&pageable, x, 4, scene.stream));
    EXPECT(pageable == 2);
    // Pageable memory is staged before the call returns.
    pageable = 3;
    OK(cuMemcpyHtoDAsync_v2(x, &pageable, 4, scene.stream));
    pageable = 4;
    OK(cuMemcpyDtoHAsync_v2(pinned, x, 4, scene.stream));
    OK(cuStreamSynchronize(scene.stream));
    EXPECT(*pinned == 3);
    OK(cuMemFree_v2(x));
    OK(cuMemFreeHost(pinned));
}

CASE(Events_order_streams_and_measure)
{
    Scene scene;
    control("schedule=lazy");
    CUstream second = nullptr;
    OK(cuStreamCreate(&second, 1));
    CUevent event = nullptr, start = nullptr, untimed = nullptr;
    OK(cuEventCreate(&event, 0));
    OK(cuEventCreate(&start, 0));
    OK(cuEventCreate(&untimed, 2));
    Buffer<unsigned> x(size_t{1});
    float took = -1;
    EXPECT_CODE(CUDA_ERROR_INVALID_HANDLE, cuEventElapsedTime(&took, start, event));
    OK(cuEventQuery(event)); // never recorded: nothing to wait for
    OK(cuEventRecord(start, scene.stream));
    OK(cuMemsetD32Async(x.address, 1, 1, scene.stream));
    OK(cuEventRecord(event, scene.stream));
    OK(cuStreamWaitEvent(second, event, 0));
    OK(cuMemsetD32Async(x.address, 2, 1, second));
    EXPECT_CODE(CUDA_ERROR_NOT_READY, cuEventElapsedTime(&took, start, event));
    OK(cuStreamSynchronize(second));
    EXPECT(x.read()[0] == 2);
    OK(cuEventElapsedTime(&took, start, event));
    EXPECT(took >= 0 && took < 10000);
    OK(cuEventRecord(untimed, second));
    OK(cuEventSynchronize(untimed));
    EXPECT_CODE(CUDA_ERROR_INVALID_HANDLE, cuEventElapsedTime(&took, start, untimed));
    for (const CUevent each : {event, start, untimed}) {
        OK(cuEventDestroy_v2(each));
    }
    EXPECT_CODE(CUDA_ERROR_INVALID_HANDLE, cuEventRecord(event, second));
    OK(cuStreamDestroy_v2(second));
    EXPECT_CODE(CUDA_ERROR_INVALID_HANDLE, cuStreamSynchronize(second));
}

CASE(The_legacy_stream_orders_blocking_streams)
{
    Scene scene;
    control("schedule=lazy");
    CUstream blocking = nullptr;
    OK(cuStreamCreate(&blocking, 0));
    Buffer<unsigned> x(size_t{1}), y(size_t{1});
    OK(cuMemsetD32_v2(y.address, 0, 1));
    OK(cuMemsetD32Async(x.address, 7, 1, blocking));
    OK(cuMemcpyDtoDAsync_v2(y.address, x.address, 4, nullptr)); // waits for `blocking`
    OK(cuMemsetD32Async(x.address, 8, 1, blocking));            // waits for the legacy stream
    OK(cuStreamSynchronize(blocking));
    EXPECT(y.read()[0] == 7 && x.read()[0] == 8);
    OK(cuStreamDestroy_v2(blocking));
}

CASE(A_fault_sticks_to_the_device)
{
    Scene scene;
    Buffer<unsigned> x(size_t{4});
    control("fault=task@2=ecc");
    OK(cuMemsetD32Async(x.address, 1, 1, scene.stream));
    OK(cuMemsetD32Async(x.address, 1, 1, scene.stream));
    EXPECT_CODE(CUDA_ERROR_ECC_UNCORRECTABLE, cuStreamSynchronize(scene.stream));
    CUdeviceptr more = 0;
    EXPECT_CODE(CUDA_ERROR_ECC_UNCORRECTABLE, cuMemAlloc_v2(&more, 64));
    EXPECT_CODE(CUDA_ERROR_ECC_UNCORRECTABLE, cuStreamQuery(scene.stream));
    control("heal;fault=cuMemAlloc_v2@1=lost");
    EXPECT_CODE(CUDA_ERROR_DEVICE_UNAVAILABLE, cuMemAlloc_v2(&more, 64));
    OK(cuMemAlloc_v2(&more, 64));
    OK(cuMemFree_v2(more));
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, cudaEmulatorControl("fault=nonsense"));
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, cudaEmulatorControl("no such control"));
}

CASE(Contexts_are_needed_and_end)
{
    OK(cuInit(0));
    OK(cuCtxSetCurrent(nullptr));
    CUdeviceptr x = 0;
    EXPECT_CODE(CUDA_ERROR_INVALID_CONTEXT, cuMemAlloc_v2(&x, 64));
    CUcontext context = nullptr;
    OK(cuDevicePrimaryCtxRetain(&context, 0));
    OK(cuCtxSetCurrent(context));
    OK(cuMemAlloc_v2(&x, 64));
    OK(cuDevicePrimaryCtxRelease_v2(0)); // frees all of it
    EXPECT_CODE(CUDA_ERROR_CONTEXT_IS_DESTROYED, cuMemFree_v2(x));
    EXPECT_CODE(CUDA_ERROR_INVALID_CONTEXT, cuCtxSetCurrent(context));
    OK(cuCtxSetCurrent(nullptr));
    EXPECT_CODE(CUDA_ERROR_INVALID_CONTEXT, cuDevicePrimaryCtxRelease_v2(0));
}
