// "Atomic functions" of the guide: relaxed, device-wide; blocks run on several host threads, so they are atomic there too.
namespace cuda_emulator {

/// Checks the operand in instrumented kernels, and lets others run where a thread spins on one.
template <class Type>
CUDA_EMULATOR_UNTRACED inline void before_atomic(Type *address)
{
#ifdef CUDA_EMULATOR_CHECK
    CUDA_EMULATOR_CALL access(current(), const_cast<const void *>(static_cast<const volatile void *>(address)), sizeof(Type), true, true,
        __builtin_return_address(0));
#else
    (void)address;
#endif
    if ((++current()->spins & 1023) == 0) {
        CUDA_EMULATOR_CALL yield(current());
    }
}

template <class Type, class Change>
CUDA_EMULATOR_UNTRACED inline Type update(Type *address, Change change)
{
    before_atomic(address);
    Type old, next;
    __atomic_load(address, &old, __ATOMIC_RELAXED);
    do {
        next = change(old);
    } while (!__atomic_compare_exchange(address, &old, &next, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return old;
}

} // namespace cuda_emulator

#define CUDA_EMULATOR_ATOMIC(name, type, expression) \
    CUDA_EMULATOR_UNTRACED inline type name(type *address, type value) \
    { \
        return cuda_emulator::update(address, [value](type old) CUDA_EMULATOR_UNTRACED { return static_cast<type>(expression); }); \
    } \
    inline type name##_block(type *address, type value) { return name(address, value); } \
    inline type name##_system(type *address, type value) { return name(address, value); }
#define CUDA_EMULATOR_ATOMICS(name, expression) \
    CUDA_EMULATOR_ATOMIC(name, int, expression) \
    CUDA_EMULATOR_ATOMIC(name, unsigned, expression) \
    CUDA_EMULATOR_ATOMIC(name, unsigned long long, expression)
CUDA_EMULATOR_ATOMICS(atomicAdd, old + value)
CUDA_EMULATOR_ATOMIC(atomicAdd, float, old + value)
CUDA_EMULATOR_ATOMIC(atomicAdd, double, old + value)
CUDA_EMULATOR_ATOMIC(atomicSub, int, old - value)
CUDA_EMULATOR_ATOMIC(atomicSub, unsigned, old - value)
CUDA_EMULATOR_ATOMICS(atomicExch, ((void)old, value))
CUDA_EMULATOR_ATOMIC(atomicExch, float, ((void)old, value))
CUDA_EMULATOR_ATOMICS(atomicMin, value < old ? value : old)
CUDA_EMULATOR_ATOMIC(atomicMin, long long, value < old ? value : old)
CUDA_EMULATOR_ATOMICS(atomicMax, value > old ? value : old)
CUDA_EMULATOR_ATOMIC(atomicMax, long long, value > old ? value : old)
CUDA_EMULATOR_ATOMIC(atomicInc, unsigned, old >= value ? 0 : old + 1)
CUDA_EMULATOR_ATOMIC(atomicDec, unsigned, old == 0 || old > value ? value : old - 1)
CUDA_EMULATOR_ATOMICS(atomicAnd, old & value)
CUDA_EMULATOR_ATOMICS(atomicOr, old | value)
CUDA_EMULATOR_ATOMICS(atomicXor, old ^ value)
#undef CUDA_EMULATOR_ATOMICS
#undef CUDA_EMULATOR_ATOMIC

#define CUDA_EMULATOR_CAS(type) \
    CUDA_EMULATOR_UNTRACED inline type atomicCAS(type *address, type expected, type value) \
    { \
        cuda_emulator::before_atomic(address); \
        __atomic_compare_exchange_n(address, &expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
        return expected; \
    }
CUDA_EMULATOR_CAS(int)
CUDA_EMULATOR_CAS(unsigned)
CUDA_EMULATOR_CAS(unsigned long long)
CUDA_EMULATOR_CAS(unsigned short)
#undef CUDA_EMULATOR_CAS

// "Load functions using cache hints": hints change no value.
#define CUDA_EMULATOR_LOAD(name) \
    template <class Type> \
    inline Type name(const Type *address) { return *address; }
CUDA_EMULATOR_LOAD(__ldg)
CUDA_EMULATOR_LOAD(__ldcg)
CUDA_EMULATOR_LOAD(__ldca)
CUDA_EMULATOR_LOAD(__ldcs)
CUDA_EMULATOR_LOAD(__ldlu)
CUDA_EMULATOR_LOAD(__ldcv)
#undef CUDA_EMULATOR_LOAD
#define CUDA_EMULATOR_STORE(name) \
    template <class Type> \
    inline void name(Type *address, Type value) { *address = value; }
CUDA_EMULATOR_STORE(__stwb)
CUDA_EMULATOR_STORE(__stcg)
CUDA_EMULATOR_STORE(__stcs)
CUDA_EMULATOR_STORE(__stwt)
#undef CUDA_EMULATOR_STORE
