// Barriers, shared memory, warp functions: "Synchronization functions", "Warp vote / match / reduce / shuffle functions" of the guide.
// Calls give their source line: a refusal names it.
#define CUDA_EMULATOR_CALL cuda_emulator_runtime->
#define CUDA_EMULATOR_UNTRACED __attribute__((no_sanitize("thread")))

namespace cuda_emulator {

/// The block's storage of one __shared__ declaration, given out when the first thread comes past it.
template <class Storage>
CUDA_EMULATOR_UNTRACED inline Storage &shared(unsigned slot, const char *name)
{
    return *static_cast<Storage *>(CUDA_EMULATOR_CALL shared(current(), slot, sizeof(Storage), alignof(Storage), name));
}

CUDA_EMULATOR_UNTRACED inline unsigned char *dynamic_shared()
{
    return current()->dynamicShared;
}

template <class Type>
CUDA_EMULATOR_UNTRACED inline Type exchange(unsigned mask, ExchangeKind kind, Type value, int selector, int width, int line)
{
    static_assert(sizeof(Type) <= 8, "a shuffle moves 4 or 8 bytes");
    unsigned long long bits = 0;
    __builtin_memcpy(&bits, &value, sizeof(Type));
    bits = CUDA_EMULATOR_CALL exchange(current(), mask, kind, bits, selector, width, line);
    __builtin_memcpy(&value, &bits, sizeof(Type));
    return value;
}

} // namespace cuda_emulator

CUDA_EMULATOR_UNTRACED inline void __syncthreads(int line = __builtin_LINE())
{
    CUDA_EMULATOR_CALL barrier(cuda_emulator::current(), cuda_emulator::kBarrierPlain, 0, line);
}
CUDA_EMULATOR_UNTRACED inline int __syncthreads_count(int predicate, int line = __builtin_LINE())
{
    return CUDA_EMULATOR_CALL barrier(cuda_emulator::current(), cuda_emulator::kBarrierCount, predicate != 0, line);
}
CUDA_EMULATOR_UNTRACED inline int __syncthreads_and(int predicate, int line = __builtin_LINE())
{
    return CUDA_EMULATOR_CALL barrier(cuda_emulator::current(), cuda_emulator::kBarrierAnd, predicate != 0, line);
}
CUDA_EMULATOR_UNTRACED inline int __syncthreads_or(int predicate, int line = __builtin_LINE())
{
    return CUDA_EMULATOR_CALL barrier(cuda_emulator::current(), cuda_emulator::kBarrierOr, predicate != 0, line);
}
inline void __syncwarp(unsigned mask = 0xffffffff, int line = __builtin_LINE())
{
    cuda_emulator::exchange(mask, cuda_emulator::kWarpSync, 0, 0, 32, line);
}

template <class Type>
Type __shfl_sync(unsigned mask, Type value, int source, int width = 32, int line = __builtin_LINE())
{
    return cuda_emulator::exchange(mask, cuda_emulator::kShuffleIndex, value, source, width, line);
}
template <class Type>
Type __shfl_up_sync(unsigned mask, Type value, unsigned delta, int width = 32, int line = __builtin_LINE())
{
    return cuda_emulator::exchange(mask, cuda_emulator::kShuffleUp, value, static_cast<int>(delta), width, line);
}
template <class Type>
Type __shfl_down_sync(unsigned mask, Type value, unsigned delta, int width = 32, int line = __builtin_LINE())
{
    return cuda_emulator::exchange(mask, cuda_emulator::kShuffleDown, value, static_cast<int>(delta), width, line);
}
template <class Type>
Type __shfl_xor_sync(unsigned mask, Type value, int bits, int width = 32, int line = __builtin_LINE())
{
    return cuda_emulator::exchange(mask, cuda_emulator::kShuffleXor, value, bits, width, line);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, int line = __builtin_LINE())
{
    return static_cast<unsigned>(cuda_emulator::exchange<unsigned long long>(mask, cuda_emulator::kVote, predicate != 0, 0, 32, line));
}
inline int __any_sync(unsigned mask, int predicate, int line = __builtin_LINE())
{
    return __ballot_sync(mask, predicate, line) != 0;
}
inline int __all_sync(unsigned mask, int predicate, int line = __builtin_LINE())
{
    return __ballot_sync(mask, !predicate, line) == 0;
}
inline unsigned __activemask(int line = __builtin_LINE())
{
    return static_cast<unsigned>(cuda_emulator::exchange<unsigned long long>(0, cuda_emulator::kActiveMask, 0, 0, 32, line));
}
template <class Type>
unsigned __match_any_sync(unsigned mask, Type value, int line = __builtin_LINE())
{
    unsigned long long bits = 0;
    __builtin_memcpy(&bits, &value, sizeof(Type));
    return static_cast<unsigned>(cuda_emulator::exchange(mask, cuda_emulator::kMatchAny, bits, 0, 32, line));
}
template <class Type>
unsigned __match_all_sync(unsigned mask, Type value, int *same, int line = __builtin_LINE())
{
    unsigned long long bits = 0;
    __builtin_memcpy(&bits, &value, sizeof(Type));
    const auto found = static_cast<unsigned>(cuda_emulator::exchange(mask, cuda_emulator::kMatchAll, bits, 0, 32, line));
    *same = found != 0;
    return found;
}

#define CUDA_EMULATOR_REDUCE(name, type, expression) \
    inline type name(unsigned mask, type value, int line = __builtin_LINE()) \
    { \
        type result = value; \
        bool first = true; \
        for (int lane = 0; lane < 32; lane++) { \
            if ((mask >> lane & 1) != 0) { \
                const type other = __shfl_sync(mask, value, lane, 32, line); \
                result = first ? other : static_cast<type>(expression); \
                first = false; \
            } \
        } \
        return result; \
    }
CUDA_EMULATOR_REDUCE(__reduce_add_sync, unsigned, result + other)
CUDA_EMULATOR_REDUCE(__reduce_add_sync, int, result + other)
CUDA_EMULATOR_REDUCE(__reduce_min_sync, unsigned, other < result ? other : result)
CUDA_EMULATOR_REDUCE(__reduce_min_sync, int, other < result ? other : result)
CUDA_EMULATOR_REDUCE(__reduce_max_sync, unsigned, other > result ? other : result)
CUDA_EMULATOR_REDUCE(__reduce_max_sync, int, other > result ? other : result)
CUDA_EMULATOR_REDUCE(__reduce_and_sync, unsigned, result & other)
CUDA_EMULATOR_REDUCE(__reduce_or_sync, unsigned, result | other)
CUDA_EMULATOR_REDUCE(__reduce_xor_sync, unsigned, result ^ other)
#undef CUDA_EMULATOR_REDUCE

inline void __threadfence_block() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence_system() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
CUDA_EMULATOR_UNTRACED inline void __nanosleep(unsigned) { CUDA_EMULATOR_CALL yield(cuda_emulator::current()); }

CUDA_EMULATOR_UNTRACED inline void __trap(int line = __builtin_LINE())
{
    CUDA_EMULATOR_CALL fail(cuda_emulator::current(), 719, "__trap()", "", line);
}
CUDA_EMULATOR_UNTRACED inline void cuda_emulator_assert(const char *text, const char *file, int line)
{
    CUDA_EMULATOR_CALL fail(cuda_emulator::current(), 710, text, file, line);
}
#ifdef NDEBUG
#define assert(condition) static_cast<void>(0)
#else
#define assert(condition) ((condition) ? static_cast<void>(0) : cuda_emulator_assert(#condition, __FILE__, __LINE__))
#endif
extern "C" int printf(const char *, ...);
extern "C" void *memcpy(void *, const void *, size_t);
extern "C" void *memset(void *, int, size_t);
