#include "harness.h"

#include <chrono>
#include <cstdio>
#include <map>

std::string last_refusal()
{
    std::string text(2048, 0);
    text.resize(std::min(cudaEmulatorLastRefusal(&text[0], text.size()), text.size() - 1));
    return text;
}

bool says(const std::string &text)
{
    const bool found = last_refusal().find(text) != std::string::npos;
    if (!found) {
        std::fprintf(stderr, "the last refusal is: %s\n", last_refusal().c_str());
    }
    return found;
}

Case::Case(const char *claim, std::function<void()> body)
{
    all().emplace_back(claim, std::move(body));
}

std::vector<std::pair<const char *, std::function<void()>>> &Case::all()
{
    static std::vector<std::pair<const char *, std::function<void()>>> cases;
    return cases;
}

void control(const char *commands)
{
    OK(cudaEmulatorControl(commands));
}

Scene::Scene(unsigned flags)
{
    OK(cuInit(0));
    OK(cuDeviceGet(&device, 0));
    OK(cuDevicePrimaryCtxRetain(&context, device));
    OK(cuCtxSetCurrent(context));
    OK(cuStreamCreate(&stream, flags));
}

Scene::~Scene()
{
    cudaEmulatorControl("heal;schedule=eager;delay-us=0;order=ascending;check=0");
    cuStreamDestroy_v2(stream);
    cuDevicePrimaryCtxRelease_v2(device);
    cuCtxSetCurrent(nullptr);
}

std::string compile(const std::string &source, std::vector<const char *> options)
{
    if (options.empty()) {
        int major = 9;
        OK(cuInit(0));
        OK(cuDeviceGetAttribute(&major, 75, 0));
        options = {major == 10 ? "--gpu-architecture=sm_100" : "--gpu-architecture=sm_90"};
    }
    // Cases share programs, and a compiler takes most of their time.
    static std::map<std::pair<std::string, std::string>, std::string> known;
    std::pair<std::string, std::string> key{source, ""};
    for (const char *option : options) {
        key.second += std::string(option) + " ";
    }
    if (const auto found = known.find(key); found != known.end()) {
        return found->second;
    }
    nvrtcProgram program = nullptr;
    OK(nvrtcCreateProgram(&program, source.c_str(), "test.cu", 0, nullptr, nullptr));
    const nvrtcResult result = nvrtcCompileProgram(program, static_cast<int>(options.size()), options.data());
    size_t size = 0;
    OK(nvrtcGetProgramLogSize(program, &size));
    std::string log(size, 0);
    OK(nvrtcGetProgramLog(program, &log[0]));
    if (result != NVRTC_SUCCESS) {
        nvrtcDestroyProgram(&program);
        throw Failure(log);
    }
    OK(nvrtcGetCUBINSize(program, &size));
    std::string cubin(size, 0);
    OK(nvrtcGetCUBIN(program, &cubin[0]));
    OK(nvrtcDestroyProgram(&program));
    return known[key] = cubin;
}

Program::Program(const std::string &source)
{
    const std::string cubin = compile(source);
    OK(cuModuleLoadData(&module, cubin.data()));
}

Program::~Program()
{
    cuModuleUnload(module);
}

CUfunction Program::operator[](const char *name) const
{
    CUfunction function = nullptr;
    OK(cuModuleGetFunction(&function, module, name));
    return function;
}

/// Whether the words choose the case: no words choose all.
static bool is_chosen(const std::string &claim, int count, char **words)
{
    bool chosen = count <= 1;
    for (int i = 1; i < count; i++) {
        chosen = chosen || claim.find(words[i]) != std::string::npos;
    }
    return chosen;
}

/// Runs every case, or those whose names hold an argument.
int main(int count, char **words)
{
    if (count > 1 && std::string(words[1]) == "--rank") {
        return run_as_rank();
    }
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    int failed = 0, ran = 0;
    for (const auto &entry : Case::all()) {
        if (!is_chosen(entry.first, count, words)) {
            continue;
        }
        const auto begun = std::chrono::steady_clock::now();
        ran++;
        try {
            entry.second();
        } catch (const std::exception &error) {
            failed++;
            std::printf("FAILED %s: %s\n", entry.first, error.what());
        }
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun).count();
        if (took > 1500 || count > 1) {
            std::printf("%s took %lld ms\n", entry.first, static_cast<long long>(took));
        }
    }
    std::printf("%d of %d cases passed\n", ran - failed, ran);
    return failed == 0 && ran > 0 ? 0 : 1;
}
