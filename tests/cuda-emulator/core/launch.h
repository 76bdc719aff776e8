#pragma once
#include <memory>
#include <string>
#include <vector>

#include "abi/driver.h"
#include "shim/thread.h"

namespace emu {

struct LoadedModule;

/// A kernel with everything that one launch of it needs; arguments were copied when it was asked for.
struct Launch {
    std::shared_ptr<LoadedModule> module;
    const cuda_emulator::Kernel *kernel = nullptr;
    std::string name;
    uint3 grid{1, 1, 1};
    uint3 block{1, 1, 1};
    unsigned dynamicBytes = 0;
    int device = 0;
    std::vector<unsigned char> bytes;     ///< of the arguments, each on 16 bytes
    std::vector<size_t> offsets;

    std::vector<void *> arguments() const;
};

/// Checks the pointers among the arguments, runs every block, then looks at the borders of what they point to. Refuses with what
/// the device would report.
void run_launch(const Launch &launch);

} // namespace emu
