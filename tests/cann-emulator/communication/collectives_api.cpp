// Collectives, each an exchange of bytes followed by local arithmetic: ranks are added in order, and each sum is rounded to the data's type,
// as a reduction in memory of that type does. Reference: hccl docs/zh/api_ref/comm_op_interface (HcclAllReduce.md and its neighbours).
#include <algorithm>
#include <cstring>

#include "abi_functions.h"
#include "communication/communicator.h"
#include "operators/tensor.h"
#include "runtime/codes.h"
#include "runtime/memory.h"
#include "runtime/refusal.h"
#include "runtime/stream.h"

namespace emu {

namespace {

using Parts = std::vector<std::vector<std::byte>>;

aclDataType type_of(HcclDataType type)
{
    switch (type) {
        case HCCL_DATA_TYPE_INT8: return ACL_INT8;
        case HCCL_DATA_TYPE_INT16: return ACL_INT16;
        case HCCL_DATA_TYPE_INT32: return ACL_INT32;
        case HCCL_DATA_TYPE_FP16: return ACL_FLOAT16;
        case HCCL_DATA_TYPE_FP32: return ACL_FLOAT;
        case HCCL_DATA_TYPE_INT64: return ACL_INT64;
        case HCCL_DATA_TYPE_UINT64: return ACL_UINT64;
        case HCCL_DATA_TYPE_UINT8: return ACL_UINT8;
        case HCCL_DATA_TYPE_UINT16: return ACL_UINT16;
        case HCCL_DATA_TYPE_UINT32: return ACL_UINT32;
        case HCCL_DATA_TYPE_FP64: return ACL_DOUBLE;
        case HCCL_DATA_TYPE_BFP16: return ACL_BF16;
        default: refuse(HCCL_E_NOT_SUPPORT, "data type %d is not supported on A2 and A3", type);
    }
}

/// A2 and A3 reduce int8, int16, int32, int64, float16, float32, bfp16; no product of int16 and bfp16.
void check_reduction(HcclDataType type, HcclReduceOp op)
{
    const aclDataType element = type_of(type);
    const bool reducible = element == ACL_INT8 || element == ACL_INT16 || element == ACL_INT32 || element == ACL_INT64 || element == ACL_FLOAT16
        || element == ACL_FLOAT || element == ACL_BF16;
    if (!reducible || op < HCCL_REDUCE_SUM || op > HCCL_REDUCE_MIN || (op == HCCL_REDUCE_PROD && (element == ACL_INT16 || element == ACL_BF16))) {
        refuse(HCCL_E_NOT_SUPPORT, "reduction %d of %s is not supported on A2 and A3", op, name_of(element));
    }
}

/// One collective on one rank: what it gives, and what it does with everybody's bytes.
struct Collective {
    const char *name;
    Agreement agreement;
    const void *send;
    size_t sendBytes;
    void *receive;
    size_t receiveBytes;
};

void check_buffer(int device, const void *address, size_t bytes, size_t alignment, const char *what)
{
    if (bytes == 0) {
        return;
    }
    if (address == nullptr) {
        refuse(HCCL_E_PTR, "%s is null", what);
    }
    if (reinterpret_cast<uintptr_t>(address) % alignment != 0) {
        refuse(HCCL_E_PARA, "%s at %p is not aligned to its element of %zu bytes", what, address, alignment);
    }
    device_memory::check(device, reinterpret_cast<uintptr_t>(address), bytes, HCCL_E_MEMORY, what);
}

template <class Finish>
HcclResult collective(const Collective &call, size_t alignment, HcclComm comm, aclrtStream handle, Finish finish)
{
    const std::shared_ptr<Communicator> communicator = communicators().get(comm);
    const std::shared_ptr<Stream> stream = stream_of(handle);
    if (stream->device != communicator->device) {
        refuse(HCCL_E_PARA, "the communicator is of device %d, the stream of device %d", communicator->device->id, stream->device->id);
    }
    if (communicator->suspended) {
        refuse(HCCL_E_SUSPENDING, "the communicator is suspended");
    }
    const int device = stream->device->id;
    check_buffer(device, call.send, call.sendBytes, alignment, "sendBuf");
    check_buffer(device, call.receive, call.receiveBytes, alignment, "recvBuf");
    stream->submit({call.name, [communicator, call, device, finish] {
        for (const auto &[address, bytes] : {std::pair<const void *, size_t>{call.send, call.sendBytes}, {call.receive, call.receiveBytes}}) {
            if (bytes > 0) {
                device_memory::check(device, reinterpret_cast<uintptr_t>(address), bytes, kAicoreException, call.name);
            }
        }
        try {
            const std::byte *give = call.sendBytes > 0 ? device_memory::bytes(reinterpret_cast<uintptr_t>(call.send)) : nullptr;
            const Parts parts = communicator->group->exchange(call.agreement, give, call.sendBytes, execution_timeout());
            finish(parts, call.receiveBytes > 0 ? device_memory::bytes(reinterpret_cast<uintptr_t>(call.receive)) : nullptr);
        } catch (const Refusal &refusal) {
            communicator->failure = refusal.code == 107020 ? HCCL_E_TIMEOUT : HCCL_E_REMOTE;
            throw;
        }
    }});
    return HCCL_SUCCESS;
}

template <class Value, class Load, class Store>
void fold(const Parts &parts, size_t first, size_t count, HcclReduceOp op, std::byte *out, Load load, Store store)
{
    for (size_t i = 0; i < count; i++) {
        Value sum = load(parts[0].data(), first + i);
        for (size_t rank = 1; rank < parts.size(); rank++) {
            const Value next = load(parts[rank].data(), first + i);
            sum = op == HCCL_REDUCE_SUM ? sum + next : op == HCCL_REDUCE_PROD ? sum * next : (op == HCCL_REDUCE_MAX) == (next > sum) ? next : sum;
            store(out, i, sum); // rounds
            sum = load(out, i);
        }
        store(out, i, sum);
    }
}

template <class Stored>
void fold_plain(const Parts &parts, size_t first, size_t count, HcclReduceOp op, std::byte *out)
{
    fold<Stored>(parts, first, count, op, out,
        [](const std::byte *from, size_t i) {
            Stored value;
            std::memcpy(&value, from + i * sizeof(value), sizeof(value));
            return value;
        },
        [](std::byte *to, size_t i, Stored value) { std::memcpy(to + i * sizeof(value), &value, sizeof(value)); });
}

/// Elements [first, first + count) of everybody's bytes, reduced into `out`.
void reduce(const Parts &parts, size_t first, size_t count, aclDataType type, HcclReduceOp op, std::byte *out)
{
    switch (type) {
        case ACL_FLOAT: return fold_plain<float>(parts, first, count, op, out);
        case ACL_INT8: return fold_plain<int8_t>(parts, first, count, op, out);
        case ACL_INT16: return fold_plain<int16_t>(parts, first, count, op, out);
        case ACL_INT32: return fold_plain<int32_t>(parts, first, count, op, out);
        case ACL_INT64: return fold_plain<int64_t>(parts, first, count, op, out);
        default: break;
    }
    fold<float>(parts, first, count, op, out,
        [type](const std::byte *from, size_t i) {
            uint16_t bits;
            std::memcpy(&bits, from + i * sizeof(bits), sizeof(bits));
            return type == ACL_BF16 ? from_bfloat(bits) : from_half(bits);
        },
        [type](std::byte *to, size_t i, float value) {
            const uint16_t bits = type == ACL_BF16 ? to_bfloat(value) : to_half(value);
            std::memcpy(to + i * sizeof(bits), &bits, sizeof(bits));
        });
}

std::vector<uint64_t> numbers(const void *array, size_t count)
{
    const auto *values = static_cast<const uint64_t *>(array);
    return {values, values + count};
}

} // namespace

HcclResult HcclAllReduce(void *sendBuf, void *recvBuf, uint64_t count, HcclDataType dataType, HcclReduceOp op, HcclComm comm, aclrtStream stream)
{
    check_reduction(dataType, op);
    const aclDataType type = type_of(dataType);
    const size_t bytes = count * size_of(type);
    const Collective call = {"HcclAllReduce", {1, static_cast<uint32_t>(dataType), static_cast<uint32_t>(op), 0, count}, sendBuf, bytes, recvBuf, bytes};
    return collective(call, size_of(type), comm, stream, [=](const Parts &parts, std::byte *out) { reduce(parts, 0, count, type, op, out); });
}

HcclResult HcclReduce(void *sendBuf, void *recvBuf, uint64_t count, HcclDataType dataType, HcclReduceOp op, uint32_t root, HcclComm comm,
    aclrtStream stream)
{
    check_reduction(dataType, op);
    const aclDataType type = type_of(dataType);
    const bool mine = communicators().get(comm)->group->rank() == root;
    const size_t bytes = count * size_of(type);
    const Collective call = {"HcclReduce", {2, static_cast<uint32_t>(dataType), static_cast<uint32_t>(op), root, count}, sendBuf, bytes, recvBuf,
        mine ? bytes : 0};
    return collective(call, size_of(type), comm, stream, [=](const Parts &parts, std::byte *out) {
        if (mine) {
            reduce(parts, 0, count, type, op, out);
        }
    });
}

HcclResult HcclReduceScatter(void *sendBuf, void *recvBuf, uint64_t recvCount, HcclDataType dataType, HcclReduceOp op, HcclComm comm,
    aclrtStream stream)
{
    check_reduction(dataType, op);
    const aclDataType type = type_of(dataType);
    const std::shared_ptr<Communicator> communicator = communicators().get(comm);
    const size_t bytes = recvCount * size_of(type);
    const size_t rank = communicator->group->rank();
    const Collective call = {"HcclReduceScatter", {3, static_cast<uint32_t>(dataType), static_cast<uint32_t>(op), 0, recvCount}, sendBuf,
        bytes * communicator->group->ranks(), recvBuf, bytes};
    return collective(call, size_of(type), comm, stream,
        [=](const Parts &parts, std::byte *out) { reduce(parts, rank * recvCount, recvCount, type, op, out); });
}

HcclResult HcclAllGather(void *sendBuf, void *recvBuf, uint64_t sendCount, HcclDataType dataType, HcclComm comm, aclrtStream stream)
{
    const size_t size = size_of(type_of(dataType));
    const std::shared_ptr<Communicator> communicator = communicators().get(comm);
    const Collective call = {"HcclAllGather", {4, static_cast<uint32_t>(dataType), 0, 0, sendCount}, sendBuf, sendCount * size, recvBuf,
        sendCount * size * communicator->group->ranks()};
    return collective(call, size, comm, stream, [](const Parts &parts, std::byte *out) {
        for (const std::vector<std::byte> &part : parts) {
            out = std::copy(part.begin(), part.end(), out);
        }
    });
}

HcclResult HcclBroadcast(void *buf, uint64_t count, HcclDataType dataType, uint32_t root, HcclComm comm, aclrtStream stream)
{
    const size_t size = size_of(type_of(dataType));
    const std::shared_ptr<Communicator> communicator = communicators().get(comm);
    if (root >= communicator->group->ranks()) {
        refuse(HCCL_E_PARA, "root %u of %u ranks", root, communicator->group->ranks());
    }
    const bool mine = communicator->group->rank() == root;
    const Collective call = {"HcclBroadcast", {5, static_cast<uint32_t>(dataType), 0, root, count}, buf, mine ? count * size : 0, buf, count * size};
    return collective(call, size, comm, stream, [=](const Parts &parts, std::byte *out) { std::copy(parts[root].begin(), parts[root].end(), out); });
}

HcclResult HcclAlltoAll(const void *sendBuf, uint64_t sendCount, HcclDataType sendType, const void *recvBuf, uint64_t recvCount,
    HcclDataType recvType, HcclComm comm, aclrtStream stream)
{
    if (sendCount != recvCount || sendType != recvType) {
        refuse(HCCL_E_PARA, "sendCount and recvCount, sendType and recvType are the same in HcclAlltoAll");
    }
    const size_t bytes = sendCount * size_of(type_of(sendType));
    const std::shared_ptr<Communicator> communicator = communicators().get(comm);
    const size_t rank = communicator->group->rank();
    const size_t total = bytes * communicator->group->ranks();
    const Collective call = {"HcclAlltoAll", {6, static_cast<uint32_t>(sendType), 0, 0, sendCount}, sendBuf, total, const_cast<void *>(recvBuf), total};
    return collective(call, size_of(type_of(sendType)), comm, stream, [=](const Parts &parts, std::byte *out) {
        for (const std::vector<std::byte> &part : parts) {
            out = std::copy_n(part.begin() + static_cast<ptrdiff_t>(rank * bytes), bytes, out);
        }
    });
}

HcclResult HcclAlltoAllV(const void *sendBuf, const void *sendCounts, const void *sdispls, HcclDataType sendType, const void *recvBuf,
    const void *recvCounts, const void *rdispls, HcclDataType recvType, HcclComm comm, aclrtStream stream)
{
    if (sendType != recvType || sendCounts == nullptr || sdispls == nullptr || recvCounts == nullptr || rdispls == nullptr) {
        refuse(HCCL_E_PARA, "HcclAlltoAllV takes four host arrays and one type");
    }
    const size_t size = size_of(type_of(sendType));
    const std::shared_ptr<Communicator> communicator = communicators().get(comm);
    const size_t ranks = communicator->group->ranks();
    const size_t rank = communicator->group->rank();
    const std::vector<uint64_t> counts = numbers(sendCounts, ranks);
    const std::vector<uint64_t> starts = numbers(sdispls, ranks);
    const std::vector<uint64_t> wanted = numbers(recvCounts, ranks);
    const std::vector<uint64_t> places = numbers(rdispls, ranks);
    size_t give = 0;
    size_t take = 0;
    for (size_t i = 0; i < ranks; i++) {
        give = std::max<size_t>(give, (starts[i] + counts[i]) * size);
        take = std::max<size_t>(take, (places[i] + wanted[i]) * size);
    }
    const Collective call = {"HcclAlltoAllV", {7, static_cast<uint32_t>(sendType), 0, 0, 0}, sendBuf, give, const_cast<void *>(recvBuf), take};
    // The counts travel first: a rank learns where its share lies in the others' bytes.
    const auto layout = std::make_shared<std::vector<uint64_t>>(counts);
    layout->insert(layout->end(), starts.begin(), starts.end());
    return collective(call, size, comm, stream, [=](const Parts &parts, std::byte *out) {
        const Parts layouts = communicator->group->exchange({8, 0, 0, 0, ranks}, reinterpret_cast<const std::byte *>(layout->data()),
            layout->size() * sizeof(uint64_t), execution_timeout());
        for (size_t from = 0; from < ranks; from++) {
            const std::vector<uint64_t> theirs = numbers(layouts[from].data(), 2 * ranks);
            if (theirs[rank] != wanted[from]) {
                refuse(kAicoreException, "rank %zu sends %llu elements, rank %zu expects %llu", from, static_cast<unsigned long long>(theirs[rank]), rank,
                    static_cast<unsigned long long>(wanted[from]));
            }
            std::copy_n(parts[from].begin() + static_cast<ptrdiff_t>(theirs[ranks + rank] * size), wanted[from] * size, out + places[from] * size);
        }
    });
}

HcclResult HcclBarrier(HcclComm comm, aclrtStream stream)
{
    const Collective call = {"HcclBarrier", {9, 0, 0, 0, 0}, nullptr, 0, nullptr, 0};
    return collective(call, 1, comm, stream, [](const Parts &, std::byte *) {});
}

} // namespace emu
