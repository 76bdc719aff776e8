#pragma once
#include <csetjmp>
#include <cstddef>
#include <cstdint>

namespace emu {

/// Turns a processor's exception (SIGSEGV, SIGBUS, SIGFPE, SIGILL) into a device fault instead of the process's end, on threads and for
/// the time that ask for it; every other exception goes to the handler that was there before.
struct Trap {
    int signal = 0;
    uintptr_t address = 0;  ///< what the instruction touched; 0 where the processor does not say
    bool armed = false;
    bool onFiber = false;   ///< resume in `abandon` on top of `stackTop`, not by the jump buffer
    void (*abandon)() = nullptr;
    uintptr_t stackTop = 0;
    sigjmp_buf back;
};

/// The signal that ends a kernel which runs too long: it strikes only where a trap is armed.
int watchdog_signal();

/// Gives this thread an alternate signal stack and installs the handlers once a process.
void prepare_thread_for_traps();

/// This thread's trap.
Trap &trap();

/// Copies between memories that may not be there: false when an end cannot be touched.
bool guarded_copy(void *to, const void *from, size_t count);
bool guarded_fill(void *to, const void *pattern, size_t width, size_t count);

} // namespace emu
