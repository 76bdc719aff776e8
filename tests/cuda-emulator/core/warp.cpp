// Rules: "Warp vote functions", "Warp match functions", "Warp shuffle functions" of the CUDA C++ programming guide.
#include "core/refusal.h"
#include "core/runner.h"

namespace emu {

using cuda_emulator::ExchangeKind;
using cuda_emulator::Thread;

namespace {

constexpr unsigned long long kUndefined = ~0ull; ///< what a lane reads from one that does not take part: NaN, or -1

const char *name_of(ExchangeKind kind)
{
    switch (kind) {
    case cuda_emulator::kWarpSync: return "__syncwarp";
    case cuda_emulator::kShuffleIndex: return "__shfl_sync";
    case cuda_emulator::kShuffleUp: return "__shfl_up_sync";
    case cuda_emulator::kShuffleDown: return "__shfl_down_sync";
    case cuda_emulator::kShuffleXor: return "__shfl_xor_sync";
    case cuda_emulator::kVote: return "a vote";
    case cuda_emulator::kMatchAny: return "__match_any_sync";
    case cuda_emulator::kMatchAll: return "__match_all_sync";
    default: return "__activemask";
    }
}

/// The lane that a shuffle reads from; the own one where the source lies outside of the segment.
unsigned source_lane(ExchangeKind kind, unsigned lane, int selector, int width)
{
    const unsigned first = lane & ~static_cast<unsigned>(width - 1);
    const unsigned last = first + static_cast<unsigned>(width) - 1;
    switch (kind) {
    case cuda_emulator::kShuffleIndex:
        return first + (static_cast<unsigned>(selector) & static_cast<unsigned>(width - 1));
    case cuda_emulator::kShuffleUp:
        return static_cast<unsigned>(selector) > lane - first ? lane : lane - static_cast<unsigned>(selector);
    case cuda_emulator::kShuffleDown:
        return static_cast<unsigned>(selector) > last - lane ? lane : lane + static_cast<unsigned>(selector);
    default: {
        const unsigned other = lane ^ static_cast<unsigned>(selector);
        return other > last ? lane : other;
    }
    }
}

} // namespace

unsigned long long Runner::exchange(Thread *thread, unsigned mask, ExchangeKind kind, unsigned long long value, int selector, int width, int line)
{
    Warp &warp = _warps[thread->warp];
    if (kind == cuda_emulator::kActiveMask) {
        return ~warp.exited;
    }
    if ((mask >> thread->lane & 1) == 0) {
        stop(thread, CUDA_ERROR_ILLEGAL_INSTRUCTION, format("%s at line %d: mask 0x%08x lacks the calling lane %u", name_of(kind), line, mask, thread->lane));
    }
    if (width <= 0 || width > 32 || (width & (width - 1)) != 0) {
        stop(thread, CUDA_ERROR_ILLEGAL_INSTRUCTION, format("%s at line %d: width %d is no power of two up to 32", name_of(kind), line, width));
    }
    warp.lanes[thread->lane] = {true, mask, kind, value, selector, width, line};
    _progress[thread->linear] = Progress::InWarp;
    if (!complete_warp(thread->warp, mask, thread)) {
        leave(thread);
    }
    return thread->exchanged;
}

bool Runner::complete_warp(unsigned number, unsigned mask, const Thread *by)
{
    Warp &warp = _warps[number];
    const unsigned group = mask & ~warp.exited;
    const Lane *first = nullptr;
    for (unsigned lane = 0; lane < 32; lane++) {
        if ((group >> lane & 1) == 0) {
            continue;
        }
        const Lane &other = warp.lanes[lane];
        if (!other.waits || other.mask != mask) {
            return false;
        }
        if (first == nullptr) {
            first = &other;
        } else if (other.kind != first->kind) {
            const std::string text = format("lanes of mask 0x%08x meet in different functions: %s at line %d, %s at line %d", mask,
                name_of(first->kind), first->line, name_of(other.kind), other.line);
            if (by != nullptr) {
                stop(by, CUDA_ERROR_LAUNCH_FAILED, text);
            }
            _failure = {CUDA_ERROR_LAUNCH_FAILED, text};
            return false;
        }
    }
    if (first == nullptr) {
        return false;
    }
    const unsigned event = first->kind == cuda_emulator::kWarpSync ? ++warp.events : 0;
    for (unsigned lane = 0; lane < 32; lane++) {
        if ((group >> lane & 1) != 0) {
            compute_warp(warp, number * 32, lane, group);
            Thread *own = _threads[number * 32 + lane];
            own->warpEvent = event != 0 ? event : own->warpEvent;
        }
    }
    for (unsigned lane = 32; lane-- > 0;) {
        if ((group >> lane & 1) != 0) {
            warp.lanes[lane].waits = false;
            _progress[number * 32 + lane] = Progress::Ready;
            if (by == nullptr || by->linear != number * 32 + lane) {
                _ready.push_front(number * 32 + lane);
            }
        }
    }
    return true;
}

void Runner::compute_warp(Warp &warp, unsigned first, unsigned lane, unsigned group)
{
    const Lane &own = warp.lanes[lane];
    unsigned long long result = 0;
    switch (own.kind) {
    case cuda_emulator::kWarpSync:
        break;
    case cuda_emulator::kVote:
    case cuda_emulator::kMatchAny:
    case cuda_emulator::kMatchAll:
        for (unsigned other = 0; other < 32; other++) {
            const bool member = (group >> other & 1) != 0;
            const bool agrees = own.kind == cuda_emulator::kVote ? warp.lanes[other].value != 0 : warp.lanes[other].value == own.value;
            result |= member && agrees ? 1ull << other : 0;
        }
        result = own.kind == cuda_emulator::kMatchAll && result != group ? 0 : result;
        break;
    default: {
        const unsigned source = source_lane(own.kind, lane, own.selector, own.width);
        result = (group >> source & 1) != 0 ? warp.lanes[source].value : kUndefined;
        break;
    }
    }
    _threads[first + lane]->exchanged = result;
}

} // namespace emu
