#include "core/refusal.h"

#include <cstdarg>
#include <cstdio>
#include <mutex>

#include "core/settings.h"

namespace emu {

namespace {

std::string format_list(const char *text, va_list arguments)
{
    char buffer[1024];
    std::vsnprintf(buffer, sizeof(buffer), text, arguments);
    return buffer;
}

struct Last {
    std::mutex mutex;
    std::string sentence;
};

/// Never destroyed: stream threads refuse work while the process ends.
Last &last()
{
    static Last &only = *new Last;
    return only;
}

} // namespace

std::string format(const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    std::string result = format_list(text, arguments);
    va_end(arguments);
    return result;
}

void refuse(int code, const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    std::string rule = format_list(text, arguments);
    va_end(arguments);
    throw Refusal{code, rule};
}

std::string code_name(int code)
{
    switch (code) {
#define CUDA_EMULATOR_CASE(name, value, text) \
    case value: \
        return #name " (" #value ")";
        CUDA_EMULATOR_CODES(CUDA_EMULATOR_CASE)
#undef CUDA_EMULATOR_CASE
    default:
        return format("code %d", code);
    }
}

void note_refusal(int code, const std::string &where, const std::string &rule)
{
    if (code == CUDA_ERROR_NOT_READY) {
        return;
    }
    const std::string sentence = code_name(code) + ": " + where + ": " + rule;
    std::lock_guard<std::mutex> lock(last().mutex);
    last().sentence = sentence;
    const std::string &log = settings().log;
    if (log.empty()) {
        return;
    }
    std::FILE *file = log == "stderr" ? stderr : std::fopen(log.c_str(), "a");
    if (file != nullptr) {
        std::fprintf(file, "cuda-emulator: %s\n", sentence.c_str());
        if (file != stderr) {
            std::fclose(file);
        }
    }
}

std::string last_refusal()
{
    std::lock_guard<std::mutex> lock(last().mutex);
    return last().sentence;
}

} // namespace emu
