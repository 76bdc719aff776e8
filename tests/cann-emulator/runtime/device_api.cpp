// Rules: "device management" and "context management" of the runtime's API reference.
#include <cstdio>
#include <cstring>

#include "abi_functions.h"
#include "runtime/capture.h"
#include "runtime/codes.h"
#include "runtime/device.h"
#include "runtime/memory.h"
#include "runtime/profile.h"
#include "runtime/refusal.h"
#include "runtime/stream.h"

namespace emu {

aclError aclrtSetDevice(int32_t deviceId)
{
    set_device(deviceId);
    return 0;
}

aclError aclrtResetDevice(int32_t deviceId)
{
    forbid_capture_on(*device_at(deviceId), "aclrtResetDevice");
    reset_device(deviceId, false);
    return 0;
}

aclError aclrtResetDeviceForce(int32_t deviceId)
{
    reset_device(deviceId, true);
    return 0;
}

aclError aclrtGetDevice(int32_t *deviceId)
{
    *deviceId = current_context()->device->id;
    return 0;
}

aclError aclrtGetDeviceCount(uint32_t *count)
{
    if (device_count() == 0) {
        refuse(kRtNoDevice, "ASCEND_RT_VISIBLE_DEVICES leaves no device");
    }
    *count = static_cast<uint32_t>(device_count());
    return 0;
}

aclError aclrtGetRunMode(aclrtRunMode *runMode)
{
    *runMode = ACL_HOST;
    return 0;
}

aclError aclrtGetDeviceInfo(uint32_t deviceId, aclrtDevAttr attr, int64_t *value)
{
    device_at(static_cast<int>(deviceId));
    switch (static_cast<int>(attr)) {
        case ACL_DEV_ATTR_AICPU_CORE_NUM: *value = 6; return 0;
        case ACL_DEV_ATTR_AICORE_CORE_NUM:
        case ACL_DEV_ATTR_CUBE_CORE_NUM: *value = profile().cubeCores; return 0;
        case ACL_DEV_ATTR_VECTOR_CORE_NUM: *value = profile().vectorCores; return 0;
        case ACL_DEV_ATTR_TOTAL_GLOBAL_MEM_SIZE: *value = static_cast<int64_t>(device_memory::capacity(0)); return 0;
        case ACL_DEV_ATTR_L2_CACHE_SIZE: *value = static_cast<int64_t>(profile().l2Bytes); return 0;
        case ACL_DEV_ATTR_PHY_CHIP_ID: *value = profile().platform[1] == '3' ? deviceId / 2 : deviceId; return 0;
        case ACL_DEV_ATTR_SUPER_POD_DEVICE_ID: *value = deviceId; return 0;
        case ACL_DEV_ATTR_SUPER_POD_SERVER_ID:
        case ACL_DEV_ATTR_SUPER_POD_ID:
        case ACL_DEV_ATTR_IS_VIRTUAL: *value = 0; return 0;
        default: refuse(kRtParameter, "device attribute %d is not known", attr);
    }
}

aclError aclrtQueryDeviceStatus(int32_t deviceId, aclrtDeviceStatus *deviceStatus)
{
    const std::shared_ptr<Device> device = device_at(deviceId);
    std::lock_guard<std::mutex> lock(device->mutex);
    *deviceStatus = device->lost ? ACL_RT_DEVICE_STATUS_ABNORMAL : ACL_RT_DEVICE_STATUS_NORMAL;
    return 0;
}

aclError aclrtGetDeviceUtilizationRate(int32_t deviceId, aclrtUtilizationInfo *utilizationInfo)
{
    device_at(deviceId);
    utilizationInfo->cubeUtilization = utilizationInfo->vectorUtilization = utilizationInfo->aicpuUtilization = 0;
    utilizationInfo->memoryUtilization = static_cast<int32_t>(device_memory::used(deviceId) * 100 / device_memory::capacity(deviceId));
    return 0;
}

namespace {

aclError synchronise(int milliseconds)
{
    const std::shared_ptr<Context> context = current_context();
    forbid_capture_on(*context->device, "aclrtSynchronizeDevice");
    for (const std::shared_ptr<Stream> &stream : streams().all()) {
        if (stream->device == context->device && stream->wait(milliseconds) == kStreamSyncTimeout) {
            refuse(kStreamSyncTimeout, "device %d did not finish within %d ms", context->device->id, milliseconds);
        }
    }
    context->device->check();
    return 0;
}

} // namespace

aclError aclrtSynchronizeDevice()
{
    return synchronise(-1);
}

aclError aclrtSynchronizeDeviceWithTimeout(int32_t timeout)
{
    return synchronise(timeout);
}

aclError aclrtDeviceGetUuid(int32_t deviceId, aclrtUuid *uuid)
{
    device_at(deviceId);
    std::memset(uuid, 0, sizeof(*uuid));
    std::snprintf(uuid->bytes, sizeof(uuid->bytes), "emulated-%d", deviceId);
    return 0;
}

aclError aclrtDeviceTaskAbort(int32_t deviceId, uint32_t)
{
    const std::shared_ptr<Device> device = device_at(deviceId);
    device->epoch++;
    for (const std::shared_ptr<Stream> &stream : streams().all()) {
        if (stream->device == device) {
            stream->drop();
            stream->wait(10000);
        }
    }
    return 0;
}

aclError aclrtGetPhyDevIdByLogicDevId(const int32_t logicDevId, int32_t *const phyDevId)
{
    *phyDevId = device_at(logicDevId)->id;
    return 0;
}

aclError aclrtGetLogicDevIdByPhyDevId(const int32_t phyDevId, int32_t *const logicDevId)
{
    *logicDevId = device_at(phyDevId)->id;
    return 0;
}

aclError aclrtGetLogicDevIdByUserDevId(const int32_t userDevid, int32_t *const logicDevId)
{
    *logicDevId = device_at(userDevid)->id;
    return 0;
}

aclError aclrtGetUserDevIdByLogicDevId(const int32_t logicDevId, int32_t *const userDevid)
{
    *userDevid = device_at(logicDevId)->id;
    return 0;
}

aclError aclrtDeviceCanAccessPeer(int32_t *canAccessPeer, int32_t deviceId, int32_t peerDeviceId)
{
    device_at(deviceId);
    device_at(peerDeviceId);
    *canAccessPeer = deviceId != peerDeviceId ? 1 : 0;
    return 0;
}

aclError aclrtDeviceEnablePeerAccess(int32_t peerDeviceId, uint32_t flags)
{
    device_at(peerDeviceId);
    if (flags != 0) {
        refuse(kRtParameter, "flags is reserved and 0");
    }
    device_memory::set_peer(current_context()->device->id, peerDeviceId, true);
    return 0;
}

aclError aclrtDeviceDisablePeerAccess(int32_t peerDeviceId)
{
    device_memory::set_peer(current_context()->device->id, peerDeviceId, false);
    return 0;
}

aclError aclrtDevicePeerAccessStatus(int32_t deviceId, int32_t peerDeviceId, int32_t *status)
{
    *status = device_memory::is_peer(deviceId, peerDeviceId) ? 1 : 0;
    return 0;
}

aclError aclrtSetDeviceSatMode(aclrtFloatOverflowMode mode)
{
    if (mode != ACL_RT_OVERFLOW_MODE_INFNAN) {
        refuse(kRtFeature, "the emulator computes in INF/NAN mode only, the default of A2 and A3");
    }
    return 0;
}

aclError aclrtGetDeviceSatMode(aclrtFloatOverflowMode *mode)
{
    *mode = ACL_RT_OVERFLOW_MODE_INFNAN;
    return 0;
}

aclError aclrtCreateContext(aclrtContext *handle, int32_t deviceId)
{
    const std::shared_ptr<Device> device = device_at(deviceId);
    device->check();
    auto context = std::make_shared<Context>();
    context->device = device;
    context->defaultStream = create_stream(context, 0);
    context->token = contexts().add(context);
    thread_context() = context;
    *handle = context->token;
    return 0;
}

aclError aclrtDestroyContext(aclrtContext handle)
{
    const std::shared_ptr<Context> context = contexts().get(handle);
    if (context->primary) {
        refuse(kRtParameter, "the context of aclrtSetDevice is released by aclrtResetDevice");
    }
    contexts().remove(handle);
    if (thread_context() == context) {
        thread_context() = nullptr;
    }
    streams().remove(context->defaultStream->token);
    return 0;
}

aclError aclrtSetCurrentContext(aclrtContext context)
{
    thread_context() = contexts().get(context);
    return 0;
}

aclError aclrtGetCurrentContext(aclrtContext *context)
{
    *context = current_context()->token;
    return 0;
}

aclError aclrtCtxGetCurrentDefaultStream(aclrtStream *stream)
{
    *stream = current_context()->defaultStream->token;
    return 0;
}

aclError aclrtGetPrimaryCtxState(int32_t deviceId, uint32_t *flags, int32_t *active)
{
    if (flags != nullptr) {
        *flags = 0;
    }
    *active = device_at(deviceId)->references > 0 ? 1 : 0;
    return 0;
}

namespace {

aclError set_option(aclSysParamOpt opt, int64_t value)
{
    if (opt < ACL_OPT_DETERMINISTIC || opt > ACL_OPT_ENABLE_KERNEL_EARLY_START || value < 0) {
        refuse(kRtParameter, "system option %d is none of 0..3", opt);
    }
    if (opt == ACL_OPT_DETERMINISTIC) {
        current_context()->device->deterministic = value;
    }
    return 0;
}

aclError get_option(aclSysParamOpt opt, int64_t *value)
{
    *value = opt == ACL_OPT_DETERMINISTIC ? current_context()->device->deterministic : 0;
    return 0;
}

} // namespace

aclError aclrtCtxSetSysParamOpt(aclSysParamOpt opt, int64_t value)
{
    return set_option(opt, value);
}

aclError aclrtSetSysParamOpt(aclSysParamOpt opt, int64_t value)
{
    return set_option(opt, value);
}

aclError aclrtCtxGetSysParamOpt(aclSysParamOpt opt, int64_t *value)
{
    return get_option(opt, value);
}

aclError aclrtGetSysParamOpt(aclSysParamOpt opt, int64_t *value)
{
    return get_option(opt, value);
}

} // namespace emu
