#include "core/trap.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <csignal>
#include <cstring>
#include <mutex>

namespace emu {

namespace {

constexpr size_t kSignalCount = 5;
struct sigaction g_before[kSignalCount];
std::once_flag g_installed;

int signal_at(size_t index)
{
    const int all[kSignalCount] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, watchdog_signal()};
    return all[index];
}

void forward(int number, siginfo_t *detail, void *machine)
{
    if (number == watchdog_signal()) {
        return;
    }
    for (size_t i = 0; i < kSignalCount; i++) {
        if (signal_at(i) != number) {
            continue;
        }
        const struct sigaction &before = g_before[i];
        if ((before.sa_flags & SA_SIGINFO) != 0 && before.sa_sigaction != nullptr) {
            before.sa_sigaction(number, detail, machine);
        } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
            before.sa_handler(number);
        } else {
            ::signal(number, SIG_DFL); // the instruction runs again and ends the process as it would have
        }
    }
}

void handle(int number, siginfo_t *detail, void *machine)
{
    Trap &own = trap();
    if (!own.armed) {
        forward(number, detail, machine);
        return;
    }
    own.armed = false;
    own.signal = number;
    own.address = reinterpret_cast<uintptr_t>(detail->si_addr);
    if (!own.onFiber) {
        siglongjmp(own.back, 1);
    }
    // Return from the signal into `abandon`, on a clean top of the fiber's stack: what the fiber had there is given up.
    auto *state = static_cast<ucontext_t *>(machine);
#if defined(__x86_64__)
    state->uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(reinterpret_cast<uintptr_t>(own.abandon));
    state->uc_mcontext.gregs[REG_RSP] = static_cast<greg_t>((own.stackTop & ~uintptr_t{15}) - 8);
#elif defined(__aarch64__)
    state->uc_mcontext.pc = reinterpret_cast<uintptr_t>(own.abandon);
    state->uc_mcontext.sp = own.stackTop & ~uintptr_t{15};
#else
#error "the emulator's fibers know x86-64 and aarch64"
#endif
}

void install()
{
    for (size_t i = 0; i < kSignalCount; i++) {
        struct sigaction action{};
        action.sa_sigaction = handle;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigemptyset(&action.sa_mask);
        sigaction(signal_at(i), &action, &g_before[i]);
    }
}

/// The alternate stack of a thread that had none.
struct SignalStack {
    SignalStack()
    {
        stack_t present{};
        sigaltstack(nullptr, &present);
        if ((present.ss_flags & SS_DISABLE) == 0) {
            return;
        }
        memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        stack_t own{};
        own.ss_sp = memory;
        own.ss_size = kBytes;
        sigaltstack(&own, nullptr);
    }

    ~SignalStack()
    {
        if (memory == nullptr) {
            return;
        }
        stack_t none{};
        none.ss_flags = SS_DISABLE;
        sigaltstack(&none, nullptr);
        munmap(memory, kBytes);
    }

    static constexpr size_t kBytes = 64 << 10;
    void *memory = nullptr;
};

template <class Body>
bool guarded(Body body)
{
    prepare_thread_for_traps();
    Trap &own = trap();
    if (sigsetjmp(own.back, 1) != 0) {
        return false;
    }
    own.onFiber = false;
    own.armed = true;
    body();
    own.armed = false;
    return true;
}

} // namespace

Trap &trap()
{
    thread_local Trap own;
    return own;
}

int watchdog_signal()
{
    return SIGRTMAX - 2;
}

void prepare_thread_for_traps()
{
    std::call_once(g_installed, install);
    thread_local SignalStack stack;
    (void)stack;
    (void)trap();
}

bool guarded_copy(void *to, const void *from, size_t count)
{
    return guarded([=] { std::memmove(to, from, count); });
}

bool guarded_fill(void *to, const void *pattern, size_t width, size_t count)
{
    return guarded([=] {
        auto *bytes = static_cast<unsigned char *>(to);
        if (width == 1) {
            std::memset(bytes, *static_cast<const unsigned char *>(pattern), count);
            return;
        }
        for (size_t i = 0; i < count; i++) {
            std::memcpy(bytes + i * width, pattern, width);
        }
    });
}

} // namespace emu
