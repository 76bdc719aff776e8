// What a kernel and the emulator that runs it know of each other. Included by both sides, so it includes nothing.
#pragma once

/// Vector of three, as the programming guide's built-in variables are.
struct uint3 {
    unsigned x, y, z;
};

namespace cuda_emulator {

/// A fiber's stack is aligned to its size, and the thread that runs on it lies at its low end.
constexpr unsigned long long kStackBytes = 64 << 10;
constexpr unsigned kAbi = 4;

struct Runner;

struct Thread {
    uint3 threadIndex, blockIndex, blockSize, gridSize;
    unsigned linear; ///< within its block
    unsigned lane, warp;
    unsigned char *dynamicShared;
    Runner *runner;
    void *stackPointer; ///< while it does not run
    int barrierResult;
    unsigned long long exchanged;
    unsigned warpEvent; ///< the last __syncwarp of its warp that it took part in
    unsigned spins;
};

enum BarrierKind { kBarrierPlain, kBarrierCount, kBarrierAnd, kBarrierOr };

enum ExchangeKind {
    kWarpSync,
    kShuffleIndex,
    kShuffleUp,
    kShuffleDown,
    kShuffleXor,
    kVote, ///< gives the ballot
    kMatchAny,
    kMatchAll,
    kActiveMask
};

/// What kernels call. The emulator sets the pointer before the first launch.
struct Runtime {
    int (*barrier)(Thread *, BarrierKind, int predicate, int line);
    unsigned long long (*exchange)(Thread *, unsigned mask, ExchangeKind, unsigned long long value, int selector, int width, int line);
    void *(*shared)(Thread *, unsigned slot, unsigned size, unsigned alignment, const char *name);
    void (*access)(Thread *, const void *address, unsigned size, bool write, bool atomic, const void *where);
    void (*fail)(Thread *, int code, const char *text, const char *file, int line);
    void (*yield)(Thread *);
};

struct Kernel {
    const char *name;
    const void *address;
    void (*invoke)(void **arguments);
    const unsigned *sizes;
    const bool *pointers; ///< which parameters are pointers to device memory
    unsigned count;
    unsigned maxThreads; ///< of __launch_bounds__; 0: none
    unsigned minBlocks;
};

struct Module {
    unsigned abi;
    unsigned count;
    const Kernel *kernels;
    const Runtime **runtime;
};

} // namespace cuda_emulator
