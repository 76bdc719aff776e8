#pragma once
#include <atomic>
#include <memory>
#include <mutex>

#include "abi_types.h"
#include "communication/group.h"
#include "runtime/device.h"
#include "runtime/handles.h"

namespace emu {

/// One rank's HcclComm.
struct Communicator {
    std::unique_ptr<Group> group;
    std::shared_ptr<Device> device;
    std::string name;
    std::atomic<int> failure{0}; ///< an HcclResult for HcclGetCommAsyncError
    std::atomic<bool> suspended{false};
};

Handles<Communicator> &communicators();

/// HCCL_CONNECT_TIMEOUT and HCCL_EXEC_TIMEOUT in milliseconds, or what the control hccl-timeout-ms says.
int connect_timeout();
int execution_timeout();

} // namespace emu
