#pragma once
#include <type_traits>

namespace emu {

/// Counts the call and throws the fault that was ordered for it, if any.
void begin_call(const char *function);

/// Inside a catch block: records the refusal's text for the thread and gives its code.
int answer_refusal(const char *function) noexcept;

/// The border of every exported symbol: refusals become codes, and nothing else gets out.
template <class Result, class Body>
Result enter(const char *function, Body body) noexcept
{
    try {
        begin_call(function);
        return body();
    } catch (...) {
        const int code = answer_refusal(function);
        if constexpr (std::is_same_v<Result, int> || std::is_enum_v<Result>) {
            return static_cast<Result>(code);
        } else {
            (void)code;
            return Result{};
        }
    }
}

} // namespace emu
