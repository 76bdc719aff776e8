#pragma once
#include <cstdint>
#include <string>

namespace emu {

enum class Order { Ascending, Descending, Random };

/// How the stand-ins behave; set by CUDA_EMULATOR_* variables at load and by cudaEmulatorControl later (README).
struct Settings {
    bool lazy = false;              ///< streams run only when somebody waits for them: a missing synchronisation always shows
    int delayMicroseconds = 0;      ///< before every device task
    bool check = false;             ///< kernels run instrumented: bounds, alignment, lifetimes and races of every access
    Order order = Order::Ascending; ///< of a block's threads between barriers, and of a grid's blocks
    uint64_t seed = 1;              ///< of Order::Random
    int threads = 0;                ///< host threads that run blocks; 0: one a core, at most four
    int watchdogMilliseconds = 60000;
    int devices = 0;                ///< 0: the profile's
    int ncclTimeoutMilliseconds = 20000;
    std::string log;                ///< "stderr" or a path: every refusal is one line there
    std::string compiler;           ///< of kernels; empty: c++, g++ or clang++, whichever is found first
};

Settings &settings();

/// One command, or several with ';' between: "schedule=lazy", "check=1", "fault=WHERE@N=CODE", "heal", ...
void control(const std::string &commands);

} // namespace emu
