// "Supported Compile Options" of the NVRTC documentation.
#include "nvrtc/options.h"

#include <algorithm>

#include "core/profile.h"

namespace emu {

namespace {

/// Options whose value changes nothing here: they steer a GPU's code generator, or what the log says.
constexpr const char *kIgnored[] = {"--device-c", "-dc", "--device-w", "-dw", "--relocatable-device-code", "-rdc", "--device-debug", "-G",
    "--generate-line-info", "-lineinfo", "--maxrregcount", "-maxrregcount", "--ftz", "-ftz", "--prec-sqrt", "-prec-sqrt", "--prec-div",
    "-prec-div", "--restrict", "-restrict", "--extra-device-vectorization", "-extra-device-vectorization", "--ptxas-options", "-Xptxas",
    "--disable-warnings", "-w", "--default-device", "-default-device", "--device-int128", "-device-int128", "--minimal", "-minimal",
    "--time", "-time", "--split-compile", "-split-compile", "--no-cache", "-no-cache", "--modify-stack-limit", "-modify-stack-limit",
    "--builtin-move-forward", "--builtin-initializer-list", "--display-error-number", "-err-no", "--no-display-error-number", "-no-err-no",
    "--diag-suppress", "-diag-suppress", "--diag-error", "-diag-error", "--diag-warn", "-diag-warn", "--dopt", "-dopt", "--Ofast-compile",
    "-Ofc", "--optimization-info", "-opt-info", "--no-source-include", "-no-source-include", "-pch", "--pch", "--fdevice-syntax-only"};

/// Words that take their value as the next argument where it does not follow an equals sign.
constexpr const char *kWithValue[] = {"--gpu-architecture", "-arch", "--std", "-std", "--fmad", "-fmad", "--use_fast_math", "--define-macro", "-D",
    "--undefine-macro", "-U", "--include-path", "-I", "--pre-include", "-include", "--maxrregcount", "-maxrregcount", "--ptxas-options", "-Xptxas"};

template <size_t Count>
bool is_among(const std::string &word, const char *const (&list)[Count])
{
    return std::any_of(std::begin(list), std::end(list), [&](const char *known) { return word == known; });
}

bool is_true(const std::string &value)
{
    return value != "false";
}

void set_architecture(Options &result, const std::string &value)
{
    const size_t split = value.find('_');
    const std::string kind = value.substr(0, split);
    std::string digits = split == std::string::npos ? "" : value.substr(split + 1);
    const char suffix = digits.empty() ? 0 : digits.back();
    if (suffix == 'a' || suffix == 'f') {
        digits.pop_back();
    }
    const bool numeric = !digits.empty() && digits.size() < 4 && digits.find_first_not_of("0123456789") == std::string::npos;
    const std::vector<int> known = known_architectures();
    const int number = numeric ? std::stoi(digits) : 0;
    const bool specific = suffix != 'a' || number >= 90;
    if ((kind != "sm" && kind != "compute") || std::find(known.begin(), known.end(), number) == known.end() || !specific || suffix == 'f') {
        result.error = "nvrtc: error: invalid value for --gpu-architecture (-arch)";
        return;
    }
    result.architecture = value;
}

void apply(Options &result, const std::string &key, const std::string &value)
{
    if (key == "--gpu-architecture" || key == "-arch") {
        set_architecture(result, value);
    } else if (key == "--std" || key == "-std") {
        const bool known = value == "c++03" || value == "c++11" || value == "c++14" || value == "c++17" || value == "c++20";
        result.error = known ? result.error : "nvrtc: error: invalid value for --std";
        // The shim's tables need C++17; what is older compiles as C++17.
        const std::string standard = value == "c++20" ? "-std=gnu++20" : "-std=gnu++17";
        result.preprocess.push_back(standard);
        result.compile.push_back(standard);
    } else if (key == "--fmad" || key == "-fmad") {
        result.compile.push_back(is_true(value) ? "-ffp-contract=fast" : "-ffp-contract=off");
    } else if (key == "--use_fast_math" || key == "-use_fast_math") {
        result.compile.push_back("-ffp-contract=fast");
    } else if (key == "--define-macro" || key == "-D") {
        result.preprocess.push_back("-D" + value);
    } else if (key == "--undefine-macro" || key == "-U") {
        result.preprocess.push_back("-U" + value);
    } else if (key == "--include-path" || key == "-I") {
        result.preprocess.push_back("-I" + value);
    } else if (key == "--pre-include" || key == "-include") {
        result.preprocess.insert(result.preprocess.end(), {"-include", value});
    } else if (!is_among(key, kIgnored)) {
        result.error = "nvrtc: error: unrecognized option " + key + " found";
    }
}

} // namespace

std::vector<int> known_architectures()
{
    std::vector<int> known = {50, 52, 53, 60, 61, 62, 70, 72, 75, 80, 86, 87, 89, 90};
    if (profile().compilerMajor * 100 + profile().compilerMinor >= 1208) {
        known.insert(known.end(), {100, 101, 120});
    }
    return known;
}

Options read_options(int count, const char *const *options)
{
    Options result;
    for (int i = 0; i < count && result.error.empty(); i++) {
        if (options[i] == nullptr) {
            result.error = "nvrtc: error: an option is null";
            break;
        }
        const std::string word = options[i];
        const bool attached = word.size() > 2 && (word.rfind("-D", 0) == 0 || word.rfind("-I", 0) == 0 || word.rfind("-U", 0) == 0);
        if (attached) {
            apply(result, word.substr(0, 2), word.substr(2));
            continue;
        }
        const size_t equals = word.find('=');
        const std::string key = word.substr(0, equals);
        std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
        if (equals == std::string::npos && is_among(key, kWithValue) && key != "--use_fast_math" && i + 1 < count && options[i + 1] != nullptr) {
            value = options[++i];
        }
        apply(result, key, value);
    }
    const int capability = std::atoi(result.architecture.c_str() + result.architecture.find('_') + 1);
    result.preprocess.push_back("-D__CUDA_ARCH__=" + std::to_string(capability * 10));
    if (result.architecture.back() == 'a') {
        result.preprocess.push_back("-D__CUDA_ARCH_FEAT_SM" + std::to_string(capability) + "_ALL");
    }
    for (const char *macro : {"-D__CUDACC__", "-D__CUDACC_RTC__", "-D__NVCC__"}) {
        result.preprocess.push_back(macro);
    }
    result.preprocess.push_back("-D__CUDACC_VER_MAJOR__=" + std::to_string(profile().compilerMajor));
    result.preprocess.push_back("-D__CUDACC_VER_MINOR__=" + std::to_string(profile().compilerMinor));
    return result;
}

} // namespace emu
