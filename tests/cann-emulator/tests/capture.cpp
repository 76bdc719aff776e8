#include <thread>

#include "harness.h"

namespace {

struct Streams {
    Streams()
    {
        OK(CANN(aclrtCreateStream)(&main));
        OK(CANN(aclrtCreateStream)(&side));
        OK(CANN(aclrtCreateEventExWithFlag)(&fork, 1));
        OK(CANN(aclrtCreateEventExWithFlag)(&join, 1));
    }

    aclrtStream main = nullptr;
    aclrtStream side = nullptr;
    aclrtEvent fork = nullptr;
    aclrtEvent join = nullptr;
};

constexpr aclmdlRICaptureMode kGlobal = ACL_MODEL_RI_CAPTURE_MODE_GLOBAL;

} // namespace

CASE(captured_tasks_run_at_replay_only)
{
    Streams streams;
    Buffer buffer({1}, ACL_INT32, {7});
    aclmdlRI model = nullptr;
    OK(CANN(aclmdlRICaptureBegin)(streams.main, kGlobal));
    OK(CANN(aclrtMemsetAsync)(buffer.address, 4, 0, 4, streams.main));
    OK(CANN(aclmdlRICaptureEnd)(streams.main, &model));
    EXPECT(buffer.read()[0] == 7);
    for (int round = 0; round < 3; round++) {
        OK(CANN(aclmdlRIExecuteAsync)(model, streams.main));
        OK(CANN(aclrtSynchronizeStream)(streams.main));
        EXPECT(buffer.read()[0] == 0);
        buffer.write({5});
    }
    OK(CANN(aclmdlRIDestroy)(model));
    EXPECT_CODE(107017, CANN(aclmdlRIExecuteAsync)(model, streams.main));
}

CASE(synchronisation_and_queries_break_a_capture)
{
    Streams streams;
    aclmdlRI model = nullptr;
    OK(CANN(aclmdlRICaptureBegin)(streams.main, kGlobal));
    EXPECT_CODE(107027, CANN(aclrtSynchronizeStream)(streams.main));
    EXPECT_CODE(107027, CANN(aclmdlRICaptureEnd)(streams.main, &model));

    OK(CANN(aclmdlRICaptureBegin)(streams.main, ACL_MODEL_RI_CAPTURE_MODE_RELAXED));
    EXPECT_CODE(107027, CANN(aclrtSynchronizeDevice)());
    EXPECT_CODE(107027, CANN(aclmdlRICaptureEnd)(streams.main, &model));

    OK(CANN(aclmdlRICaptureBegin)(streams.main, kGlobal));
    OK(CANN(aclrtRecordEvent)(streams.fork, streams.main));
    EXPECT_CODE(107028, CANN(aclrtSynchronizeEvent)(streams.fork));
    OK(CANN(aclmdlRICaptureEnd)(streams.main, &model));
    EXPECT_CODE(107029, CANN(aclmdlRICaptureEnd)(streams.main, &model));
}

CASE(the_default_stream_and_synchronous_copies_are_refused_in_a_capture)
{
    Streams streams;
    Buffer buffer({1}, ACL_INT32, {7});
    aclmdlRI model = nullptr;
    int host = 0;
    EXPECT_CODE(107031, CANN(aclmdlRICaptureBegin)(nullptr, kGlobal));
    OK(CANN(aclmdlRICaptureBegin)(streams.main, kGlobal));
    EXPECT_CODE(107031, CANN(aclrtMemsetAsync)(buffer.address, 4, 0, 4, nullptr));
    EXPECT_CODE(107030, CANN(aclrtMemcpy)(&host, 4, buffer.address, 4, ACL_MEMCPY_DEVICE_TO_HOST));
    EXPECT_CODE(107030, CANN(aclmdlRICaptureEnd)(streams.main, &model));

    OK(CANN(aclmdlRICaptureBegin)(streams.main, kGlobal));
    aclmdlRICaptureMode mode = ACL_MODEL_RI_CAPTURE_MODE_RELAXED;
    OK(CANN(aclmdlRICaptureThreadExchangeMode)(&mode));
    OK(CANN(aclrtMemcpy)(&host, 4, buffer.address, 4, ACL_MEMCPY_DEVICE_TO_HOST));
    OK(CANN(aclmdlRICaptureThreadExchangeMode)(&mode));
    EXPECT_CODE(107000, CANN(aclrtMemcpyAsync)(&host, 4, buffer.address, 4, ACL_MEMCPY_DEVICE_TO_HOST, streams.main));
    OK(CANN(aclmdlRICaptureEnd)(streams.main, &model));
}

CASE(side_streams_rejoin)
{
    Streams streams;
    Buffer buffer({2}, ACL_INT32, {7, 7});
    aclmdlRI model = nullptr;
    for (const bool joined : {false, true}) {
        OK(CANN(aclmdlRICaptureBegin)(streams.main, kGlobal));
        OK(CANN(aclrtRecordEvent)(streams.fork, streams.main));
        OK(CANN(aclrtStreamWaitEvent)(streams.side, streams.fork));
        OK(CANN(aclrtMemsetAsync)(buffer.address, 4, 0, 4, streams.side));
        if (joined) {
            OK(CANN(aclrtRecordEvent)(streams.join, streams.side));
            OK(CANN(aclrtStreamWaitEvent)(streams.main, streams.join));
        }
        EXPECT_CODE(joined ? 0 : 107025, CANN(aclmdlRICaptureEnd)(streams.main, &model));
    }
    OK(CANN(aclmdlRIExecuteAsync)(model, streams.main));
    OK(CANN(aclrtSynchronizeStream)(streams.main));
    EXPECT(buffer.read() == (std::vector<double>{0, 7}));
}

CASE(replay_runs_side_streams_in_another_order_than_they_were_captured)
{
    // Both write the same word and no event orders them: capture order would leave 0, the youngest-first replay leaves ones.
    Streams streams;
    Buffer buffer({1}, ACL_INT32, {7});
    aclmdlRI model = nullptr;
    OK(CANN(aclmdlRICaptureBegin)(streams.main, kGlobal));
    OK(CANN(aclrtRecordEvent)(streams.fork, streams.main));
    OK(CANN(aclrtStreamWaitEvent)(streams.side, streams.fork));
    OK(CANN(aclrtMemsetAsync)(buffer.address, 4, 1, 4, streams.side));
    OK(CANN(aclrtMemsetAsync)(buffer.address, 4, 0, 4, streams.main));
    OK(CANN(aclrtRecordEvent)(streams.join, streams.side));
    OK(CANN(aclrtStreamWaitEvent)(streams.main, streams.join));
    OK(CANN(aclmdlRICaptureEnd)(streams.main, &model));
    OK(CANN(aclmdlRIExecuteAsync)(model, streams.main));
    OK(CANN(aclrtSynchronizeStream)(streams.main));
    EXPECT(buffer.read()[0] == 0x01010101);
}

CASE(a_capture_ends_on_its_stream_and_thread)
{
    const bool oldest = g_maps.find("8.1") != std::string::npos;
    Streams streams;
    aclmdlRI model = nullptr;
    aclrtContext context = nullptr;
    OK(CANN(aclrtGetCurrentContext)(&context));
    OK(CANN(aclmdlRICaptureBegin)(streams.main, kGlobal));
    OK(CANN(aclrtRecordEvent)(streams.fork, streams.main));
    OK(CANN(aclrtStreamWaitEvent)(streams.side, streams.fork));
    EXPECT_CODE(oldest ? 107029 : 107036, CANN(aclmdlRICaptureEnd)(streams.side, &model));
    int code = 0;
    std::thread([&] {
        CANN(aclrtSetCurrentContext)(context);
        code = CANN(aclmdlRICaptureEnd)(streams.main, &model);
    }).join();
    EXPECT(code == (oldest ? 107029 : 107038));
    EXPECT_CODE(107025, CANN(aclmdlRICaptureEnd)(streams.main, &model));
}

CASE(memory_of_a_captured_task_lives_until_its_replay)
{
    Streams streams;
    void *memory = nullptr;
    OK(CANN(aclrtMalloc)(&memory, 64, ACL_MEM_MALLOC_HUGE_FIRST));
    aclmdlRI model = nullptr;
    OK(CANN(aclmdlRICaptureBegin)(streams.main, kGlobal));
    OK(CANN(aclrtMemsetAsync)(memory, 64, 0, 64, streams.main));
    OK(CANN(aclmdlRICaptureEnd)(streams.main, &model));
    OK(CANN(aclrtFree)(memory));
    OK(CANN(aclmdlRIExecuteAsync)(model, streams.main));
    EXPECT_CODE(507011, CANN(aclrtSynchronizeStream)(streams.main));
}
