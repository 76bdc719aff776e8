// "Graph Management" of the driver API reference.
#include "abi/driver_functions.h"
#include "core/capture.h"
#include "core/enter.h"

using namespace emu;

namespace {

void instantiate(CUgraphExec *handle, CUgraph graph, uint64_t flags)
{
    require(handle, "phGraphExec");
    *handle = nullptr;
    const auto source = graphs().get(graph);
    if ((flags & ~uint64_t{15}) != 0 || (flags & 4) != 0) {
        refuse(flags == 4 ? CUDA_ERROR_NOT_SUPPORTED : CUDA_ERROR_INVALID_VALUE, "instantiation flags 0x%llx", static_cast<unsigned long long>(flags));
    }
    auto exec = std::make_shared<GraphExec>();
    exec->nodes = source->nodes;
    exec->context = source->context;
    *handle = static_cast<CUgraphExec>(graph_execs().add(exec));
}

/// What a graph may change and still update an executable one: parameters, not shape, kinds or kernels.
CUgraphExecUpdateResult compare(const std::vector<GraphNode> &have, const std::vector<GraphNode> &wanted, size_t &node)
{
    if (have.size() != wanted.size()) {
        return CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
    }
    for (node = 0; node < have.size(); node++) {
        if (have[node].after != wanted[node].after) {
            return CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
        }
        if (have[node].task.type != wanted[node].task.type) {
            return CU_GRAPH_EXEC_UPDATE_ERROR_NODE_TYPE_CHANGED;
        }
        if ((have[node].task.function == nullptr) != (wanted[node].task.function == nullptr)) {
            return CU_GRAPH_EXEC_UPDATE_ERROR_FUNCTION_CHANGED;
        }
    }
    return CU_GRAPH_EXEC_UPDATE_SUCCESS;
}

} // namespace

CUDA_EXPORT CUresult cuGraphCreate(CUgraph *graph, unsigned flags)
{
    return enter("cuGraphCreate", [=] {
        require(graph, "phGraph");
        const auto context = current_context();
        if (flags != 0) {
            refuse(CUDA_ERROR_INVALID_VALUE, "flags must be 0");
        }
        auto empty = std::make_shared<Graph>();
        empty->context = context;
        *graph = static_cast<CUgraph>(graphs().add(empty));
    });
}

CUDA_EXPORT CUresult cuGraphDestroy(CUgraph graph)
{
    return enter("cuGraphDestroy", [=] {
        const auto removed = graphs().remove(graph);
        for (void *token : removed->tokens) {
            graph_nodes().remove(token);
        }
    });
}

CUDA_EXPORT CUresult cuGraphInstantiateWithFlags(CUgraphExec *exec, CUgraph graph, unsigned long long flags)
{
    return enter("cuGraphInstantiateWithFlags", [=] { instantiate(exec, graph, flags); });
}

CUDA_EXPORT CUresult cuGraphInstantiate_v2(CUgraphExec *exec, CUgraph graph, CUgraphNode *node, char *log, size_t size)
{
    return enter("cuGraphInstantiate_v2", [=] {
        if (node != nullptr) {
            *node = nullptr;
        }
        if (log != nullptr && size > 0) {
            *log = 0;
        }
        instantiate(exec, graph, 0);
    });
}

CUDA_EXPORT CUresult cuGraphExecDestroy(CUgraphExec exec)
{
    return enter("cuGraphExecDestroy", [=] { graph_execs().remove(exec); });
}

CUDA_EXPORT CUresult cuGraphUpload(CUgraphExec exec, CUstream stream)
{
    return enter("cuGraphUpload", [=] {
        graph_execs().get(exec);
        forbid_captured(*stream_of(current_context(), stream), "an upload");
    });
}

CUDA_EXPORT CUresult cuGraphLaunch(CUgraphExec handle, CUstream streamHandle)
{
    return enter("cuGraphLaunch", [=] {
        const auto exec = graph_execs().get(handle);
        const auto stream = stream_of(current_context(), streamHandle);
        if (exec->context && exec->context->device != stream->device) {
            refuse(CUDA_ERROR_INVALID_VALUE, "the graph was captured on device %d", exec->context->device->id);
        }
        std::shared_ptr<const std::vector<GraphNode>> nodes;
        {
            std::lock_guard<std::mutex> lock(exec->mutex);
            nodes = exec->nodes;
        }
        stream->submit({CU_GRAPH_NODE_TYPE_EMPTY, "cuGraphLaunch",
            [exec, nodes] {
                std::lock_guard<std::mutex> lock(exec->launch);
                replay(*nodes);
            },
            nullptr});
    });
}

CUDA_EXPORT CUresult cuGraphExecUpdate_v2(CUgraphExec handle, CUgraph graph, CUgraphExecUpdateResultInfo *info)
{
    return enter("cuGraphExecUpdate_v2", [=] {
        require(info, "resultInfo");
        *info = {CU_GRAPH_EXEC_UPDATE_ERROR, nullptr, nullptr};
        const auto exec = graph_execs().get(handle);
        const auto source = graphs().get(graph);
        std::lock_guard<std::mutex> lock(exec->mutex);
        size_t node = 0;
        info->result = compare(*exec->nodes, *source->nodes, node);
        if (info->result != CU_GRAPH_EXEC_UPDATE_SUCCESS) {
            refuse(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE, "node %zu differs in more than its parameters", node);
        }
        exec->nodes = source->nodes;
    });
}

CUDA_EXPORT CUresult cuGraphGetNodes(CUgraph handle, CUgraphNode *nodes, size_t *count)
{
    return enter("cuGraphGetNodes", [=] {
        require(count, "numNodes");
        const auto graph = graphs().get(handle);
        if (nodes == nullptr) {
            *count = graph->nodes->size();
            return;
        }
        for (size_t i = graph->tokens.size(); i < graph->nodes->size(); i++) {
            graph->tokens.push_back(graph_nodes().add(std::make_shared<NodeHandle>(NodeHandle{(*graph->nodes)[i].task.type})));
        }
        for (size_t i = 0; i < *count; i++) {
            nodes[i] = i < graph->tokens.size() ? static_cast<CUgraphNode>(graph->tokens[i]) : nullptr;
        }
        *count = std::min(*count, graph->tokens.size());
    });
}

CUDA_EXPORT CUresult cuGraphNodeGetType(CUgraphNode node, CUgraphNodeType *type)
{
    return enter("cuGraphNodeGetType", [=] {
        require(type, "type");
        *type = graph_nodes().get(node)->type;
    });
}
