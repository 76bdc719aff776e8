// The NVRTC documentation: "Error Handling", "General Information Query", "Compilation".
#include <dlfcn.h>

#include <cstring>
#include <map>

#include "abi/nvrtc.h"
#include "core/enter.h"
#include "core/handles.h"
#include "core/image.h"
#include "core/module.h"
#include "core/profile.h"
#include "nvrtc/options.h"
#include "nvrtc/rewrite.h"

using namespace emu;

namespace {

struct Program {
    std::string source;
    std::string name;
    std::vector<std::pair<std::string, std::string>> headers;
    std::vector<std::string> expressions;
    std::map<std::string, std::string> lowered;
    std::string log;
    std::string cubin;
    std::string ptx;
    bool compiled = false;
};

Handles<Program> &programs()
{
    static auto &all = *new Handles<Program>("program", 20, NVRTC_ERROR_INVALID_PROGRAM);
    return all;
}

template <class Body>
nvrtcResult enter_compiler(const char *function, Body body) noexcept
{
    const auto code = static_cast<int>(enter(function, body));
    // What is not one of the compiler's codes came from below it.
    return static_cast<nvrtcResult>(code > 11 ? static_cast<int>(NVRTC_ERROR_INTERNAL_ERROR) : code);
}

void require_input(const void *pointer, const char *name)
{
    if (pointer == nullptr) {
        refuse(NVRTC_ERROR_INVALID_INPUT, "%s is null", name);
    }
}

/// The compiler's own lines, without the folder it worked in.
std::string clean(std::string log)
{
    for (size_t at; (at = log.find("/program.cc")) != std::string::npos;) {
        const size_t begin = log.rfind('\n', at) == std::string::npos ? 0 : log.rfind('\n', at) + 1;
        log.erase(begin, at + 1 - begin);
    }
    return log;
}

/// What the assembler inside of NVRTC refuses.
void require_static_shared(Program &program, const Image &image)
{
    for (const auto &function : static_shared_by_function(image.code)) {
        if (function.second > (48 << 10)) {
            program.log = format("ptxas error   : Entry function '%s' uses too much shared data (0x%x bytes, 0xc000 max)\n", function.first.c_str(),
                function.second);
            refuse(NVRTC_ERROR_COMPILATION, "%s", program.log.c_str());
        }
    }
}

void name_expressions(Program &program, const Image &image)
{
    const auto names = program.expressions.empty() ? std::map<std::string, std::string>() : symbols_of_kernels(image.code);
    for (const std::string &expression : program.expressions) {
        const size_t first = expression.find_first_not_of("& ");
        const auto found = names.find(first == std::string::npos ? expression : expression.substr(first));
        program.lowered[expression] = found != names.end() ? found->second : expression;
    }
}

void compile(Program &program, int count, const char *const *words)
{
    program.compiled = false;
    program.log.clear();
    program.cubin.clear();
    program.ptx.clear();
    const Options options = read_options(count, words);
    if (!options.error.empty()) {
        program.log = options.error;
        refuse(NVRTC_ERROR_INVALID_OPTION, "%s", options.error.c_str());
    }
    Image image;
    image.architecture = options.architecture;
    image.options = options.compile;
    image.processor = host_processor();
    try {
        const std::string text = preprocess(program.source, program.name, options.preprocess, program.headers);
        const Rewritten rewritten = rewrite(text, program.expressions);
        if (!rewritten.errors.empty()) {
            for (const std::string &error : rewritten.errors) {
                program.log += error + "\n";
            }
            refuse(NVRTC_ERROR_COMPILATION, "%s", rewritten.errors[0].c_str());
        }
        image.source = rewritten.text;
        image.code = compile_source(image.source, image.options, false);
    } catch (const CompileFailure &failure) {
        program.log = clean(failure.log);
        refuse(NVRTC_ERROR_COMPILATION, "%.600s", program.log.c_str());
    }
    require_static_shared(program, image);
    name_expressions(program, image);
    program.cubin = image.is_virtual() ? "" : write_image(image);
    if (!image.is_virtual()) {
        image.architecture.replace(0, 2, "compute");
    }
    program.ptx = write_text(image);
    program.compiled = true;
}

void give_size(const std::string &text, size_t *size, size_t more)
{
    require_input(size, "size");
    *size = text.size() + more;
}

} // namespace

CUDA_EXPORT const char *nvrtcGetErrorString(nvrtcResult result)
{
    static const char *const kNames[] = {"NVRTC_SUCCESS", "NVRTC_ERROR_OUT_OF_MEMORY", "NVRTC_ERROR_PROGRAM_CREATION_FAILURE",
        "NVRTC_ERROR_INVALID_INPUT", "NVRTC_ERROR_INVALID_PROGRAM", "NVRTC_ERROR_INVALID_OPTION", "NVRTC_ERROR_COMPILATION",
        "NVRTC_ERROR_BUILTIN_OPERATION_FAILURE", "NVRTC_ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION",
        "NVRTC_ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION", "NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID", "NVRTC_ERROR_INTERNAL_ERROR"};
    const int number = result;
    return number >= 0 && number < 12 ? kNames[number] : "NVRTC_ERROR unknown";
}

CUDA_EXPORT nvrtcResult nvrtcVersion(int *major, int *minor)
{
    return enter_compiler("nvrtcVersion", [=] {
        require_input(major, "major");
        require_input(minor, "minor");
        *major = profile().compilerMajor;
        *minor = profile().compilerMinor;
    });
}

CUDA_EXPORT nvrtcResult nvrtcGetNumSupportedArchs(int *count)
{
    return enter_compiler("nvrtcGetNumSupportedArchs", [=] {
        require_input(count, "numArchs");
        *count = static_cast<int>(known_architectures().size());
    });
}

CUDA_EXPORT nvrtcResult nvrtcGetSupportedArchs(int *architectures)
{
    return enter_compiler("nvrtcGetSupportedArchs", [=] {
        require_input(architectures, "supportedArchs");
        const std::vector<int> known = known_architectures();
        std::copy(known.begin(), known.end(), architectures);
    });
}

CUDA_EXPORT nvrtcResult nvrtcCreateProgram(nvrtcProgram *program, const char *source, const char *name, int count, const char *const *headers,
    const char *const *names)
{
    return enter_compiler("nvrtcCreateProgram", [=] {
        require_input(program, "prog");
        require_input(source, "src");
        if (count < 0 || (count > 0 && (headers == nullptr || names == nullptr))) {
            refuse(NVRTC_ERROR_INVALID_INPUT, "%d headers without their lists", count);
        }
        auto created = std::make_shared<Program>();
        created->source = source;
        created->name = name != nullptr ? name : "default_program";
        for (int i = 0; i < count; i++) {
            require_input(headers[i], "a header");
            require_input(names[i], "a header's name");
            created->headers.push_back({names[i], headers[i]});
        }
        *program = static_cast<nvrtcProgram>(programs().add(created));
    });
}

CUDA_EXPORT nvrtcResult nvrtcDestroyProgram(nvrtcProgram *program)
{
    return enter_compiler("nvrtcDestroyProgram", [=] {
        require_input(program, "prog");
        programs().remove(*program);
        *program = nullptr;
    });
}

CUDA_EXPORT nvrtcResult nvrtcCompileProgram(nvrtcProgram handle, int count, const char *const *options)
{
    return enter_compiler("nvrtcCompileProgram", [=] {
        const auto program = programs().get(handle);
        if (count < 0 || (count > 0 && options == nullptr)) {
            refuse(NVRTC_ERROR_INVALID_INPUT, "%d options without their list", count);
        }
        compile(*program, count, options);
    });
}

CUDA_EXPORT nvrtcResult nvrtcGetProgramLogSize(nvrtcProgram handle, size_t *size)
{
    return enter_compiler("nvrtcGetProgramLogSize", [=] { give_size(programs().get(handle)->log, size, 1); });
}

CUDA_EXPORT nvrtcResult nvrtcGetProgramLog(nvrtcProgram handle, char *log)
{
    return enter_compiler("nvrtcGetProgramLog", [=] {
        require_input(log, "log");
        const auto program = programs().get(handle);
        std::memcpy(log, program->log.c_str(), program->log.size() + 1);
    });
}

static void require_compiled(const Program &program, bool has)
{
    if (!program.compiled || !has) {
        refuse(NVRTC_ERROR_INVALID_PROGRAM, program.compiled ? "the program was compiled for a virtual architecture" : "the program is not compiled");
    }
}

CUDA_EXPORT nvrtcResult nvrtcGetCUBINSize(nvrtcProgram handle, size_t *size)
{
    return enter_compiler("nvrtcGetCUBINSize", [=] {
        const auto program = programs().get(handle);
        if (!program->compiled) {
            require_compiled(*program, false);
        }
        give_size(program->cubin, size, 0);
    });
}

CUDA_EXPORT nvrtcResult nvrtcGetCUBIN(nvrtcProgram handle, char *cubin)
{
    return enter_compiler("nvrtcGetCUBIN", [=] {
        require_input(cubin, "cubin");
        const auto program = programs().get(handle);
        require_compiled(*program, !program->cubin.empty());
        std::memcpy(cubin, program->cubin.data(), program->cubin.size());
    });
}

CUDA_EXPORT nvrtcResult nvrtcGetPTXSize(nvrtcProgram handle, size_t *size)
{
    return enter_compiler("nvrtcGetPTXSize", [=] {
        const auto program = programs().get(handle);
        require_compiled(*program, true);
        give_size(program->ptx, size, 1);
    });
}

CUDA_EXPORT nvrtcResult nvrtcGetPTX(nvrtcProgram handle, char *ptx)
{
    return enter_compiler("nvrtcGetPTX", [=] {
        require_input(ptx, "ptx");
        const auto program = programs().get(handle);
        require_compiled(*program, true);
        std::memcpy(ptx, program->ptx.c_str(), program->ptx.size() + 1);
    });
}

CUDA_EXPORT nvrtcResult nvrtcAddNameExpression(nvrtcProgram handle, const char *expression)
{
    return enter_compiler("nvrtcAddNameExpression", [=] {
        const auto program = programs().get(handle);
        require_input(expression, "name_expression");
        if (program->compiled) {
            refuse(NVRTC_ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION, "'%.80s' comes after the compilation", expression);
        }
        program->expressions.push_back(expression);
    });
}

CUDA_EXPORT nvrtcResult nvrtcGetLoweredName(nvrtcProgram handle, const char *expression, const char **name)
{
    return enter_compiler("nvrtcGetLoweredName", [=] {
        const auto program = programs().get(handle);
        require_input(expression, "name_expression");
        require_input(name, "lowered_name");
        if (!program->compiled) {
            refuse(NVRTC_ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION, "the program is not compiled");
        }
        for (const std::string &known : program->expressions) {
            if (known == expression) {
                *name = program->lowered[known].c_str();
                return;
            }
        }
        refuse(NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID, "'%.80s' was not added", expression);
    });
}
