// Communicators. Rules: hcomm docs/zh/api_ref/comm_mgr_c (HcclGetRootInfo.md, HcclCommInitRootInfo.md, HcclCommInitRootInfoConfig.md,
// HcclCommInitClusterInfo.md, HcclCommDestroy.md); the limits of HCCL_CONNECT_TIMEOUT and HCCL_EXEC_TIMEOUT in hccl docs/zh/user_guide/hccl_env.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "abi_functions.h"
#include "communication/communicator.h"
#include "runtime/profile.h"
#include "runtime/refusal.h"
#include "runtime/settings.h"

namespace emu {

namespace {

constexpr char kMagic[] = "emulated-root";

[[noreturn]] void refuse_parameter(const char *text)
{
    refuse(HCCL_E_PARA, "%s", text);
}

int seconds_from(const char *variable, int fallback)
{
    const char *text = std::getenv(variable);
    return text == nullptr ? fallback : std::max(1, std::atoi(text));
}

aclError join(const std::string &name, uint32_t ranks, uint32_t rank, HcclComm *comm, int milliseconds)
{
    if (comm == nullptr) {
        refuse(HCCL_E_PTR, "comm is null");
    }
    auto communicator = std::make_shared<Communicator>();
    communicator->device = current_context()->device;
    communicator->group = std::make_unique<Group>(name, ranks, rank, communicator->device->id, milliseconds);
    communicator->name = name.substr(1);
    *comm = communicators().add(communicator);
    return 0;
}

std::string name_in(const HcclRootInfo *rootInfo)
{
    if (rootInfo == nullptr) {
        refuse(HCCL_E_PTR, "rootInfo is null");
    }
    if (std::memcmp(rootInfo->internal, kMagic, sizeof(kMagic)) != 0) {
        refuse_parameter("rootInfo is not what HcclGetRootInfo wrote on the root rank");
    }
    return rootInfo->internal + sizeof(kMagic);
}

/// The fields that every version has; what a newer version holds behind them is not read.
void check_config(const HcclCommConfig *config)
{
    if (config == nullptr) {
        refuse(HCCL_E_PTR, "config is null");
    }
    HcclCommConfig_header header;
    std::memcpy(&header, config, sizeof(header));
    const auto *fields = reinterpret_cast<const HcclCommConfig_v5 *>(config);
    if (header.magicWord != 0xF0F0F0F0u || header.version < 1 || header.size < sizeof(header)) {
        refuse_parameter("config was not initialised: its first 24 bytes are size, magic word and version");
    }
    const size_t expected = header.version <= 5 ? 300 : header.version <= 10 ? 2240 : 2248;
    if (header.version >= 5 && header.size != expected) {
        refuse(HCCL_E_PARA, "config version %u has %zu bytes, %zu were given", header.version, expected, static_cast<size_t>(header.size));
    }
    if (fields->hcclBufferSize == 0 || (fields->hcclDeterministic != 0xFFFFFFFFu && fields->hcclDeterministic > 2)) {
        refuse_parameter("hcclBufferSize is in MB from 1, hcclDeterministic 0, 1 or 2");
    }
}

/// Members of a rank table: as many as it has rank_id entries.
std::pair<std::string, uint32_t> read_table(const char *path)
{
    std::ifstream file(path == nullptr ? "" : path);
    if (!file) {
        refuse(HCCL_E_OPEN_FILE_FAILURE, "rank table %s cannot be read", path == nullptr ? "(null)" : path);
    }
    std::stringstream text;
    text << file.rdbuf();
    const std::string table = text.str();
    uint32_t ranks = 0;
    for (size_t at = table.find("\"rank_id\""); at != std::string::npos; at = table.find("\"rank_id\"", at + 1)) {
        ranks++;
    }
    return {format("/cann-emulator-table-%zx", std::hash<std::string>()(table)), ranks};
}

} // namespace

Handles<Communicator> &communicators()
{
    static auto *kCommunicators = new Handles<Communicator>("HcclComm", 14, HCCL_E_PARA);
    return *kCommunicators;
}

int connect_timeout()
{
    return settings().hcclTimeout > 0 ? settings().hcclTimeout : (seconds_from("HCCL_CONNECT_TIMEOUT", 120) + 20) * 1000;
}

int execution_timeout()
{
    return settings().hcclTimeout > 0 ? settings().hcclTimeout : seconds_from("HCCL_EXEC_TIMEOUT", 1836) * 1000;
}

HcclResult HcclGetRootInfo(HcclRootInfo *rootInfo)
{
    if (rootInfo == nullptr) {
        refuse(HCCL_E_PTR, "rootInfo is null");
    }
    current_context();
    std::memset(rootInfo, 0, sizeof(*rootInfo));
    std::memcpy(rootInfo->internal, kMagic, sizeof(kMagic));
    std::snprintf(rootInfo->internal + sizeof(kMagic), 256, "%s", Group::new_name().c_str());
    return HCCL_SUCCESS;
}

HcclResult HcclCommInitRootInfo(uint32_t nRanks, const HcclRootInfo *rootInfo, uint32_t rank, HcclComm *comm)
{
    join(name_in(rootInfo), nRanks, rank, comm, connect_timeout());
    return HCCL_SUCCESS;
}

HcclResult HcclCommInitRootInfoConfig(uint32_t nRanks, const HcclRootInfo *rootInfo, uint32_t rank, const HcclCommConfig *config, HcclComm *comm)
{
    check_config(config);
    return HcclCommInitRootInfo(nRanks, rootInfo, rank, comm);
}

HcclResult HcclCommInitClusterInfo(const char *clusterInfo, uint32_t rank, HcclComm *comm)
{
    const auto [name, ranks] = read_table(clusterInfo);
    join(name, ranks, rank, comm, connect_timeout());
    return HCCL_SUCCESS;
}

HcclResult HcclCommInitClusterInfoConfig(const char *clusterInfo, uint32_t rank, HcclCommConfig *config, HcclComm *comm)
{
    check_config(config);
    return HcclCommInitClusterInfo(clusterInfo, rank, comm);
}

HcclResult HcclCommInitAll(uint32_t ndev, int32_t *devices, HcclComm *comms)
{
    if (devices == nullptr || comms == nullptr) {
        refuse(HCCL_E_PTR, "devices or comms is null");
    }
    const std::string name = Group::new_name();
    const std::shared_ptr<Context> before = thread_context();
    for (uint32_t i = 0; i < ndev; i++) {
        set_device(devices[i]);
        join(name, ndev, i, &comms[i], 0);
    }
    thread_context() = before;
    return HCCL_SUCCESS;
}

HcclResult HcclCommDestroy(HcclComm comm)
{
    communicators().remove(comm);
    return HCCL_SUCCESS;
}

HcclResult HcclGetRankSize(HcclComm comm, uint32_t *rankSize)
{
    *rankSize = communicators().get(comm)->group->ranks();
    return HCCL_SUCCESS;
}

HcclResult HcclGetRankId(HcclComm comm, uint32_t *rank)
{
    *rank = communicators().get(comm)->group->rank();
    return HCCL_SUCCESS;
}

HcclResult HcclGetCommName(HcclComm comm, char *commName)
{
    std::snprintf(commName, 128, "%s", communicators().get(comm)->name.c_str());
    return HCCL_SUCCESS;
}

HcclResult HcclGetCommAsyncError(HcclComm comm, HcclResult *asyncError)
{
    *asyncError = static_cast<HcclResult>(communicators().get(comm)->failure.load());
    return HCCL_SUCCESS;
}

HcclResult HcclCommSuspend(HcclComm comm)
{
    communicators().get(comm)->suspended = true;
    return HCCL_SUCCESS;
}

HcclResult HcclCommResume(HcclComm comm)
{
    const std::shared_ptr<Communicator> communicator = communicators().get(comm);
    communicator->suspended = false;
    communicator->failure = 0;
    return HCCL_SUCCESS;
}

HcclResult HcclSetConfig(HcclConfig config, HcclConfigValue configValue)
{
    if (config != HCCL_DETERMINISTIC || configValue.value < 0 || configValue.value > 2) {
        refuse_parameter("HCCL_DETERMINISTIC takes 0, 1 or 2");
    }
    return HCCL_SUCCESS;
}

uint32_t HcclGetCommConfigCapability()
{
    return cann_at_least(9, 0) ? HCCL_COMM_CONFIG_RESERVED : 5;
}

const char *HcclGetErrorString(HcclResult code)
{
    switch (code) {
        case HCCL_SUCCESS: return "no error";
        case HCCL_E_PARA: return "parameter error";
        case HCCL_E_PTR: return "empty pointer";
        case HCCL_E_MEMORY: return "memory error";
        case HCCL_E_NOT_SUPPORT: return "not support feature";
        case HCCL_E_TIMEOUT: return "timeout";
        case HCCL_E_RUNTIME: return "call api runtime fail";
        case HCCL_E_REMOTE: return "error from remote";
        case HCCL_E_SUSPENDING: return "communicator is suspending";
        default: return "unknown error";
    }
}

} // namespace emu
