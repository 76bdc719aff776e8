#pragma once
#include <string>

#include "abi/codes.h"

namespace emu {

/// A call or a piece of device work that the documents forbid: thrown inside the emulator, answered as a status code at its border.
struct Refusal {
    int code;
    std::string rule; ///< a sentence: what was expected, what came
};

[[noreturn]] void refuse(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

std::string format(const char *text, ...) __attribute__((format(printf, 1, 2)));

/// "CUDA_ERROR_... (700)".
std::string code_name(int code);

/// Keeps the sentence for cudaEmulatorLastRefusal and writes it to the log, where one is set.
void note_refusal(int code, const std::string &where, const std::string &rule);
std::string last_refusal();

} // namespace emu
