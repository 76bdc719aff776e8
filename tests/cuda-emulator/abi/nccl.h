#pragma once
#include <cstddef>

#include "abi/driver.h"

// Types and functions of the NCCL documentation, "NCCL API".
enum ncclResult_t : int {
    ncclSuccess = 0,
    ncclUnhandledCudaError = 1,
    ncclSystemError = 2,
    ncclInternalError = 3,
    ncclInvalidArgument = 4,
    ncclInvalidUsage = 5,
    ncclRemoteError = 6,
    ncclInProgress = 7
};

using ncclComm_t = struct ncclComm *;
struct ncclUniqueId {
    char internal[128];
};
/// The members every version's configuration begins with.
struct ncclConfigHead {
    size_t size;
    unsigned magic; ///< 0xcafebeef
    unsigned version;
    int blocking;
};
enum { ncclInt8 = 0, ncclUint8, ncclInt32, ncclUint32, ncclInt64, ncclUint64, ncclFloat16, ncclFloat32, ncclFloat64, ncclBfloat16, ncclFloat8e4m3, ncclFloat8e5m2 };
enum { ncclSum = 0, ncclProd, ncclMax, ncclMin, ncclAvg };

CUDA_EXPORT ncclResult_t ncclGetVersion(int *version);
CUDA_EXPORT ncclResult_t ncclGetUniqueId(ncclUniqueId *id);
CUDA_EXPORT ncclResult_t ncclCommInitRank(ncclComm_t *comm, int ranks, ncclUniqueId id, int rank);
CUDA_EXPORT ncclResult_t ncclCommInitRankConfig(ncclComm_t *comm, int ranks, ncclUniqueId id, int rank, ncclConfigHead *config);
CUDA_EXPORT ncclResult_t ncclCommInitAll(ncclComm_t *comms, int count, const int *devices);
CUDA_EXPORT ncclResult_t ncclCommFinalize(ncclComm_t comm);
CUDA_EXPORT ncclResult_t ncclCommDestroy(ncclComm_t comm);
CUDA_EXPORT ncclResult_t ncclCommAbort(ncclComm_t comm);
CUDA_EXPORT ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t *error);
CUDA_EXPORT ncclResult_t ncclCommCount(ncclComm_t comm, int *count);
CUDA_EXPORT ncclResult_t ncclCommCuDevice(ncclComm_t comm, int *device);
CUDA_EXPORT ncclResult_t ncclCommUserRank(ncclComm_t comm, int *rank);
CUDA_EXPORT const char *ncclGetErrorString(ncclResult_t result);
CUDA_EXPORT const char *ncclGetLastError(ncclComm_t comm);
CUDA_EXPORT ncclResult_t ncclGroupStart();
CUDA_EXPORT ncclResult_t ncclGroupEnd();
CUDA_EXPORT ncclResult_t ncclAllReduce(const void *send, void *receive, size_t count, int type, int op, ncclComm_t comm, CUstream stream);
CUDA_EXPORT ncclResult_t ncclAllGather(const void *send, void *receive, size_t count, int type, ncclComm_t comm, CUstream stream);
CUDA_EXPORT ncclResult_t ncclReduceScatter(const void *send, void *receive, size_t count, int type, int op, ncclComm_t comm, CUstream stream);
CUDA_EXPORT ncclResult_t ncclBroadcast(const void *send, void *receive, size_t count, int type, int root, ncclComm_t comm, CUstream stream);
CUDA_EXPORT ncclResult_t ncclReduce(const void *send, void *receive, size_t count, int type, int op, int root, ncclComm_t comm, CUstream stream);
CUDA_EXPORT ncclResult_t ncclSend(const void *send, size_t count, int type, int peer, ncclComm_t comm, CUstream stream);
CUDA_EXPORT ncclResult_t ncclRecv(void *receive, size_t count, int type, int peer, ncclComm_t comm, CUstream stream);
