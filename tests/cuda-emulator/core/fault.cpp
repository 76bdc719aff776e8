#include "core/fault.h"

#include <cstdlib>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "core/enter.h"

namespace emu {

namespace {

struct Ordered {
    std::string where;
    uint64_t left; ///< occurrences until it strikes, this one included
    int code;
};

struct State {
    std::mutex mutex;
    std::vector<Ordered> orders;
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
        {"oom", CUDA_ERROR_OUT_OF_MEMORY},
        {"illegal", CUDA_ERROR_ILLEGAL_ADDRESS},
        {"ecc", CUDA_ERROR_ECC_UNCORRECTABLE},
        {"lost", CUDA_ERROR_DEVICE_UNAVAILABLE},
        {"timeout", CUDA_ERROR_LAUNCH_TIMEOUT},
        {"failed", CUDA_ERROR_LAUNCH_FAILED},
        {"peer", 6}, // ncclRemoteError
    };
    const auto found = kWords.find(word);
    return found != kWords.end() ? found->second : std::atoi(word.c_str());
}

} // namespace

namespace faults {

void order(const std::string &spec)
{
    const size_t at = spec.find('@');
    const size_t equals = spec.find('=', at == std::string::npos ? 0 : at);
    const uint64_t count = at == std::string::npos ? 0 : std::strtoull(spec.c_str() + at + 1, nullptr, 10);
    const int code = equals == std::string::npos ? 0 : code_of(spec.substr(equals + 1));
    if (at == 0 || count == 0 || code == 0) {
        refuse(CUDA_ERROR_INVALID_VALUE, "a fault is WHERE@N=CODE, not '%s'", spec.c_str());
    }
    std::lock_guard<std::mutex> lock(state().mutex);
    state().orders.push_back({spec.substr(0, at), count, code});
}

void clear()
{
    std::lock_guard<std::mutex> lock(state().mutex);
    state().orders.clear();
}

int take(const char *where)
{
    std::lock_guard<std::mutex> lock(state().mutex);
    state().calls[where]++;
    std::vector<Ordered> &orders = state().orders;
    for (size_t i = 0; i < orders.size(); i++) {
        if (orders[i].where == where && --orders[i].left == 0) {
            const int code = orders[i].code;
            orders.erase(orders.begin() + static_cast<ptrdiff_t>(i));
            return code;
        }
    }
    return 0;
}

std::string report()
{
    std::lock_guard<std::mutex> lock(state().mutex);
    const std::map<std::string, uint64_t> ordered(state().calls.begin(), state().calls.end());
    std::string json = "{";
    for (const auto &entry : ordered) {
        json += format("%s\"%s\":%llu", json.size() > 1 ? "," : "", entry.first.c_str(), static_cast<unsigned long long>(entry.second));
    }
    return json + "}";
}

} // namespace faults

void begin_call(const char *function)
{
    const int code = faults::take(function);
    if (code != 0) {
        refuse(code, "ordered fault");
    }
}

int answer_refusal(const char *function) noexcept
{
    int code = CUDA_ERROR_UNKNOWN;
    std::string rule = "unknown failure inside the emulator";
    try {
        throw;
    } catch (const Refusal &refusal) {
        code = refusal.code;
        rule = refusal.rule;
    } catch (const std::bad_alloc &) {
        code = CUDA_ERROR_OUT_OF_MEMORY;
        rule = "the host is out of memory";
    } catch (const std::exception &error) {
        rule = error.what();
    }
    note_refusal(code, function, rule);
    return code;
}

} // namespace emu
