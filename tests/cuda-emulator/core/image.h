#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace emu {

/// What the stand-in compiler makes: in place of machine code for a GPU, code for this host together with the source it came from, so
/// that the driver can build it anew where it has to be instrumented or where the host's processor is another one.
struct Image {
    std::string architecture;              ///< "sm_90a"; "compute_90" for what stands for PTX
    std::string source;                    ///< rewritten, ready for the host's compiler behind the shim
    std::vector<std::string> options;      ///< for that compiler
    std::string processor;                 ///< whose instructions `code` uses
    std::string code;                      ///< a shared object

    int capability() const;                ///< 90 for sm_90a
    bool is_virtual() const { return architecture.rfind("compute_", 0) == 0; }
};

/// Bytes of a stand-in for a cubin: a header with a checksum, then the parts.
std::string write_image(const Image &image);
/// The same as NUL-terminated text that begins like PTX.
std::string write_text(const Image &image);
/// Reads either form. Refuses real cubins and PTX, and what is truncated or damaged.
Image read_image(const void *bytes);

/// The processor features that compiled kernels use.
std::string host_processor();

struct CompileFailure {
    std::string log;
};

/// Compiles a rewritten source to a shared object; `checked` with every access announced. Throws CompileFailure.
std::string compile_source(const std::string &source, const std::vector<std::string> &options, bool checked);
/// Runs the preprocessor alone, with the CUDA words left as they are. Throws CompileFailure.
std::string preprocess(const std::string &source, const std::string &name, const std::vector<std::string> &options,
    const std::vector<std::pair<std::string, std::string>> &headers);

/// ", kernel.cu:12" for an offset in a shared object that was compiled with tables of lines, where addr2line is there; or nothing.
std::string line_in(const std::string &code, uintptr_t offset);

} // namespace emu
