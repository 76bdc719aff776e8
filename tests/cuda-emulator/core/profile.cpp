#include "core/profile.h"

#include <dlfcn.h>

#include <cstdlib>
#include <string>

#include "core/settings.h"

namespace emu {

namespace {

constexpr uint64_t kMebibyte = 1 << 20;

// Shapes of the cards as their data sheets and the CUDA programming guide's table of compute capabilities give them.
const Profile kProfiles[] = {
    {"h200", "NVIDIA H200", 9, 0, 132, 143771 * kMebibyte, 50 << 20, 1980000, 3201000, 6144, 8, 12080, "570.124.06", 12, 8, false},
    {"h100", "NVIDIA H100 80GB HBM3", 9, 0, 132, 81559 * kMebibyte, 50 << 20, 1980000, 2619000, 5120, 8, 12080, "570.124.06", 12, 8, false},
    {"b200", "NVIDIA B200", 10, 0, 148, 183359 * kMebibyte, 126 << 20, 1965000, 3996000, 8192, 8, 12080, "570.124.06", 12, 8, false},
    {"h200-mig", "NVIDIA H200 MIG 1g.18gb", 9, 0, 16, 16384 * kMebibyte, 6 << 20, 1980000, 3201000, 768, 1, 12080, "570.124.06", 12, 8, true},
    {"h200-old", "NVIDIA H200", 9, 0, 132, 143771 * kMebibyte, 50 << 20, 1980000, 3201000, 6144, 8, 11080, "520.61.05", 12, 8, false},
};

const Profile *find(const std::string &name)
{
    for (const Profile &candidate : kProfiles) {
        if (name == candidate.name) {
            return &candidate;
        }
    }
    return nullptr;
}

const Profile &choose()
{
    if (const char *named = std::getenv("CUDA_EMULATOR_PROFILE")) {
        if (const Profile *found = find(named)) {
            return *found;
        }
    }
    Dl_info own{};
    if (dladdr(reinterpret_cast<const void *>(&find), &own) != 0 && own.dli_fname != nullptr) {
        std::string path = own.dli_fname;
        path.resize(path.find_last_of('/') == std::string::npos ? 0 : path.find_last_of('/'));
        if (const Profile *found = find(path.substr(path.find_last_of('/') + 1))) {
            return *found;
        }
    }
    return kProfiles[0];
}

} // namespace

const Profile &profile()
{
    static const Profile &chosen = choose();
    return chosen;
}

int device_total()
{
    return settings().devices > 0 ? settings().devices : profile().devices;
}

} // namespace emu
