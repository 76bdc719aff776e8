// Rules: "Thread hierarchy", "Synchronization functions" and "Independent thread scheduling" of the CUDA C++ programming guide.
#include "core/runner.h"

#include <cstring>

#include "core/refusal.h"
#include "core/settings.h"

namespace emu {

using cuda_emulator::BarrierKind;
using cuda_emulator::Thread;

namespace {

Runner &of(Thread *thread)
{
    return *reinterpret_cast<Runner *>(thread->runner);
}

} // namespace

const cuda_emulator::Runtime Runner::kRuntime = {
    [](Thread *thread, BarrierKind kind, int predicate, int line) { return of(thread).barrier(thread, kind, predicate, line); },
    [](Thread *thread, unsigned mask, cuda_emulator::ExchangeKind kind, unsigned long long value, int selector, int width, int line) {
        return of(thread).exchange(thread, mask, kind, value, selector, width, line);
    },
    [](Thread *thread, unsigned slot, unsigned size, unsigned alignment, const char *name) {
        return of(thread).shared(thread, slot, size, alignment, name);
    },
    [](Thread *thread, const void *address, unsigned size, bool write, bool atomic, const void *where) {
        of(thread).access(thread, address, size, write, atomic, where);
    },
    [](Thread *thread, int code, const char *text, const char *file, int line) {
        of(thread).stop(thread, code, *file != 0 ? format("assertion %s failed at %s:%d", text, file, line) : format("%s at line %d", text, line));
    },
    [](Thread *thread) { of(thread).yield(thread); },
};

Runner::Runner() : _races(SharedMemory::kBytes) {}

void Runner::begin()
{
    // The running fiber's thread lies at the low end of this stack.
    auto *thread = reinterpret_cast<Thread *>(reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) & ~(cuda_emulator::kStackBytes - 1));
    Runner &runner = of(thread);
    runner._launch->kernel->invoke(runner._arguments);
    runner.finish(thread);
    __builtin_unreachable();
}

void Runner::abandoned()
{
    auto *thread = reinterpret_cast<Thread *>(reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) & ~(cuda_emulator::kStackBytes - 1));
    Runner &runner = of(thread);
    runner.record_signal();
    runner.leave(thread);
    __builtin_unreachable();
}

void Runner::prepare(const Launch &launch, uint3 block)
{
    _launch = &launch;
    _block = block;
    _failure = {};
    _count = launch.block.x * launch.block.y * launch.block.z;
    _done = _arrived = _predicates = _epoch = 0;
    _stacks.reset();
    _shared.begin_block(launch.dynamicBytes);
    _races.begin_block();
    _threads.assign(_count, nullptr);
    _progress.assign(_count, Progress::Fresh);
    _warps.assign((_count + 31) / 32, Warp());
    if (_count % 32 != 0) {
        _warps.back().exited = ~0u << (_count % 32);
    }
    _order.resize(_count);
    for (unsigned i = 0; i < _count; i++) {
        _order[i] = i;
    }
    _random = settings().seed * 0x9E3779B97F4A7C15ull + block.x + 1;
    shuffle_order(_order);
    _ready.assign(_order.begin(), _order.end());
}

void Runner::shuffle_order(std::vector<unsigned> &order)
{
    if (settings().order == Order::Ascending) {
        return;
    }
    if (settings().order == Order::Descending) {
        for (unsigned i = 0; i < order.size(); i++) {
            order[i] = static_cast<unsigned>(order.size()) - 1 - i;
        }
        return;
    }
    for (size_t i = order.size(); i > 1; i--) {
        _random = _random * 6364136223846793005ull + 1442695040888963407ull;
        std::swap(order[i - 1], order[(_random >> 33) % i]);
    }
}

uint3 Runner::index_of(unsigned linear) const
{
    const uint3 &size = _launch->block;
    return {linear % size.x, linear / size.x % size.y, linear / (size.x * size.y)};
}

bool Runner::run(const Launch &launch, void **arguments, uint3 block)
{
    prepare_thread_for_traps();
    thread = pthread_self();
    _arguments = arguments;
    prepare(launch, block);
    while (_failure.code == 0) {
        if (_ready.empty()) {
            if (_done != _count) {
                _failure = {CUDA_ERROR_LAUNCH_FAILED, stalemate()};
            }
            break;
        }
        const unsigned linear = _ready.front();
        _ready.pop_front();
        resume(linear);
    }
    if (_failure.code == 0) {
        const std::string damage = _shared.damage();
        if (!damage.empty()) {
            _failure = {CUDA_ERROR_ILLEGAL_ADDRESS, format("block (%u,%u,%u): ", block.x, block.y, block.z) + damage};
        }
    }
    return _failure.code == 0;
}

void Runner::resume(unsigned linear)
{
    Thread *next = _threads[linear];
    if (next == nullptr) {
        next = _threads[linear] = _stacks.take(begin);
        next->threadIndex = index_of(linear);
        next->blockIndex = _block;
        next->blockSize = _launch->block;
        next->gridSize = _launch->grid;
        next->linear = linear;
        next->lane = linear % 32;
        next->warp = linear / 32;
        next->dynamicShared = _shared.dynamic();
        next->runner = reinterpret_cast<cuda_emulator::Runner *>(this);
        next->warpEvent = 0;
        next->spins = 0;
    }
    _progress[linear] = Progress::Ready;
    _running = next;
    Trap &own = trap();
    own.onFiber = true;
    own.abandon = abandoned;
    own.stackTop = Stacks::top(next);
    own.armed = true;
    cuda_emulator_switch(&_scheduler, next->stackPointer);
    own.armed = false;
    _running = nullptr;
}

void Runner::leave(Thread *thread)
{
    cuda_emulator_switch(&thread->stackPointer, _scheduler);
}

void Runner::finish(Thread *thread)
{
    _progress[thread->linear] = Progress::Done;
    _done++;
    Warp &warp = _warps[thread->warp];
    warp.exited |= 1u << thread->lane;
    _threads[thread->linear] = nullptr;
    // Others of its warp may have waited for this lane alone.
    for (unsigned lane = 0; lane < 32; lane++) {
        if (warp.lanes[lane].waits) {
            complete_warp(thread->warp, warp.lanes[lane].mask, nullptr);
        }
    }
    _stacks.give(thread); // reused only after the switch below
    leave(thread);
}

int Runner::barrier(Thread *thread, BarrierKind kind, int predicate, int line)
{
    if (_arrived == 0) {
        _barrierLine = line;
        _barrierKind = kind;
        _predicates = 0;
    } else if (_barrierLine != line || _barrierKind != kind) {
        stop(thread, CUDA_ERROR_LAUNCH_FAILED,
            format("barrier divergence: %u threads wait in __syncthreads at line %d, this one comes to line %d", _arrived, _barrierLine, line));
    }
    _arrived++;
    _predicates += predicate != 0 ? 1 : 0;
    _progress[thread->linear] = Progress::AtBarrier;
    if (_arrived == _count) {
        release_barrier();
    }
    leave(thread);
    return thread->barrierResult;
}

void Runner::release_barrier()
{
    const int result = _barrierKind == cuda_emulator::kBarrierAnd ? static_cast<int>(_predicates == _count)
        : _barrierKind == cuda_emulator::kBarrierOr               ? static_cast<int>(_predicates != 0)
                                                                  : static_cast<int>(_predicates);
    shuffle_order(_order);
    for (const unsigned linear : _order) {
        _threads[linear]->barrierResult = result;
        _ready.push_back(linear);
    }
    _arrived = 0;
    _epoch++;
}

void *Runner::shared(Thread *thread, unsigned slot, unsigned size, unsigned alignment, const char *name)
{
    void *storage = _shared.variable(slot, size, alignment, name);
    if (storage == nullptr) {
        stop(thread, CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES,
            format("static shared memory: with %s (%u bytes) the kernel has more than the %u bytes that may be static", name, size, SharedMemory::kStaticLimit));
    }
    return storage;
}

void Runner::yield(Thread *thread)
{
    if (!_ready.empty()) {
        _ready.push_back(thread->linear);
        leave(thread);
    }
}

void Runner::stop(const Thread *thread, int code, const std::string &text)
{
    trap().armed = false;
    _failure = {code, where(thread) + ": " + text};
    leave(const_cast<Thread *>(thread));
    __builtin_unreachable();
}

std::string Runner::where(const Thread *thread) const
{
    return format("block (%u,%u,%u), thread (%u,%u,%u)", _block.x, _block.y, _block.z, thread->threadIndex.x, thread->threadIndex.y,
        thread->threadIndex.z);
}

std::string Runner::stalemate() const
{
    unsigned atBarrier = 0;
    const Lane *lane = nullptr;
    unsigned waiting = 0, warp = 0;
    for (unsigned i = 0; i < _count; i++) {
        atBarrier += _progress[i] == Progress::AtBarrier ? 1 : 0;
        if (_progress[i] == Progress::InWarp) {
            waiting++;
            lane = &_warps[i / 32].lanes[i % 32];
            warp = i / 32;
        }
    }
    std::string text = format("block (%u,%u,%u): barrier divergence: of %u threads %u have returned", _block.x, _block.y, _block.z, _count, _done);
    if (atBarrier != 0) {
        text += format(", %u wait in __syncthreads at line %d", atBarrier, _barrierLine);
    }
    if (lane != nullptr) {
        text += format(", %u wait in warp functions, of warp %u at line %d for mask 0x%08x", waiting, warp, lane->line, lane->mask);
    }
    return text + ": nobody else can come";
}

} // namespace emu
