#pragma once
#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/fiber.h"
#include "core/launch.h"
#include "core/races.h"
#include "core/shared_memory.h"
#include "core/trap.h"

namespace emu {

struct Failure {
    int code = 0;
    std::string text;
};

/// Where a thread of the running block is.
enum class Progress : unsigned char { Fresh, Ready, AtBarrier, InWarp, Done };

/// Runs blocks, one at a time, on the host thread that holds it: every CUDA thread is a fiber, which runs until it waits for others.
/// Threads that never wait take turns on one stack.
class Runner {
public:
    Runner();
    Runner(const Runner &) = delete;
    Runner &operator=(const Runner &) = delete;

    /// Runs one block to its end; false when it failed.
    bool run(const Launch &launch, void **arguments, uint3 block);
    const Failure &failure() const { return _failure; }

    int barrier(cuda_emulator::Thread *thread, cuda_emulator::BarrierKind kind, int predicate, int line);
    unsigned long long exchange(cuda_emulator::Thread *thread, unsigned mask, cuda_emulator::ExchangeKind kind, unsigned long long value,
        int selector, int width, int line);
    void *shared(cuda_emulator::Thread *thread, unsigned slot, unsigned size, unsigned alignment, const char *name);
    void access(cuda_emulator::Thread *thread, const void *address, unsigned size, bool write, bool atomic, const void *where);
    /// Ends the block with a failure; the calling fiber never goes on.
    [[noreturn]] void stop(const cuda_emulator::Thread *thread, int code, const std::string &text);
    void yield(cuda_emulator::Thread *thread);

    static const cuda_emulator::Runtime kRuntime;

    std::atomic<int64_t> deadline{0}; ///< steady nanoseconds; 0: nothing runs
    std::atomic<bool> expired{false};
    pthread_t thread{};

private:
    /// What a lane brought to the warp function it waits in.
    struct Lane {
        bool waits = false;
        unsigned mask = 0;
        cuda_emulator::ExchangeKind kind{};
        unsigned long long value = 0;
        int selector = 0, width = 32, line = 0;
    };
    struct Warp {
        Lane lanes[32];
        unsigned exited = 0; ///< lanes that returned, or that the block does not have
        unsigned events = 0;
    };

    static void begin();
    static void abandoned();

    void prepare(const Launch &launch, uint3 block);
    void resume(unsigned linear);
    void leave(cuda_emulator::Thread *thread);
    void finish(cuda_emulator::Thread *thread);
    void release_barrier();
    bool complete_warp(unsigned warp, unsigned mask, const cuda_emulator::Thread *by);
    void compute_warp(Warp &warp, unsigned first, unsigned lane, unsigned group);
    void shuffle_order(std::vector<unsigned> &order);
    void record_signal();
    std::string where(const cuda_emulator::Thread *thread) const;
    std::string stalemate() const;
    uint3 index_of(unsigned linear) const;

    Stacks _stacks;
    SharedMemory _shared;
    Races _races;
    const Launch *_launch = nullptr;
    void **_arguments = nullptr;
    uint3 _block{};
    unsigned _count = 0;
    unsigned _done = 0;
    std::vector<cuda_emulator::Thread *> _threads;
    std::vector<Progress> _progress;
    std::deque<unsigned> _ready;
    std::vector<Warp> _warps;
    std::vector<unsigned> _order;
    uint64_t _random = 1;

    unsigned _arrived = 0;
    int _barrierLine = 0;
    cuda_emulator::BarrierKind _barrierKind{};
    unsigned _predicates = 0;
    unsigned _epoch = 0; ///< barriers that were passed

    void *_scheduler = nullptr; ///< its stack pointer while a fiber runs
    cuda_emulator::Thread *_running = nullptr;
    Failure _failure;
};

} // namespace emu
