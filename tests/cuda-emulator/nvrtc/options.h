#pragma once
#include <string>
#include <vector>

namespace emu {

/// The stand-in compiler's reading of a program's options.
struct Options {
    std::string architecture = "compute_75"; ///< NVRTC's default
    std::vector<std::string> preprocess;     ///< for the host's preprocessor
    std::vector<std::string> compile;        ///< for the host's compiler
    std::string error;                       ///< the first option that is none, as the log says it
};

Options read_options(int count, const char *const *options);

/// Capabilities that the profile's compiler knows: 75, 80, ... 90, and 100 on from 12.8.
std::vector<int> known_architectures();

} // namespace emu
