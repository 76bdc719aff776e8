// In instrumented kernels the compiler announces every access that can reach memory of others; the emulator looks at each.
// The module's own start runs before the emulator knows it.
#ifdef CUDA_EMULATOR_CHECK
#define CUDA_EMULATOR_ANNOUNCE(name, size, write) \
    extern "C" __attribute__((no_sanitize("thread"), visibility("hidden"))) void name(void *address) \
    { \
        if (cuda_emulator_runtime != nullptr) { \
            cuda_emulator_runtime->access(cuda_emulator::current(), address, size, write, false, __builtin_return_address(0)); \
        } \
    }
#define CUDA_EMULATOR_ANNOUNCE_SIZE(size) \
    CUDA_EMULATOR_ANNOUNCE(__tsan_read##size, size, false) \
    CUDA_EMULATOR_ANNOUNCE(__tsan_write##size, size, true) \
    CUDA_EMULATOR_ANNOUNCE(__tsan_unaligned_read##size, size, false) \
    CUDA_EMULATOR_ANNOUNCE(__tsan_unaligned_write##size, size, true) \
    CUDA_EMULATOR_ANNOUNCE(__tsan_volatile_read##size, size, false) \
    CUDA_EMULATOR_ANNOUNCE(__tsan_volatile_write##size, size, true)
CUDA_EMULATOR_ANNOUNCE_SIZE(1)
CUDA_EMULATOR_ANNOUNCE_SIZE(2)
CUDA_EMULATOR_ANNOUNCE_SIZE(4)
CUDA_EMULATOR_ANNOUNCE_SIZE(8)
CUDA_EMULATOR_ANNOUNCE_SIZE(16)
#undef CUDA_EMULATOR_ANNOUNCE_SIZE
#undef CUDA_EMULATOR_ANNOUNCE
extern "C" {
__attribute__((no_sanitize("thread"), visibility("hidden"))) void __tsan_read_range(void *address, unsigned long size)
{
    cuda_emulator_runtime->access(cuda_emulator::current(), address, static_cast<unsigned>(size), false, false, __builtin_return_address(0));
}
__attribute__((no_sanitize("thread"), visibility("hidden"))) void __tsan_write_range(void *address, unsigned long size)
{
    cuda_emulator_runtime->access(cuda_emulator::current(), address, static_cast<unsigned>(size), true, false, __builtin_return_address(0));
}
__attribute__((visibility("hidden"))) void __tsan_init() {}
__attribute__((visibility("hidden"))) void __tsan_atomic_thread_fence(int) {}
}
#endif
