#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "harness.h"

CASE(device_memory_is_not_for_the_host)
{
    Buffer buffer({16}, ACL_FLOAT);
    const pid_t child = fork();
    if (child == 0) {
        *static_cast<volatile float *>(buffer.address) = 1.0f;
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

CASE(new_memory_is_not_zero)
{
    Buffer buffer({4}, ACL_INT32);
    EXPECT(buffer.read() == (std::vector<double>{-1, -1, -1, -1}));
}

CASE(freed_and_foreign_memory_is_refused)
{
    void *memory = nullptr;
    OK(CANN(aclrtMalloc)(&memory, 64, ACL_MEM_MALLOC_HUGE_FIRST));
    OK(CANN(aclrtFree)(memory));
    EXPECT_CODE(107000, CANN(aclrtFree)(memory));
    float host = 0;
    EXPECT_CODE(107000, CANN(aclrtMemcpy)(&host, 4, memory, 4, ACL_MEMCPY_DEVICE_TO_HOST));
    EXPECT(std::strstr(CANN(aclGetRecentErrMsg)(), "freed") != nullptr);
    EXPECT_CODE(107000, CANN(aclrtFree)(&host));
    OK(CANN(aclrtMalloc)(&memory, 64, ACL_MEM_MALLOC_HUGE_FIRST));
    EXPECT_CODE(107000, CANN(aclrtMemcpy)(&host, 4, static_cast<char *>(memory) + 62, 4, ACL_MEMCPY_DEVICE_TO_HOST));
    EXPECT_CODE(107000, CANN(aclrtMemcpy)(&host, 4, memory, 4, ACL_MEMCPY_HOST_TO_DEVICE));
    EXPECT_CODE(107000, CANN(aclrtMemcpy)(&host, 2, memory, 4, ACL_MEMCPY_DEVICE_TO_HOST));
    OK(CANN(aclrtSetDevice)(1));
    EXPECT_CODE(107000, CANN(aclrtMemcpy)(&host, 4, memory, 4, ACL_MEMCPY_DEVICE_TO_HOST));
    OK(CANN(aclrtDeviceEnablePeerAccess)(0, 0));
    OK(CANN(aclrtMemcpy)(&host, 4, memory, 4, ACL_MEMCPY_DEVICE_TO_HOST));
    OK(CANN(aclrtDeviceDisablePeerAccess)(0));
    OK(CANN(aclrtResetDeviceForce)(1));
}

CASE(a_full_device_says_so)
{
    control("hbm-mib=1");
    void *memory = nullptr;
    EXPECT_CODE(207001, CANN(aclrtMalloc)(&memory, 2u << 20, ACL_MEM_MALLOC_HUGE_FIRST));
    size_t free = 0;
    size_t total = 0;
    OK(CANN(aclrtGetMemInfo)(ACL_HBM_MEM, &free, &total));
    EXPECT(total == 1u << 20 && free == total);
}

CASE(asynchronous_copies_take_page_locked_memory)
{
    Buffer buffer({4}, ACL_FLOAT, {1, 2, 3, 4});
    aclrtStream stream = nullptr;
    OK(CANN(aclrtCreateStream)(&stream));
    float pageable[4];
    EXPECT_CODE(107016, CANN(aclrtMemcpyAsync)(pageable, 16, buffer.address, 16, ACL_MEMCPY_DEVICE_TO_HOST, stream));
    void *pinned = nullptr;
    OK(CANN(aclrtMallocHost)(&pinned, 16));
    OK(CANN(aclrtMemcpyAsync)(pinned, 16, buffer.address, 16, ACL_MEMCPY_DEVICE_TO_HOST, stream));
    OK(CANN(aclrtSynchronizeStream)(stream));
    EXPECT(static_cast<float *>(pinned)[3] == 4.0f);
    OK(CANN(aclrtFreeHost)(pinned));
    EXPECT_CODE(107000, CANN(aclrtFreeHost)(pinned));
    control("unpinned=1");
    OK(CANN(aclrtMemcpyAsync)(pageable, 16, buffer.address, 16, ACL_MEMCPY_DEVICE_TO_HOST, stream));
    EXPECT(pageable[0] == 1.0f);
    OK(CANN(aclrtDestroyStream)(stream));
}

CASE(a_missing_synchronisation_shows_under_the_lazy_schedule)
{
    control("schedule=lazy");
    Buffer buffer({4}, ACL_INT32, {1, 2, 3, 4});
    aclrtStream stream = nullptr;
    OK(CANN(aclrtCreateStream)(&stream));
    OK(CANN(aclrtMemsetAsync)(buffer.address, 16, 0, 16, stream));
    usleep(20000);
    EXPECT(buffer.read() == (std::vector<double>{1, 2, 3, 4}));
    OK(CANN(aclrtSynchronizeStream)(stream));
    EXPECT(buffer.read() == (std::vector<double>{0, 0, 0, 0}));
    OK(CANN(aclrtDestroyStream)(stream));
}

CASE(events_order_streams)
{
    control("schedule=lazy");
    Buffer buffer({1}, ACL_INT32, {7});
    aclrtStream first = nullptr;
    aclrtStream second = nullptr;
    aclrtEvent event = nullptr;
    OK(CANN(aclrtCreateStream)(&first));
    OK(CANN(aclrtCreateStream)(&second));
    OK(CANN(aclrtCreateEventExWithFlag)(&event, 1));
    OK(CANN(aclrtMemsetAsync)(buffer.address, 4, 1, 4, first));
    OK(CANN(aclrtRecordEvent)(event, first));
    OK(CANN(aclrtStreamWaitEvent)(second, event));
    OK(CANN(aclrtMemsetAsync)(buffer.address, 4, 0, 4, second));
    OK(CANN(aclrtSynchronizeStream)(second));
    EXPECT(buffer.read()[0] == 0);
    OK(CANN(aclrtSynchronizeEvent)(event));
    EXPECT_CODE(107000, CANN(aclrtResetEvent)(event, first));
    OK(CANN(aclrtDestroyEvent)(event));
    EXPECT_CODE(107017, CANN(aclrtSynchronizeEvent)(event));
    OK(CANN(aclrtCreateEventWithFlag)(&event, 8));
    EXPECT_CODE(107000, CANN(aclrtStreamWaitEvent)(second, event));
    OK(CANN(aclrtDestroyEvent)(event));
    OK(CANN(aclrtDestroyStream)(first));
    EXPECT_CODE(107017, CANN(aclrtSynchronizeStream)(first));
    OK(CANN(aclrtDestroyStream)(second));
}

CASE(a_thread_without_a_context_is_told_so)
{
    int code = 0;
    std::thread([&] {
        void *memory = nullptr;
        code = CANN(aclrtMalloc)(&memory, 64, ACL_MEM_MALLOC_HUGE_FIRST);
    }).join();
    EXPECT(code == 107002);
    EXPECT_CODE(107001, CANN(aclrtSetDevice)(99));
    EXPECT_CODE(100002, CANN(aclInit)(nullptr));
}

CASE(ordered_faults_strike_at_the_nth_call)
{
    void *memory = nullptr;
    control("fault=aclrtMalloc@2=oom");
    OK(CANN(aclrtMalloc)(&memory, 64, ACL_MEM_MALLOC_HUGE_FIRST));
    EXPECT_CODE(207001, CANN(aclrtMalloc)(&memory, 64, ACL_MEM_MALLOC_HUGE_FIRST));
    OK(CANN(aclrtMalloc)(&memory, 64, ACL_MEM_MALLOC_HUGE_FIRST));
}

CASE(a_kernel_fault_sticks_until_the_device_is_reset)
{
    Buffer buffer({4}, ACL_FLOAT, {1, 2, 3, 4});
    control("fault=aclnnExp@1=507015");
    EXPECT_CODE(507015, APPLY(aclnnExp, buffer.tensor, buffer.tensor));
    EXPECT(std::strstr(CANN(aclGetRecentErrMsg)(), "aclnnExp") != nullptr);
    void *memory = nullptr;
    EXPECT_CODE(507015, CANN(aclrtMalloc)(&memory, 64, ACL_MEM_MALLOC_HUGE_FIRST));
    OK(CANN(aclrtResetDeviceForce)(0));
    OK(CANN(aclrtSetDevice)(0));
    OK(CANN(aclrtMalloc)(&memory, 64, ACL_MEM_MALLOC_HUGE_FIRST));
}

CASE(a_memory_error_is_repaired_in_place)
{
    Buffer buffer({4}, ACL_FLOAT, {1, 2, 3, 4});
    control("fault=task@1=uce");
    EXPECT_CODE(507053, APPLY(aclnnExp, buffer.tensor, buffer.tensor));
    OK(CANN(aclrtDeviceTaskAbort)(0, 1000));
    aclrtMemUceInfo found[4];
    size_t count = 0;
    OK(CANN(aclrtGetMemUceInfo)(0, found, 4, &count));
    EXPECT(count == 1);
    OK(CANN(aclrtMemUceRepair)(0, found, count));
    OK(APPLY(aclnnExp, buffer.tensor, buffer.tensor));
}

CASE(a_lost_device_stays_lost)
{
    Buffer buffer({4}, ACL_FLOAT, {1, 2, 3, 4});
    control("fault=task@1=lost");
    EXPECT_CODE(507010, APPLY(aclnnExp, buffer.tensor, buffer.tensor));
    OK(CANN(aclrtResetDeviceForce)(0));
    EXPECT_CODE(507010, CANN(aclrtSetDevice)(0));
}
