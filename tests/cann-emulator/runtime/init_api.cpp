// Rules: "initialisation and deinitialisation", "exception handling" and "other APIs" of the runtime's API reference.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "abi_functions.h"
#include "operators/numbers.h"
#include "runtime/capture.h"
#include "runtime/codes.h"
#include "runtime/device.h"
#include "runtime/memory.h"
#include "runtime/profile.h"
#include "runtime/refusal.h"

namespace emu {

aclError aclInit(const char *)
{
    if (is_initialised()) {
        refuse(kRepeatInitialise, "aclInit is called once in a process");
    }
    set_initialised(true);
    return 0;
}

aclError aclFinalize()
{
    if (!is_initialised()) {
        refuse(kUninitialised, "aclFinalize without aclInit");
    }
    set_initialised(false);
    return 0;
}

aclError aclFinalizeReference(uint64_t *refCount)
{
    const aclError code = aclFinalize();
    if (refCount != nullptr) {
        *refCount = 0;
    }
    return code;
}

aclError aclrtGetVersion(int32_t *majorVersion, int32_t *minorVersion, int32_t *patchVersion)
{
    *majorVersion = 1;
    *minorVersion = cann_at_least(9, 0) ? 16 : cann_at_least(8, 5) ? 15 : 14;
    *patchVersion = 0;
    return 0;
}

aclError aclsysGetCANNVersion(aclCANNPackageName name, aclCANNPackageVersion *version)
{
    if (name < ACL_PKG_NAME_CANN || name > ACL_PKG_NAME_DRIVER || version == nullptr) {
        refuse(kInvalidParameter, "package %d is none of 0..7", name);
    }
    const char *text = name == ACL_PKG_NAME_DRIVER ? profile().driver : profile().cann;
    std::memset(version, 0, sizeof(*version));
    std::snprintf(version->version, sizeof(version->version), "%s", text);
    std::sscanf(text, "%63[^.].%63[^.].%63s", version->majorVersion, version->minorVersion, version->releaseVersion);
    return 0;
}

aclError aclsysGetVersionStr(char *pkgName, char *versionStr)
{
    if (pkgName == nullptr || versionStr == nullptr) {
        refuse(kInvalidParameter, "pkgName or versionStr is null");
    }
    std::strcpy(versionStr, std::strcmp(pkgName, "driver") == 0 ? profile().driver : profile().cann);
    return 0;
}

const char *aclGetRecentErrMsg()
{
    // Hands out and clears: the text lives until the thread's next call of this function.
    thread_local std::string handed;
    handed.swap(recent_message());
    recent_message().clear();
    return handed.empty() ? nullptr : handed.c_str();
}

aclError aclrtGetLastError(aclrtLastErrLevel)
{
    const int code = recent_code();
    recent_code() = 0;
    return code;
}

aclError aclrtPeekAtLastError(aclrtLastErrLevel)
{
    return recent_code();
}

const char *aclrtGetSocName()
{
    return profile().soc;
}

aclError aclGetCannAttributeList(const aclCannAttr **cannAttrList, size_t *num)
{
    static const aclCannAttr kAttributes[] = {ACL_CANN_ATTR_INF_NAN, ACL_CANN_ATTR_BF16, ACL_CANN_ATTR_JIT_COMPILE};
    *cannAttrList = kAttributes;
    *num = 3;
    return 0;
}

aclError aclGetCannAttribute(aclCannAttr cannAttr, int32_t *value)
{
    *value = cannAttr == ACL_CANN_ATTR_INF_NAN || cannAttr == ACL_CANN_ATTR_BF16 ? 1 : 0;
    return 0;
}

aclError aclGetDeviceCapability(uint32_t deviceId, aclDeviceInfo deviceInfo, int64_t *value)
{
    device_at(static_cast<int>(deviceId));
    switch (deviceInfo) {
        case ACL_DEVICE_INFO_AI_CORE_NUM: *value = profile().cubeCores; return 0;
        case ACL_DEVICE_INFO_VECTOR_CORE_NUM: *value = profile().vectorCores; return 0;
        case ACL_DEVICE_INFO_L2_SIZE: *value = static_cast<int64_t>(profile().l2Bytes); return 0;
        default: refuse(kInvalidParameter, "device information %d is none of 0..2", deviceInfo);
    }
}

size_t aclDataTypeSize(aclDataType dataType)
{
    return size_of(dataType);
}

float aclFloat16ToFloat(aclFloat16 value)
{
    return from_half(value);
}

aclFloat16 aclFloatToFloat16(float value)
{
    return to_half(value);
}

aclError aclrtGetErrorVerbose(int32_t deviceId, aclrtErrorInfo *errorInfo)
{
    const std::shared_ptr<Device> device = device_at(deviceId);
    std::lock_guard<std::mutex> lock(device->mutex);
    std::memset(errorInfo, 0, sizeof(*errorInfo));
    if (device->fault == kDeviceMemoryError) {
        errorInfo->tryRepair = 1;
        errorInfo->hasDetail = 1;
        errorInfo->errorType = ACL_RT_ERROR_MEMORY;
        errorInfo->detail.uceInfo.arraySize = 1;
        errorInfo->detail.uceInfo.memUceInfoArray[0].addr = reinterpret_cast<void *>(device->faultAddress);
        errorInfo->detail.uceInfo.memUceInfoArray[0].len = 32;
    } else if (device->fault != 0) {
        errorInfo->errorType = device->fault == kAicoreException ? ACL_RT_ERROR_AICORE : ACL_RT_ERROR_OTHERS;
    }
    return 0;
}

namespace {

/// A repaired memory error leaves a device that works again; nothing else can be repaired in place.
void repair(Device &device)
{
    std::lock_guard<std::mutex> lock(device.mutex);
    if (device.fault != kDeviceMemoryError) {
        refuse(kRtParameter, "device %d has no memory error to repair", device.id);
    }
    device.fault = 0;
    device.faultText.clear();
    device.faultAddress = 0;
}

} // namespace

aclError aclrtRepairError(int32_t deviceId, const aclrtErrorInfo *)
{
    repair(*device_at(deviceId));
    return 0;
}

aclError aclrtGetMemUceInfo(int32_t deviceId, aclrtMemUceInfo *memUceInfoArray, size_t arraySize, size_t *retSize)
{
    const std::shared_ptr<Device> device = device_at(deviceId);
    std::lock_guard<std::mutex> lock(device->mutex);
    *retSize = device->fault == kDeviceMemoryError && arraySize > 0 ? 1 : 0;
    if (*retSize == 1) {
        std::memset(memUceInfoArray, 0, sizeof(*memUceInfoArray));
        memUceInfoArray[0].addr = reinterpret_cast<void *>(device->faultAddress);
        memUceInfoArray[0].len = 32;
    }
    return 0;
}

aclError aclrtMemUceRepair(int32_t deviceId, aclrtMemUceInfo *, size_t)
{
    repair(*device_at(deviceId));
    return 0;
}

} // namespace emu
