// Rules: "Graph Management" of the driver API reference.
#include <algorithm>

#include "core/capture.h"

namespace emu {

Handles<Graph> &graphs()
{
    static auto &all = *new Handles<Graph>("graph", 5, CUDA_ERROR_INVALID_VALUE);
    return all;
}

Handles<GraphExec> &graph_execs()
{
    static auto &all = *new Handles<GraphExec>("executable graph", 6, CUDA_ERROR_INVALID_VALUE);
    return all;
}

Handles<NodeHandle> &graph_nodes()
{
    static auto &all = *new Handles<NodeHandle>("graph node", 7, CUDA_ERROR_INVALID_VALUE);
    return all;
}

void replay(const std::vector<GraphNode> &nodes)
{
    std::vector<size_t> missing(nodes.size());
    std::vector<std::vector<size_t>> followers(nodes.size());
    std::vector<size_t> ready;
    for (size_t i = 0; i < nodes.size(); i++) {
        missing[i] = nodes[i].after.size();
        for (const size_t before : nodes[i].after) {
            followers[before].push_back(i);
        }
        if (missing[i] == 0) {
            ready.push_back(i);
        }
    }
    while (!ready.empty()) {
        const auto youngest = std::max_element(ready.begin(), ready.end());
        const size_t node = *youngest;
        ready.erase(youngest);
        try {
            run_task(nodes[node].task);
        } catch (const Refusal &refusal) {
            refuse(refusal.code, "node %zu of the graph, %s: %s", node, nodes[node].task.name.c_str(), refusal.rule.c_str());
        }
        for (const size_t follower : followers[node]) {
            if (--missing[follower] == 0) {
                ready.push_back(follower);
            }
        }
    }
}

} // namespace emu
