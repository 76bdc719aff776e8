#pragma once
#include <cstdint>

namespace emu {

/// What a stand-in toolkit pretends to be installed on. One profile per built folder.
struct Profile {
    const char *name;
    const char *platform; ///< "A2" or "A3"
    const char *soc;      ///< what aclrtGetSocName answers
    const char *chip;     ///< what the driver calls the chip
    const char *architecture;
    const char *cann;
    const char *driver;
    int devices;
    int cubeCores;
    int vectorCores;
    uint64_t hbmBytes;
    uint64_t l2Bytes;
};

const Profile &profile();

/// True when the profile's CANN is major.minor or newer.
bool cann_at_least(int major, int minor);

} // namespace emu
