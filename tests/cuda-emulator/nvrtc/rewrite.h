#pragma once
#include <string>
#include <vector>

namespace emu {

/// What a program's text says beside its code.
struct Rewritten {
    std::string text;                 ///< C++ for the host's compiler behind the shim
    std::vector<std::string> errors;  ///< lines for the program's log
};

/// Turns preprocessed CUDA C++ into C++: __shared__ variables become the block's, kernels are listed, inline assembly is refused.
/// `expressions` are further kernels by their names, as nvrtcAddNameExpression gives them.
Rewritten rewrite(const std::string &preprocessed, const std::vector<std::string> &expressions);

} // namespace emu
