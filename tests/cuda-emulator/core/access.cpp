// What instrumented kernels announce, and what the processor refuses: "illegal address" and "misaligned address" of the error table,
// with the sentence that says where.
#include <dlfcn.h>

#include <csignal>
#include <cstring>

#include "core/memory.h"
#include "core/module.h"
#include "core/runner.h"

namespace emu {

using cuda_emulator::Thread;

namespace {

/// The last region this host thread's kernels touched; good as long as no region came or went.
struct Recent {
    memory::Region region;
    uint64_t generation = 0;
    int device = 0;
};

bool is_reachable(int device, const memory::Region &region)
{
    return region.device == memory::kHost || region.device == device || memory::is_peer(device, region.device);
}

bool is_live(int device, uintptr_t address, unsigned size)
{
    thread_local Recent recent;
    const uint64_t now = memory::generation();
    if (recent.generation == now && recent.device == device && recent.region.holds(address, size)) {
        return true;
    }
    memory::Region region;
    if (!memory::find(address, region) || !region.holds(address, size) || !is_reachable(device, region)) {
        return false;
    }
    recent = {region, now, device};
    return true;
}

const char *name_of(Races::Kind kind)
{
    return kind == Races::Kind::ReadAfterWrite ? "read after write" : kind == Races::Kind::WriteAfterRead ? "write after read" : "write after write";
}

} // namespace

void Runner::access(Thread *thread, const void *pointer, unsigned size, bool write, bool atomic, const void *where)
{
    const auto address = reinterpret_cast<uintptr_t>(pointer);
    const auto stack = reinterpret_cast<uintptr_t>(thread);
    if (address - stack < cuda_emulator::kStackBytes) {
        return; // its own local memory
    }
    const char *verb = atomic ? "atomic access" : write ? "write" : "read";
    if ((size & (size - 1)) == 0 && size <= 16 && address % size != 0) {
        stop(thread, CUDA_ERROR_MISALIGNED_ADDRESS,
            format("%s of %u bytes at 0x%zx%s", verb, size, address, _launch->module->line_of(where).c_str()));
    }
    if (_shared.contains(address)) {
        const char *name = _shared.name_of(address, size);
        if (name == nullptr) {
            stop(thread, CUDA_ERROR_ILLEGAL_ADDRESS,
                format("%s of %u bytes in no variable of shared memory%s", verb, size, _launch->module->line_of(where).c_str()));
        }
        const auto offset = static_cast<unsigned>(address - _shared.base());
        const Races::Found race = _races.touch(offset, size, thread->linear, _epoch, thread->warpEvent, write, atomic);
        if (race.kind != Races::Kind::None) {
            const uint3 other = index_of(race.other);
            stop(thread, CUDA_ERROR_LAUNCH_FAILED,
                format("race in %s: %s, thread (%u,%u,%u) was there and no barrier came between%s", name, name_of(race.kind), other.x, other.y,
                    other.z, _launch->module->line_of(where).c_str()));
        }
        return;
    }
    if (is_live(_launch->device, address, size) || _launch->module->holds(address, size)) {
        return;
    }
    stop(thread, CUDA_ERROR_ILLEGAL_ADDRESS,
        format("%s of %u bytes: %s%s", verb, size, memory::describe(address).c_str(), _launch->module->line_of(where).c_str()));
}

void Runner::record_signal()
{
    const Trap &own = trap();
    const std::string at = _running != nullptr ? where(_running) : "a thread";
    const uintptr_t guard = reinterpret_cast<uintptr_t>(_running) + 4096;
    if (own.signal == SIGFPE) {
        _failure = {CUDA_ERROR_LAUNCH_FAILED, at + ": integer division by zero or overflow, undefined on a device"};
    } else if (own.signal == SIGILL) {
        _failure = {CUDA_ERROR_MISALIGNED_ADDRESS, at + ": an access is not aligned to its type"};
    } else if (own.signal != SIGSEGV && own.signal != SIGBUS) {
        _failure = {CUDA_ERROR_LAUNCH_TIMEOUT, at + ": the kernel ran longer than the watchdog allows"};
    } else if (own.address - guard < 4096) {
        _failure = {CUDA_ERROR_LAUNCH_FAILED, at + ": local variables need more than the emulator's 56 KiB of stack"};
    } else if (_shared.contains(own.address) || own.address - (_shared.base() - 4096) < SharedMemory::kBytes + 8192) {
        _failure = {CUDA_ERROR_ILLEGAL_ADDRESS, at + ": access outside of shared memory"};
    } else {
        _failure = {CUDA_ERROR_ILLEGAL_ADDRESS, at + ": " + memory::describe(own.address)};
    }
}

} // namespace emu
