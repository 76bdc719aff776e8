#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/device.h"
#include "core/image.h"
#include "shim/thread.h"

namespace emu {

struct LoadedModule;

/// What cuModuleGetFunction hands out.
struct Function {
    std::weak_ptr<LoadedModule> module;
    const cuda_emulator::Kernel *kernel = nullptr;
    std::string name;
    void *token = nullptr;
    std::atomic<int> maxDynamicShared{48 << 10};
};

/// An image in this process: its variables are its own, its code is the host's.
struct LoadedModule : std::enable_shared_from_this<LoadedModule> {
    ~LoadedModule();

    /// Whether all bytes lie in the module's variables or constants.
    bool holds(uintptr_t address, unsigned size) const;
    /// ", line 12" for a place in its code, where the debugger's tables tell; or nothing.
    std::string line_of(const void *code) const;

    /// Bytes of the kernel's own __shared__ variables, those of functions it calls not included.
    unsigned static_shared(const std::string &kernel) const;

    std::shared_ptr<Device> device;
    std::weak_ptr<Context> context;
    Image image;
    bool checked = false;
    int file = -1;
    void *library = nullptr;
    uintptr_t base = 0, end = 0;
    std::vector<std::pair<uintptr_t, size_t>> data;
    std::map<std::string, std::shared_ptr<Function>> functions;
    std::map<std::string, unsigned> shared; ///< static bytes by kernel
};

/// Loads an image for the context's device. Refuses what is no image of the emulator's, is damaged, or is for another architecture.
std::shared_ptr<LoadedModule> load_module(const std::shared_ptr<Context> &context, const void *image);

/// Bytes of __shared__ variables by the name of the function that declares them.
std::map<std::string, unsigned> static_shared_by_function(const std::string &code);

/// The names that a compiled object's kernels have in its table of symbols, by the names they were listed under.
std::map<std::string, std::string> symbols_of_kernels(const std::string &code);

Handles<LoadedModule> &modules();
Handles<Function> &functions();

} // namespace emu
