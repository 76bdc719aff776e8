#pragma once
#include "core/fault.h"
#include "core/refusal.h"

namespace emu {

/// Inside a catch block: notes the refusal and gives its code.
int answer_refusal(const char *function) noexcept;

/// The border of every exported driver function: counts the call, strikes with ordered faults, turns refusals into codes.
template <class Body>
CUresult enter(const char *function, Body body) noexcept
{
    try {
        begin_call(function);
        body();
        return CUDA_SUCCESS;
    } catch (...) {
        return static_cast<CUresult>(answer_refusal(function));
    }
}

/// Refuses a null out-parameter.
inline void require(const void *pointer, const char *name)
{
    if (pointer == nullptr) {
        refuse(CUDA_ERROR_INVALID_VALUE, "%s is null", name);
    }
}

} // namespace emu
