#include "runtime/fault.h"

#include <cstdlib>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "runtime/codes.h"
#include "runtime/enter.h"
#include "runtime/mutation.h"
#include "runtime/refusal.h"
#include "runtime/stream.h"

namespace emu {

namespace {

struct Order {
    std::string after; ///< what is called before counting begins; empty once it was
    std::string where;
    uint64_t left; ///< calls until it strikes, this one included
    int code;
};

struct State {
    std::mutex mutex;
    std::vector<Order> orders;
    std::unordered_map<std::string, uint64_t> calls;
};

/// Never destroyed: the environment orders faults before main, stream threads count tasks after it.
State &state()
{
    static State &only = *new State;
    return only;
}

int code_of(const std::string &word)
{
    static const std::map<std::string, int> kWords = {
        {"oom", kRtMemoryAllocation}, {"lost", kLostHeartbeat}, {"timeout", 107020}, {"uce", kDeviceMemoryError}};
    const auto found = kWords.find(word);
    return found != kWords.end() ? found->second : std::atoi(word.c_str());
}

int strike(const std::string &where)
{
    for (size_t i = 0; i < state().orders.size(); i++) {
        if (!state().orders[i].after.empty()) {
            if (state().orders[i].after == where) {
                state().orders[i].after.clear();
            }
            continue;
        }
        if (state().orders[i].where == where && --state().orders[i].left == 0) {
            const int code = state().orders[i].code;
            state().orders.erase(state().orders.begin() + static_cast<ptrdiff_t>(i));
            return code;
        }
    }
    return 0;
}

/// Calls that only put work on a stream: what the device finds wrong shows later, at a synchronisation.
bool is_submission(const std::string &function)
{
    const bool planning = function.size() > 16 && function.compare(function.size() - 16, 16, "GetWorkspaceSize") == 0;
    return (function.rfind("aclnn", 0) == 0 && !planning) || function == "aclrtMemcpyAsync" || function == "aclmdlRIExecuteAsync"
        || function.rfind("HcclAll", 0) == 0 || function == "HcclReduceScatter" || function == "HcclBroadcast";
}

} // namespace

namespace faults {

void order(const std::string &spec)
{
    const size_t begins = spec.find('>');
    const size_t where = begins == std::string::npos ? 0 : begins + 1;
    const size_t at = spec.find('@');
    const size_t equals = spec.find('=', at == std::string::npos ? 0 : at);
    const uint64_t count = at == std::string::npos ? 0 : std::strtoull(spec.c_str() + at + 1, nullptr, 10);
    const int code = equals == std::string::npos ? 0 : code_of(spec.substr(equals + 1));
    if (count == 0 || code == 0) {
        refuse(kInvalidParameter, "a fault is WHERE@N=CODE or AFTER>WHERE@N=CODE, not '%s'", spec.c_str());
    }
    std::lock_guard<std::mutex> lock(state().mutex);
    state().orders.push_back({begins == std::string::npos ? "" : spec.substr(0, begins), spec.substr(where, at - where), count, code});
}

void clear()
{
    std::lock_guard<std::mutex> lock(state().mutex);
    state().orders.clear();
}

int take_call(const char *function)
{
    std::lock_guard<std::mutex> lock(state().mutex);
    state().calls[function]++;
    return state().orders.empty() ? 0 : strike(function);
}

int take_task()
{
    std::lock_guard<std::mutex> lock(state().mutex);
    return state().orders.empty() ? 0 : strike("task");
}

bool is_asynchronous(int code)
{
    return code == 107020 || code / 1000 == 507;
}

std::string report()
{
    const uint64_t mistakes = mutation::made();
    std::lock_guard<std::mutex> lock(state().mutex);
    const std::map<std::string, uint64_t> ordered(state().calls.begin(), state().calls.end());
    std::string json = "{";
    for (const auto &entry : ordered) {
        json += format("%s\"%s\":%llu", json.size() > 1 ? "," : "", entry.first.c_str(), static_cast<unsigned long long>(entry.second));
    }
    return json + format("%s\"mistakes\":%llu}", json.size() > 1 ? "," : "", static_cast<unsigned long long>(mistakes));
}

} // namespace faults

void begin_call(const char *function)
{
    const int code = faults::take_call(function);
    if (code == 0) {
        return;
    }
    if (faults::is_asynchronous(code) && is_submission(function)) {
        fault_next_task(code);
        return;
    }
    refuse(code, "ordered fault");
}

} // namespace emu
