#pragma once
#include <string>

namespace emu {

/// A call the documents forbid: thrown inside the emulator, answered as a status code at its border.
struct Refusal {
    int code;
    std::string rule; ///< a sentence: what was expected, what came
};

[[noreturn]] void refuse(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
[[noreturn]] void not_implemented(const char *function);

std::string format(const char *text, ...) __attribute__((format(printf, 1, 2)));

/// "ACL_ERROR_RT_... (107030)".
std::string code_name(int code);

/// The thread's last error text, as aclGetRecentErrMsg hands it out.
std::string &recent_message();

/// The thread's last runtime code, as aclrtGetLastError hands it out.
int &recent_code();

} // namespace emu
