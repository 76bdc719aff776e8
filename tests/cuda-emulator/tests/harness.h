#pragma once
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "abi/driver_functions.h"
#include "abi/nvrtc.h"

struct Failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

std::string last_refusal();

#define EXPECT(condition) \
    do { \
        if (!(condition)) \
            throw Failure(std::string(__FILE__) + ":" + std::to_string(__LINE__) + ": " #condition + " [" + last_refusal() + "]"); \
    } while (false)

#define EXPECT_CODE(expected, call) \
    do { \
        const int actual_ = static_cast<int>(call); \
        if (actual_ != static_cast<int>(expected)) { \
            throw Failure(std::string(__FILE__) + ":" + std::to_string(__LINE__) + ": " #call " gave " + std::to_string(actual_) + ", expected " \
                + std::to_string(static_cast<int>(expected)) + ": " + last_refusal()); \
        } \
    } while (false)

#define OK(call) EXPECT_CODE(0, call)

struct Case {
    Case(const char *claim, std::function<void()> body);
    static std::vector<std::pair<const char *, std::function<void()>>> &all();
};

#define CASE(name) \
    static void name(); \
    static const Case case_##name(#name, name); \
    static void name()

/// Whether the last refusal says this.
bool says(const std::string &text);

/// A fresh stream on device 0's primary context; the destructor destroys it.
struct Scene {
    explicit Scene(unsigned flags = 1);
    ~Scene();
    Scene(const Scene &) = delete;
    Scene &operator=(const Scene &) = delete;

    CUdevice device = 0;
    CUcontext context = nullptr;
    CUstream stream = nullptr;
};

/// Device memory of one type; freed at the end of its scope, where it is still live.
template <class Type>
struct Buffer {
    explicit Buffer(size_t length) : count(length) { OK(cuMemAlloc_v2(&address, length * sizeof(Type))); }
    explicit Buffer(const std::vector<Type> &values) : Buffer(values.size())
    {
        OK(cuMemcpyHtoD_v2(address, values.data(), values.size() * sizeof(Type)));
    }
    ~Buffer() { cuMemFree_v2(address); }
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;

    std::vector<Type> read() const
    {
        std::vector<Type> values(count);
        OK(cuMemcpyDtoH_v2(values.data(), address, count * sizeof(Type)));
        return values;
    }

    CUdeviceptr address = 0;
    size_t count;
};

/// Compiles, for the profile's card where no options are given, and returns the cubin; throws Failure with the log.
std::string compile(const std::string &source, std::vector<const char *> options = {});

/// A module of one program.
struct Program {
    explicit Program(const std::string &source);
    ~Program();
    Program(const Program &) = delete;
    Program &operator=(const Program &) = delete;
    CUfunction operator[](const char *name) const;

    CUmodule module = nullptr;
};

template <class... Arguments>
CUresult launch(CUfunction function, unsigned grid, unsigned block, unsigned shared, CUstream stream, Arguments... arguments)
{
    void *list[] = {&arguments..., nullptr};
    return cuLaunchKernel(function, grid, 1, 1, block, 1, 1, shared, stream, list, nullptr);
}

/// Launches, waits, and gives what the device reports; heals it for the next case.
template <class... Arguments>
CUresult run(CUfunction function, unsigned grid, unsigned block, unsigned shared, CUstream stream, Arguments... arguments)
{
    const CUresult launched = launch(function, grid, block, shared, stream, arguments...);
    const CUresult ended = launched != CUDA_SUCCESS ? launched : cuStreamSynchronize(stream);
    if (ended != CUDA_SUCCESS) {
        const std::string kept = last_refusal();
        cudaEmulatorControl("heal");
    }
    return ended;
}

void control(const char *commands);

/// One rank of the case that meets another process.
int run_as_rank();
