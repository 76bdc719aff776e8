// Static shared memory by kernel: the rewriter leaves a marker as large as the variables beside each declaration, and the object's table
// of symbols tells in which function each marker lies (Itanium C++ ABI: _ZZ <function> E <length> <name>).
#include <elf.h>

#include <cstring>

#include "core/module.h"

namespace emu {

namespace {

constexpr const char *kMarker = "cuda_emulator_shared_";

/// The function in a marker's name, as the table of symbols would name it.
std::string owner_of(const std::string &symbol)
{
    const size_t marker = symbol.find(kMarker);
    if (symbol.rfind("_ZZ", 0) != 0 || marker == std::string::npos) {
        return {};
    }
    size_t end = marker;
    while (end > 3 && symbol[end - 1] >= '0' && symbol[end - 1] <= '9') {
        end--;
    }
    const std::string function = symbol.substr(3, end - 1 - 3); // without the E
    size_t digits = 0;
    while (digits < function.size() && function[digits] >= '0' && function[digits] <= '9') {
        digits++;
    }
    const size_t length = digits > 0 ? std::strtoul(function.c_str(), nullptr, 10) : 0;
    return length > 0 && digits + length == function.size() ? function.substr(digits) : "_Z" + function;
}

} // namespace

std::map<std::string, unsigned> static_shared_by_function(const std::string &code)
{
    std::map<std::string, unsigned> bytes;
    Elf64_Ehdr head{};
    if (code.size() < sizeof(head)) {
        return bytes;
    }
    std::memcpy(&head, code.data(), sizeof(head));
    const auto *sections = reinterpret_cast<const Elf64_Shdr *>(code.data() + head.e_shoff);
    if (head.e_shoff + uint64_t{head.e_shnum} * sizeof(Elf64_Shdr) > code.size()) {
        return bytes;
    }
    for (unsigned i = 0; i < head.e_shnum; i++) {
        if (sections[i].sh_type != SHT_SYMTAB || sections[i].sh_link >= head.e_shnum) {
            continue;
        }
        const char *names = code.data() + sections[sections[i].sh_link].sh_offset;
        const auto *symbols = reinterpret_cast<const Elf64_Sym *>(code.data() + sections[i].sh_offset);
        for (size_t s = 0; s < sections[i].sh_size / sizeof(Elf64_Sym); s++) {
            const std::string owner = owner_of(names + symbols[s].st_name);
            if (!owner.empty()) {
                bytes[owner] += static_cast<unsigned>(symbols[s].st_size);
            }
        }
    }
    return bytes;
}

unsigned LoadedModule::static_shared(const std::string &kernel) const
{
    const auto found = shared.find(kernel);
    return found == shared.end() ? 0 : found->second;
}

} // namespace emu
