#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "core/device.h"
#include "core/fault.h"
#include "core/memory.h"
#include "core/settings.h"
#include "core/stream.h"

namespace emu {

namespace {

/// Ends every fault: a new day on the same machine.
void heal()
{
    for (int id = 0; id < device_count(); id++) {
        const std::shared_ptr<Device> device = device_at(id);
        std::lock_guard<std::mutex> lock(device->mutex);
        device->fault = 0;
        device->faultText.clear();
    }
}

void set_order(const std::string &value)
{
    if (value == "ascending") {
        settings().order = Order::Ascending;
    } else if (value == "descending") {
        settings().order = Order::Descending;
    } else if (value.rfind("random:", 0) == 0) {
        settings().order = Order::Random;
        settings().seed = std::strtoull(value.c_str() + 7, nullptr, 10) | 1;
    } else {
        refuse(CUDA_ERROR_INVALID_VALUE, "an order is ascending, descending or random:SEED, not '%s'", value.c_str());
    }
}

void apply(const std::string &command)
{
    const size_t equals = command.find('=');
    const std::string key = command.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : command.substr(equals + 1);
    Settings &current = settings();
    if (key == "schedule" && (value == "lazy" || value == "eager")) {
        current.lazy = value == "lazy";
        demand_every_stream();
    } else if (key == "delay-us") {
        current.delayMicroseconds = std::atoi(value.c_str());
    } else if (key == "memory-mib") {
        memory::set_capacity(std::strtoull(value.c_str(), nullptr, 10) << 20);
    } else if (key == "devices") {
        current.devices = std::atoi(value.c_str());
    } else if (key == "order") {
        set_order(value);
    } else if (key == "check") {
        current.check = value == "1";
    } else if (key == "threads") {
        current.threads = std::atoi(value.c_str());
    } else if (key == "watchdog-ms") {
        current.watchdogMilliseconds = std::max(1, std::atoi(value.c_str()));
    } else if (key == "nccl-timeout-ms") {
        current.ncclTimeoutMilliseconds = std::max(1, std::atoi(value.c_str()));
    } else if (key == "log") {
        current.log = value;
    } else if (key == "cxx") {
        current.compiler = value;
    } else if (key == "fault") {
        faults::order(value);
    } else if (key == "no-faults") {
        faults::clear();
    } else if (key == "heal") {
        faults::clear();
        heal();
    } else if (!command.empty()) {
        refuse(CUDA_ERROR_INVALID_VALUE, "no such control: '%s'", command.c_str());
    }
}

template <class Visit>
void split(const std::string &list, char separator, Visit visit)
{
    for (size_t start = 0; start <= list.size();) {
        const size_t end = std::min(list.find(separator, start), list.size());
        visit(list.substr(start, end - start));
        start = end + 1;
    }
}

/// CUDA_EMULATOR_SCHEDULE, _DELAY_US, ... as the controls are named, and _FAULT (several with ',').
struct Environment {
    Environment()
    {
        static const char *const kKeys[] = {"schedule", "delay-us", "memory-mib", "devices", "order", "check", "threads", "watchdog-ms",
            "nccl-timeout-ms", "log", "cxx", "fault"};
        for (const char *key : kKeys) {
            std::string name = "CUDA_EMULATOR_";
            for (const char *letter = key; *letter != 0; letter++) {
                name += *letter == '-' ? '_' : static_cast<char>(*letter - 'a' + 'A');
            }
            const char *value = std::getenv(name.c_str());
            if (value == nullptr) {
                continue;
            }
            split(value, std::strcmp(key, "fault") == 0 ? ',' : '\0', [&](const std::string &one) {
                try {
                    apply(std::string(key) + "=" + one);
                } catch (const Refusal &refusal) {
                    std::fprintf(stderr, "%s: %s\n", name.c_str(), refusal.rule.c_str());
                }
            });
        }
    }
};

const Environment kEnvironment;

} // namespace

Settings &settings()
{
    static Settings &current = *new Settings;
    return current;
}

void control(const std::string &commands)
{
    split(commands, ';', apply);
}

} // namespace emu
