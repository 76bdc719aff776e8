#pragma once
#include <cstdint>

namespace emu {

/// What the stand-ins pretend to be installed on. The folder they are loaded from names it, or CUDA_EMULATOR_PROFILE.
struct Profile {
    const char *name;
    const char *device;  ///< what cuDeviceGetName and NVML answer
    int major, minor;    ///< compute capability
    int processors;      ///< streaming multiprocessors
    uint64_t memory;     ///< bytes of device memory
    int l2Bytes;
    int clockKilohertz;
    int memoryClockKilohertz;
    int busBits;
    int devices;
    int driverVersion;   ///< cuDriverGetVersion, 1000 * major + 10 * minor
    const char *driver;  ///< what NVML answers for the driver
    int compilerMajor, compilerMinor; ///< NVRTC
    bool mig;            ///< the device is a slice of a partitioned card
};

const Profile &profile();

/// The number of devices: the profile's or what the "devices" control says.
int device_total();

} // namespace emu
