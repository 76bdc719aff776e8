#pragma once
#include <cstddef>

namespace emu {

/// Where an operator's kernels exist: "A2", "A3", both or neither. From the product table of its reference page.
struct OperatorPlatforms {
    const char *name;
    const char *platforms;
};

struct CodeMeaning {
    int code;
    const char *name;
    const char *meaning;
};

extern const OperatorPlatforms kOperatorPlatforms[];
extern const size_t kOperatorPlatformCount;
extern const CodeMeaning kCodeMeanings[];
extern const size_t kCodeMeaningCount;

} // namespace emu
