#include "core/fiber.h"

#include <sys/mman.h>

#include <algorithm>

#include "core/refusal.h"

#if defined(__x86_64__)
asm(R"(
    .text
    .globl cuda_emulator_switch
    .type cuda_emulator_switch, @function
cuda_emulator_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size cuda_emulator_switch, .-cuda_emulator_switch
)");
#elif defined(__aarch64__)
asm(R"(
    .text
    .globl cuda_emulator_switch
    .type cuda_emulator_switch, @function
cuda_emulator_switch:
    sub sp, sp, #160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    ret
    .size cuda_emulator_switch, .-cuda_emulator_switch
)");
#else
#error "the emulator's fibers know x86-64 and aarch64"
#endif

namespace emu {

namespace {

constexpr size_t kPage = 4096;
constexpr size_t kStack = cuda_emulator::kStackBytes;

/// What a fresh stack holds so that the first switch to it begins `entry`.
void *fresh(uintptr_t top, void (*entry)())
{
    auto *words = reinterpret_cast<uintptr_t *>(top & ~uintptr_t{15});
#if defined(__x86_64__)
    words[-1] = 0; // where the entry would return to
    words[-2] = reinterpret_cast<uintptr_t>(entry);
    std::fill(words - 8, words - 2, 0);
    return words - 8;
#else
    std::fill(words - 20, words, 0);
    words[-20 + 11] = reinterpret_cast<uintptr_t>(entry); // x30
    return words - 20;
#endif
}

} // namespace

Stacks::Stacks()
{
    const size_t bytes = (kCount + 1) * kStack;
    _mapping = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (_mapping == MAP_FAILED) {
        refuse(CUDA_ERROR_OUT_OF_MEMORY, "the host grants no stacks for %zu threads", kCount);
    }
    _base = (reinterpret_cast<uintptr_t>(_mapping) + kStack - 1) / kStack * kStack;
    _free.reserve(kCount);
}

Stacks::~Stacks()
{
    munmap(_mapping, (kCount + 1) * kStack);
}

cuda_emulator::Thread *Stacks::take(void (*entry)())
{
    cuda_emulator::Thread *thread;
    if (!_free.empty()) {
        thread = _free.back();
        _free.pop_back();
    } else {
        thread = reinterpret_cast<cuda_emulator::Thread *>(_base + _made++ * kStack);
        mprotect(reinterpret_cast<void *>(reinterpret_cast<uintptr_t>(thread) + kPage), kPage, PROT_NONE);
    }
    thread->stackPointer = fresh(top(thread), entry);
    return thread;
}

void Stacks::give(cuda_emulator::Thread *thread)
{
    _free.push_back(thread);
}

void Stacks::reset()
{
    _free.clear();
    for (size_t i = _made; i-- > 0;) {
        _free.push_back(reinterpret_cast<cuda_emulator::Thread *>(_base + i * kStack));
    }
}

} // namespace emu
