#include "runtime/control.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "runtime/codes.h"
#include "runtime/device.h"
#include "runtime/fault.h"
#include "runtime/memory.h"
#include "runtime/mutation.h"
#include "runtime/refusal.h"
#include "runtime/settings.h"
#include "runtime/stream.h"

namespace emu {

namespace {

/// Ends every fault, a lost device included: a new day on the same machine.
void heal()
{
    for (int id = 0; id < device_count(); id++) {
        const std::shared_ptr<Device> device = device_at(id);
        std::lock_guard<std::mutex> lock(device->mutex);
        device->lost = false;
        device->fault = 0;
        device->faultText.clear();
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
        for (const std::shared_ptr<Stream> &stream : streams().all()) {
            stream->demand();
        }
    } else if (key == "delay-us") {
        current.delayMicroseconds = std::atoi(value.c_str());
    } else if (key == "hbm-mib") {
        device_memory::set_capacity(std::strtoull(value.c_str(), nullptr, 10) << 20);
    } else if (key == "require-opp") {
        current.requireOppPath = value == "1";
    } else if (key == "unpinned") {
        current.allowUnpinned = value == "1";
    } else if (key == "hccl-timeout-ms") {
        current.hcclTimeout = std::atoi(value.c_str());
    } else if (key == "fault") {
        faults::order(value);
    } else if (key == "mutate") {
        mutation::order(value);
    } else if (key == "no-faults") {
        faults::clear();
    } else if (key == "heal") {
        faults::clear();
        heal();
    } else {
        refuse(kInvalidParameter, "no such control: '%s'", command.c_str());
    }
}

/// CANN_EMULATOR_SCHEDULE, _DELAY_US, _HBM_MIB, _REQUIRE_OPP, _UNPINNED, _HCCL_TIMEOUT_MS and _FAULT (several with ',').
struct Environment {
    Environment()
    {
        static const char *const kKeys[] = {"schedule", "delay-us", "hbm-mib", "require-opp", "unpinned", "hccl-timeout-ms", "fault"};
        for (const char *key : kKeys) {
            std::string name = "CANN_EMULATOR_";
            for (const char *letter = key; *letter != 0; letter++) {
                name += *letter == '-' ? '_' : static_cast<char>(*letter - 'a' + 'A');
            }
            if (const char *value = std::getenv(name.c_str())) {
                std::string list = value;
                for (size_t start = 0; start <= list.size();) {
                    const size_t comma = std::min(list.find(',', start), list.size());
                    try {
                        apply(std::string(key) + "=" + list.substr(start, comma - start));
                    } catch (const Refusal &refusal) {
                        std::fprintf(stderr, "%s: %s\n", name.c_str(), refusal.rule.c_str());
                    }
                    start = comma + 1;
                }
            }
        }
    }
};

const Environment kEnvironment;

} // namespace

Settings &settings()
{
    static Settings current;
    return current;
}

void control(const std::string &commands)
{
    for (size_t start = 0; start < commands.size();) {
        const size_t end = std::min(commands.find(';', start), commands.size());
        if (end > start) {
            apply(commands.substr(start, end - start));
        }
        start = end + 1;
    }
}

} // namespace emu

int cannEmulatorControl(const char *commands)
{
    try {
        emu::control(commands);
        return 0;
    } catch (const emu::Refusal &refusal) {
        emu::recent_message() = refusal.rule;
        return refusal.code;
    }
}

size_t cannEmulatorReport(char *buffer, size_t size)
{
    const std::string json = emu::faults::report();
    if (buffer != nullptr && size > 0) {
        const size_t count = std::min(size - 1, json.size());
        std::memcpy(buffer, json.data(), count);
        buffer[count] = 0;
    }
    return json.size() + 1;
}
