// Stream capture, its rules, and the graphs it makes.
#include "harness.h"

namespace {

const char *const kKernel = R"(
extern "C" __global__ void add(int *x, int value) { x[threadIdx.x] += value; }
extern "C" __global__ void multiply(int *x, int value) { x[threadIdx.x] *= value; }
)";

CUgraph capture_add(Program &program, CUstream stream, CUdeviceptr x, int value)
{
    CUgraph graph = nullptr;
    OK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    OK(launch(program["add"], 1, 4, 0, stream, x, value));
    OK(cuStreamEndCapture(stream, &graph));
    return graph;
}

} // namespace

CASE(A_captured_graph_replays)
{
    Scene scene;
    Program program(kKernel);
    Buffer<int> x(std::vector<int>(4, 0));
    const CUgraph graph = capture_add(program, scene.stream, x.address, 3);
    EXPECT(x.read()[0] == 0); // capturing runs nothing
    CUgraphExec exec = nullptr;
    OK(cuGraphInstantiateWithFlags(&exec, graph, 0));
    OK(cuGraphDestroy(graph));
    for (int i = 0; i < 5; i++) {
        OK(cuGraphLaunch(exec, scene.stream));
    }
    OK(cuStreamSynchronize(scene.stream));
    EXPECT(x.read()[3] == 15);
    const CUgraph other = capture_add(program, scene.stream, x.address, 100);
    CUgraphExecUpdateResultInfo info{};
    OK(cuGraphExecUpdate_v2(exec, other, &info));
    OK(cuGraphLaunch(exec, scene.stream));
    OK(cuStreamSynchronize(scene.stream));
    EXPECT(x.read()[0] == 115);
    size_t count = 0;
    OK(cuGraphGetNodes(other, nullptr, &count));
    EXPECT(count == 1);
    OK(cuGraphDestroy(other));
    OK(cuGraphExecDestroy(exec));
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, cuGraphLaunch(exec, scene.stream));
}

CASE(A_graph_of_another_shape_does_not_update)
{
    Scene scene;
    Program program(kKernel);
    Buffer<int> x(std::vector<int>(4, 0));
    const CUgraph one = capture_add(program, scene.stream, x.address, 3);
    CUgraph two = nullptr;
    OK(cuStreamBeginCapture_v2(scene.stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
    OK(launch(program["add"], 1, 4, 0, scene.stream, x.address, 1));
    OK(cuMemsetD32Async(x.address, 0, 4, scene.stream));
    OK(cuStreamEndCapture(scene.stream, &two));
    CUgraphExec exec = nullptr;
    OK(cuGraphInstantiateWithFlags(&exec, one, 0));
    CUgraphExecUpdateResultInfo info{};
    EXPECT_CODE(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE, cuGraphExecUpdate_v2(exec, two, &info));
    EXPECT(info.result == CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED);
    OK(cuGraphExecDestroy(exec));
    OK(cuGraphDestroy(one));
    OK(cuGraphDestroy(two));
}

CASE(What_waits_is_forbidden_in_a_capture)
{
    Scene scene;
    CUdeviceptr memory = 0;
    const std::vector<std::pair<const char *, std::function<CUresult()>>> calls = {
        {"synchronise", [&] { return cuStreamSynchronize(scene.stream); }},
        {"query", [&] { return cuStreamQuery(scene.stream); }},
        {"allocate", [&] { return cuMemAlloc_v2(&memory, 64); }},
        {"context", [&] { return cuCtxSynchronize(); }},
    };
    for (const auto &call : calls) {
        CUgraph graph = nullptr;
        OK(cuStreamBeginCapture_v2(scene.stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
        EXPECT_CODE(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, call.second());
        CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_NONE;
        OK(cuStreamIsCapturing(scene.stream, &status));
        EXPECT(status == CU_STREAM_CAPTURE_STATUS_INVALIDATED);
        EXPECT_CODE(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, cuStreamEndCapture(scene.stream, &graph));
        EXPECT(graph == nullptr);
    }
    // Pageable memory cannot be captured either.
    Buffer<int> x(size_t{4});
    int pageable[4] = {};
    CUgraph graph = nullptr;
    OK(cuStreamBeginCapture_v2(scene.stream, CU_STREAM_CAPTURE_MODE_RELAXED));
    EXPECT_CODE(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, cuMemcpyHtoDAsync_v2(x.address, pageable, 16, scene.stream));
    EXPECT_CODE(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, cuStreamEndCapture(scene.stream, &graph));
    // In relaxed mode an allocation is allowed.
    OK(cuStreamBeginCapture_v2(scene.stream, CU_STREAM_CAPTURE_MODE_RELAXED));
    OK(cuMemAlloc_v2(&memory, 64));
    OK(cuStreamEndCapture(scene.stream, &graph));
    OK(cuGraphDestroy(graph));
    OK(cuMemFree_v2(memory));
}

CASE(Captures_begin_and_end_where_they_may)
{
    Scene scene(0);
    CUgraph graph = nullptr;
    EXPECT_CODE(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, cuStreamBeginCapture_v2(nullptr, CU_STREAM_CAPTURE_MODE_GLOBAL));
    EXPECT_CODE(CUDA_ERROR_ILLEGAL_STATE, cuStreamEndCapture(scene.stream, &graph));
    OK(cuStreamBeginCapture_v2(scene.stream, CU_STREAM_CAPTURE_MODE_RELAXED));
    EXPECT_CODE(CUDA_ERROR_ILLEGAL_STATE, cuStreamBeginCapture_v2(scene.stream, CU_STREAM_CAPTURE_MODE_RELAXED));
    // The legacy stream would depend on the blocking stream that captures.
    CUdeviceptr x = 0;
    OK(cuMemAlloc_v2(&x, 64));
    EXPECT_CODE(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, cuMemsetD8Async(x, 0, 64, nullptr));
    EXPECT_CODE(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, cuStreamEndCapture(scene.stream, &graph));
    OK(cuMemsetD8Async(x, 0, 64, nullptr));
    OK(cuMemFree_v2(x));
}

CASE(Side_streams_fork_and_join)
{
    Scene scene;
    Program program(kKernel);
    Buffer<int> x(std::vector<int>(4, 1));
    CUstream side = nullptr;
    OK(cuStreamCreate(&side, 1));
    CUevent fork = nullptr, join = nullptr, outside = nullptr;
    OK(cuEventCreate(&fork, 2));
    OK(cuEventCreate(&join, 2));
    OK(cuEventCreate(&outside, 2));
    OK(cuEventRecord(outside, side));
    CUgraph graph = nullptr;
    OK(cuStreamBeginCapture_v2(scene.stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
    OK(launch(program["add"], 1, 4, 0, scene.stream, x.address, 4));
    OK(cuEventRecord(fork, scene.stream));
    OK(cuStreamWaitEvent(side, fork, 0));
    OK(launch(program["multiply"], 1, 4, 0, side, x.address, 3));
    EXPECT_CODE(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, cuStreamEndCapture(side, &graph));
    OK(cuEventRecord(join, side));
    OK(cuStreamWaitEvent(scene.stream, join, 0));
    OK(cuStreamEndCapture(scene.stream, &graph));
    EXPECT_CODE(CUDA_ERROR_CAPTURED_EVENT, cuEventQuery(join));
    CUgraphExec exec = nullptr;
    OK(cuGraphInstantiateWithFlags(&exec, graph, 0));
    OK(cuGraphLaunch(exec, scene.stream));
    OK(cuStreamSynchronize(scene.stream));
    EXPECT(x.read()[0] == 15);
    OK(cuGraphExecDestroy(exec));
    OK(cuGraphDestroy(graph));
    // Not joined, and events from outside.
    OK(cuStreamBeginCapture_v2(scene.stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
    OK(cuEventRecord(fork, scene.stream));
    OK(cuStreamWaitEvent(side, fork, 0));
    OK(launch(program["multiply"], 1, 4, 0, side, x.address, 3));
    EXPECT_CODE(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, cuStreamEndCapture(scene.stream, &graph));
    OK(cuEventRecord(outside, side));
    OK(cuStreamBeginCapture_v2(scene.stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
    EXPECT_CODE(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, cuStreamWaitEvent(scene.stream, outside, 0));
    EXPECT_CODE(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, cuStreamEndCapture(scene.stream, &graph));
    for (const CUevent event : {fork, join, outside}) {
        OK(cuEventDestroy_v2(event));
    }
    OK(cuStreamDestroy_v2(side));
}

CASE(A_missing_event_between_branches_shows)
{
    Scene scene;
    Program program(kKernel);
    Buffer<int> x(std::vector<int>(4, 1));
    CUstream side = nullptr;
    OK(cuStreamCreate(&side, 1));
    CUevent event = nullptr;
    OK(cuEventCreate(&event, 2));
    CUgraph graph = nullptr;
    OK(cuStreamBeginCapture_v2(scene.stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    OK(cuEventRecord(event, scene.stream));
    OK(cuStreamWaitEvent(side, event, 0));
    OK(launch(program["add"], 1, 4, 0, scene.stream, x.address, 4));
    OK(launch(program["multiply"], 1, 4, 0, side, x.address, 3)); // should have waited for the addition
    OK(cuEventRecord(event, side));
    OK(cuStreamWaitEvent(scene.stream, event, 0));
    OK(cuStreamEndCapture(scene.stream, &graph));
    CUgraphExec exec = nullptr;
    OK(cuGraphInstantiateWithFlags(&exec, graph, 0));
    OK(cuGraphLaunch(exec, scene.stream));
    OK(cuStreamSynchronize(scene.stream));
    EXPECT(x.read()[0] == 7); // 1 * 3 + 4, not (1 + 4) * 3
    OK(cuGraphExecDestroy(exec));
    OK(cuGraphDestroy(graph));
    OK(cuEventDestroy_v2(event));
    OK(cuStreamDestroy_v2(side));
}
