#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "shim/thread.h"

namespace emu {

/// Leaves the running stack for another: the registers a call preserves go onto it, its top into `*from`.
extern "C" void cuda_emulator_switch(void **from, void *to);

/// The stacks of a block's threads. Each holds its thread at its low end, then a page that nobody can touch, then room for local
/// variables: 56 KiB, a ninth of what the hardware allows a thread.
class Stacks {
public:
    Stacks();
    ~Stacks();
    Stacks(const Stacks &) = delete;
    Stacks &operator=(const Stacks &) = delete;

    /// A thread on a free stack, that will begin in `entry`.
    cuda_emulator::Thread *take(void (*entry)());
    void give(cuda_emulator::Thread *thread);
    /// Every stack is free again, whatever ran there.
    void reset();

    static uintptr_t top(const cuda_emulator::Thread *thread) { return reinterpret_cast<uintptr_t>(thread) + cuda_emulator::kStackBytes; }
    static constexpr size_t kCount = 1024;

private:
    uintptr_t _base = 0;
    void *_mapping = nullptr;
    std::vector<cuda_emulator::Thread *> _free;
    size_t _made = 0;
};

} // namespace emu
