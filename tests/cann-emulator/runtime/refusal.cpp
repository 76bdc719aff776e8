#include "runtime/refusal.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>

#include "runtime/codes.h"
#include "runtime/enter.h"
#include "runtime/profile.h"
#include "runtime/tables.h"

namespace emu {

namespace {

std::string format_list(const char *text, va_list arguments)
{
    char buffer[1024];
    std::vsnprintf(buffer, sizeof(buffer), text, arguments);
    return buffer;
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

void not_implemented(const char *function)
{
    const std::string name = function;
    const int code = name.rfind("aclnn", 0) == 0 ? kNnNoKernel : name.rfind("Hccl", 0) == 0 ? 5 : name.rfind("dcmi", 0) == 0 ? -8255 : kRtFeature;
    refuse(code, "the emulator has no %s", function);
}

std::string code_name(int code)
{
    for (size_t i = 0; i < kCodeMeaningCount; i++) {
        if (kCodeMeanings[i].code == code) {
            return format("%s (%d)", kCodeMeanings[i].name, code);
        }
    }
    return format("code %d", code);
}

std::string &recent_message()
{
    thread_local std::string message;
    return message;
}

int &recent_code()
{
    thread_local int code = 0;
    return code;
}

int answer_refusal(const char *function) noexcept
{
    int code = kNnInner;
    std::string rule = "unknown failure inside the emulator";
    try {
        throw;
    } catch (const Refusal &refusal) {
        code = refusal.code;
        rule = refusal.rule;
    } catch (const std::bad_alloc &) {
        code = 200000;
        rule = "the host is out of memory";
    } catch (const std::exception &error) {
        rule = error.what();
    }
    recent_message() = format("%s: %s: %s [%s]", code_name(code).c_str(), function, rule.c_str(), profile().name);
    recent_code() = code;
    constexpr int kHcclRuntime = 15; // HCCL_E_RUNTIME: a collective's answer to a runtime code
    return std::strncmp(function, "Hccl", 4) == 0 && code > 1042 ? kHcclRuntime : code;
}

bool cann_at_least(int major, int minor)
{
    int have[2] = {0, 0};
    std::sscanf(profile().cann, "%d.%d", &have[0], &have[1]);
    return have[0] > major || (have[0] == major && have[1] >= minor);
}

} // namespace emu
