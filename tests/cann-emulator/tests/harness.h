#pragma once
#include <dlfcn.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "abi_functions.h"
#include "operators/numbers.h"

/// The stand-ins of one profile, opened one by one with RTLD_LOCAL.
class Stand {
public:
    explicit Stand(const std::string &root);
    void *find(const char *symbol) const;
    bool has(const char *symbol) const { return find(symbol) != nullptr; }
    std::vector<std::pair<std::string, void *>> handles;
};

extern Stand *g_stand;
extern std::string g_root;
extern std::string g_maps;

/// One rank of the case that meets another process.
bool meet_as_rank(uint32_t rank, const HcclRootInfo &root);

/// A function of the profile under its exact type.
#define CANN(name) (reinterpret_cast<decltype(&emu::name)>(g_stand->find(#name)))

struct Failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

#define EXPECT(condition) \
    do { \
        if (!(condition)) \
            throw Failure(std::string(__FILE__) + ":" + std::to_string(__LINE__) + ": " #condition); \
    } while (false)

#define EXPECT_CODE(expected, call) \
    do { \
        const int actual_ = static_cast<int>(call); \
        if (actual_ != (expected)) { \
            const char *text_ = CANN(aclGetRecentErrMsg)(); \
            throw Failure(std::string(__FILE__) + ":" + std::to_string(__LINE__) + ": " #call " gave " + std::to_string(actual_) + ", expected " \
                + std::to_string(expected) + (text_ != nullptr ? std::string(": ") + text_ : "")); \
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

void control(const char *commands);

/// A device buffer with a descriptor; freed at the end of its scope.
class Buffer {
public:
    Buffer(std::vector<int64_t> shape, aclDataType type);
    Buffer(std::vector<int64_t> shape, aclDataType type, const std::vector<double> &values);
    ~Buffer();
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;

    void write(const std::vector<double> &values);
    std::vector<double> read() const;
    aclTensor *view(std::vector<int64_t> shape, std::vector<int64_t> strides, int64_t offset = 0);

    void *address = nullptr;
    aclTensor *tensor = nullptr;
    std::vector<int64_t> shape;
    aclDataType type;

private:
    size_t bytes() const;
    std::vector<aclTensor *> _views;
};

/// Runs a planned operator: allocates its workspace, launches on a stream of its own, and waits.
int run(const char *op, uint64_t workspaceSize, aclOpExecutor *executor);

/// Plans with the arguments and runs; the code of the first call that fails.
template <class Plan, class... Arguments>
int apply(const char *op, Plan plan, Arguments... arguments)
{
    uint64_t size = 0;
    aclOpExecutor *executor = nullptr;
    const int code = plan(arguments..., &size, &executor);
    return code != 0 ? code : run(op, size, executor);
}

#define APPLY(op, ...) apply(#op, CANN(op##GetWorkspaceSize), __VA_ARGS__)

std::vector<double> ramp(size_t count, double from, double step);
bool near(const std::vector<double> &actual, const std::vector<double> &expected, double relative);
