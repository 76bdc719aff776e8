#pragma once
#include "abi/driver.h"

// Types and functions of the NVML API reference.
enum nvmlReturn_t : int {
    NVML_SUCCESS = 0,
    NVML_ERROR_UNINITIALIZED = 1,
    NVML_ERROR_INVALID_ARGUMENT = 2,
    NVML_ERROR_NOT_SUPPORTED = 3,
    NVML_ERROR_NOT_FOUND = 6,
    NVML_ERROR_INSUFFICIENT_SIZE = 7,
    NVML_ERROR_DRIVER_NOT_LOADED = 9,
    NVML_ERROR_GPU_IS_LOST = 15,
    NVML_ERROR_UNKNOWN = 999
};
using nvmlDevice_t = struct nvmlDevice_st *;
struct nvmlMemory_t {
    unsigned long long total, free, used;
};
struct nvmlPciInfo_t {
    char busIdLegacy[16];
    unsigned domain, bus, device, pciDeviceId, pciSubSystemId;
    char busId[32];
};

CUDA_EXPORT nvmlReturn_t nvmlInit_v2();
CUDA_EXPORT nvmlReturn_t nvmlInitWithFlags(unsigned flags);
CUDA_EXPORT nvmlReturn_t nvmlShutdown();
CUDA_EXPORT const char *nvmlErrorString(nvmlReturn_t result);
CUDA_EXPORT nvmlReturn_t nvmlSystemGetDriverVersion(char *version, unsigned length);
CUDA_EXPORT nvmlReturn_t nvmlSystemGetNVMLVersion(char *version, unsigned length);
CUDA_EXPORT nvmlReturn_t nvmlSystemGetCudaDriverVersion_v2(int *version);
CUDA_EXPORT nvmlReturn_t nvmlDeviceGetCount_v2(unsigned *count);
CUDA_EXPORT nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned index, nvmlDevice_t *device);
CUDA_EXPORT nvmlReturn_t nvmlDeviceGetHandleByPciBusId_v2(const char *id, nvmlDevice_t *device);
CUDA_EXPORT nvmlReturn_t nvmlDeviceGetHandleByUUID(const char *uuid, nvmlDevice_t *device);
CUDA_EXPORT nvmlReturn_t nvmlDeviceGetIndex(nvmlDevice_t device, unsigned *index);
CUDA_EXPORT nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char *name, unsigned length);
CUDA_EXPORT nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char *uuid, unsigned length);
CUDA_EXPORT nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory);
CUDA_EXPORT nvmlReturn_t nvmlDeviceGetCudaComputeCapability(nvmlDevice_t device, int *major, int *minor);
CUDA_EXPORT nvmlReturn_t nvmlDeviceGetMigMode(nvmlDevice_t device, unsigned *current, unsigned *pending);
CUDA_EXPORT nvmlReturn_t nvmlDeviceGetNvLinkState(nvmlDevice_t device, unsigned link, int *active);
CUDA_EXPORT nvmlReturn_t nvmlDeviceGetPciInfo_v3(nvmlDevice_t device, nvmlPciInfo_t *info);
