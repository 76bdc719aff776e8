// The host's compiler in place of NVRTC's: one process a program, behind the shim.
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <mutex>
#include <sstream>

#include "core/image.h"
#include "core/refusal.h"
#include "core/settings.h"
#include "shim_text.h"

extern char **environ;

namespace emu {

namespace {

/// A folder that is gone, with what was written into it, at the end of its scope.
class Scratch {
public:
    Scratch()
    {
        const char *root = std::getenv("TMPDIR");
        std::string path = std::string(root != nullptr ? root : "/tmp") + "/cuda-emulator-XXXXXX";
        if (mkdtemp(&path[0]) == nullptr) {
            throw CompileFailure{"no folder for the compiler: " + path};
        }
        folder = path;
    }

    ~Scratch()
    {
        for (const std::string &name : _files) {
            unlink((folder + "/" + name).c_str());
        }
        rmdir(folder.c_str());
    }

    std::string path(const std::string &name)
    {
        _files.push_back(name);
        return folder + "/" + name;
    }

    std::string write(const std::string &name, const std::string &text)
    {
        const std::string file = path(name);
        std::ofstream(file, std::ios::binary) << text;
        return file;
    }

    std::string folder;

private:
    std::vector<std::string> _files;
};

std::string read_file(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

bool is_on_path(const std::string &program)
{
    const char *path = std::getenv("PATH");
    std::istringstream folders(path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin");
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (access((folder + "/" + program).c_str(), X_OK) == 0) {
            return true;
        }
    }
    return false;
}

const std::string &compiler()
{
    static std::once_flag once;
    static std::string found;
    std::call_once(once, [] {
        found = settings().compiler;
        for (const char *candidate : {"g++", "c++", "clang++"}) {
            if (found.empty() && is_on_path(candidate)) {
                found = candidate;
            }
        }
    });
    if (found.empty()) {
        throw CompileFailure{"no C++ compiler on PATH: the stand-in for NVRTC needs g++, c++ or clang++"};
    }
    return found;
}

/// Runs a program; what it wrote, and whether it ended well.
bool run(std::vector<std::string> words, const std::string &output, std::string &log)
{
    std::vector<char *> arguments;
    for (std::string &word : words) {
        arguments.push_back(&word[0]);
    }
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    pid_t child = 0;
    const int started = posix_spawnp(&child, arguments[0], &files, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    int status = -1;
    if (started != 0) {
        log = "cannot start " + words[0];
        return false;
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    log = read_file(output);
    return status == 0;
}

std::vector<std::string> common(const std::vector<std::string> &options)
{
    std::vector<std::string> words = {compiler(), "-x", "c++", "-w"};
    bool standard = false;
    for (const std::string &option : options) {
        standard = standard || option.rfind("-std=", 0) == 0;
        words.push_back(option);
    }
    if (!standard) {
        words.push_back("-std=c++17");
    }
    return words;
}

void append(std::vector<std::string> &words, std::initializer_list<const char *> more)
{
    words.insert(words.end(), more.begin(), more.end());
}

} // namespace

std::string host_processor()
{
#if defined(__x86_64__)
    const bool modern = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    return modern ? "x86-64-v3" : "x86-64";
#else
    return "armv8-a";
#endif
}

std::string preprocess(const std::string &source, const std::string &name, const std::vector<std::string> &options,
    const std::vector<std::pair<std::string, std::string>> &headers)
{
    Scratch scratch;
    std::vector<std::string> words = common(options);
    for (const auto &header : headers) {
        if (header.first.find('/') != std::string::npos || header.first.empty()) {
            throw CompileFailure{"header '" + header.first + "': the emulator takes names without folders"};
        }
        scratch.write(header.first, header.second);
    }
    const std::string file = scratch.write("program.cu", "# 1 \"" + name + "\"\n" + source);
    const std::string output = scratch.path("program.ii"), log = scratch.path("log");
    append(words, {"-E", "-nostdinc", "-nostdinc++"});
    words.push_back("-I" + scratch.folder);
    append(words, {file.c_str(), "-o", output.c_str()});
    std::string said;
    if (!run(words, log, said)) {
        throw CompileFailure{said};
    }
    return read_file(output);
}

std::string compile_source(const std::string &source, const std::vector<std::string> &options, bool checked)
{
    Scratch scratch;
    const std::string file = scratch.write("program.cc", std::string(kShimText) + source);
    const std::string output = scratch.path("program.so"), object = scratch.path("program.o"), log = scratch.path("log");
    std::vector<std::string> words = common(options);
    append(words, {"-O2", "-fPIC", "-fvisibility=hidden", "-fno-exceptions", "-fno-rtti", "-fno-strict-aliasing", "-fwrapv", "-fno-math-errno",
                      "-fno-stack-protector", "-fstack-clash-protection", "-fno-threadsafe-statics", "-fcf-protection=none", "-fno-ident", "-fno-semantic-interposition"});
    if (compiler().find("clang") == std::string::npos) {
        append(words, {"-fno-ipa-icf"});
    }
    words.push_back("-march=" + host_processor());
    std::string said;
    if (!checked) {
        append(words, {"-fsanitize=alignment", "-fsanitize-undefined-trap-on-error", "-shared", file.c_str(), "-o", output.c_str()});
        if (!run(words, log, said)) {
            throw CompileFailure{said};
        }
        return read_file(output);
    }
    append(words, {"-DCUDA_EMULATOR_CHECK", "-g1", "-fsanitize=thread", "-c", file.c_str(), "-o", object.c_str()});
    if (compiler().find("clang") == std::string::npos) {
        append(words, {"--param", "tsan-instrument-func-entry-exit=0", "--param", "tsan-distinguish-volatile=1"});
    }
    if (!run(words, log, said) || !run({compiler(), "-shared", object, "-o", output}, log, said)) {
        throw CompileFailure{said};
    }
    return read_file(output);
}

std::string line_in(const std::string &code, uintptr_t offset)
{
    try {
        Scratch scratch;
        const std::string file = scratch.write("program.so", code), log = scratch.path("log");
        std::string said;
        if (is_on_path("addr2line") && run({"addr2line", "-s", "-e", file, format("0x%zx", offset)}, log, said)) {
            said.erase(said.find_last_not_of(" \n") + 1);
            return said.find('?') == std::string::npos ? ", " + said : "";
        }
    } catch (const CompileFailure &) {
        return "";
    }
    return "";
}

} // namespace emu
