// Rules: "Module Management" and "Library Management" of the driver API reference; which image runs where: "Binary compatibility" of the
// programming guide.
#include "core/module.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/profile.h"
#include "core/runner.h"
#include "core/settings.h"

namespace emu {

namespace {

void require_architecture(const Image &image)
{
    const int wanted = image.capability(), major = wanted / 10, minor = wanted % 10;
    const bool specific = image.architecture.back() == 'a';
    const Profile &card = profile();
    if (image.is_virtual()) {
        if (card.driverVersion < 12000) {
            refuse(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, "PTX 8.7 needs a newer driver than %s", card.driver);
        }
        if (wanted > card.major * 10 + card.minor || (specific && (major != card.major || minor != card.minor))) {
            refuse(CUDA_ERROR_NO_BINARY_FOR_GPU, "%s on a device of capability %d.%d", image.architecture.c_str(), card.major, card.minor);
        }
        return;
    }
    const bool same = major == card.major && (specific ? minor == card.minor : minor <= card.minor);
    if (!same) {
        refuse(CUDA_ERROR_NO_BINARY_FOR_GPU, "%s on a device of capability %d.%d", image.architecture.c_str(), card.major, card.minor);
    }
    if (card.driverVersion < 12000) {
        refuse(CUDA_ERROR_INVALID_IMAGE, "a cubin of CUDA 12 on driver %s, which is of CUDA %d.%d", card.driver, card.driverVersion / 1000,
            card.driverVersion % 1000 / 10);
    }
}

std::string code_for(const Image &image, bool checked)
{
    if (!checked && image.processor == host_processor()) {
        return image.code;
    }
    try {
        return compile_source(image.source, image.options, checked);
    } catch (const CompileFailure &failure) {
        refuse(CUDA_ERROR_INVALID_IMAGE, "the image does not compile on this host: %s", failure.log.c_str());
    }
}

/// A library from its bytes. The file stays open while it is loaded: the loader knows a library by its path, and this path is the
/// descriptor's number.
void open_library(const std::string &code, int &file, void *&library)
{
    file = memfd_create("cuda-emulator-module", MFD_CLOEXEC);
    if (file < 0 || write(file, code.data(), code.size()) != static_cast<ssize_t>(code.size())) {
        refuse(CUDA_ERROR_OUT_OF_MEMORY, "the host grants no file for %zu bytes of code", code.size());
    }
    library = dlopen(format("/proc/self/fd/%d", file).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        refuse(CUDA_ERROR_INVALID_IMAGE, "the code cannot be loaded: %s", dlerror());
    }
}

const cuda_emulator::Module *table_of(void *library)
{
    return static_cast<const cuda_emulator::Module *>(dlsym(library, "cuda_emulator_module"));
}

std::string symbol_of(const cuda_emulator::Kernel &kernel)
{
    Dl_info symbol{};
    const bool named = dladdr(kernel.address, &symbol) != 0 && symbol.dli_sname != nullptr && symbol.dli_saddr == kernel.address;
    return named ? symbol.dli_sname : kernel.name;
}

/// Where the library's segments lie, and which of them kernels may read or write.
void find_segments(LoadedModule &module, const void *inside)
{
    struct Search {
        LoadedModule *module;
        uintptr_t inside;
    } search{&module, reinterpret_cast<uintptr_t>(inside)};
    dl_iterate_phdr(
        [](dl_phdr_info *info, size_t, void *data) {
            auto &own = *static_cast<Search *>(data);
            uintptr_t low = ~uintptr_t{0}, high = 0;
            for (int i = 0; i < info->dlpi_phnum; i++) {
                const auto &segment = info->dlpi_phdr[i];
                if (segment.p_type == PT_LOAD) {
                    low = std::min<uintptr_t>(low, info->dlpi_addr + segment.p_vaddr);
                    high = std::max<uintptr_t>(high, info->dlpi_addr + segment.p_vaddr + segment.p_memsz);
                }
            }
            if (own.inside < low || own.inside >= high) {
                return 0;
            }
            own.module->base = low;
            own.module->end = high;
            for (int i = 0; i < info->dlpi_phnum; i++) {
                const auto &segment = info->dlpi_phdr[i];
                if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) == 0) {
                    own.module->data.push_back({info->dlpi_addr + segment.p_vaddr, segment.p_memsz});
                }
            }
            return 1;
        },
        &search);
}

void add_functions(const std::shared_ptr<LoadedModule> &module, const cuda_emulator::Module &table)
{
    for (unsigned i = 0; i < table.count; i++) {
        const cuda_emulator::Kernel &kernel = table.kernels[i];
        auto function = std::make_shared<Function>();
        function->module = module;
        function->kernel = &kernel;
        function->name = symbol_of(kernel);
        function->token = functions().add(function);
        module->functions[function->name] = function;
    }
}

} // namespace

Handles<LoadedModule> &modules()
{
    static auto &all = *new Handles<LoadedModule>("module", 8);
    return all;
}

Handles<Function> &functions()
{
    static auto &all = *new Handles<Function>("function", 9);
    return all;
}

std::shared_ptr<LoadedModule> load_module(const std::shared_ptr<Context> &context, const void *image)
{
    auto module = std::make_shared<LoadedModule>();
    module->device = context->device;
    module->context = context;
    module->image = read_image(image);
    require_architecture(module->image);
    module->checked = settings().check;
    module->image.code = code_for(module->image, module->checked);
    open_library(module->image.code, module->file, module->library);
    const cuda_emulator::Module *table = table_of(module->library);
    if (table == nullptr || table->abi != cuda_emulator::kAbi) {
        refuse(CUDA_ERROR_INVALID_IMAGE, "the image is of another version of the emulator: compile it anew");
    }
    *table->runtime = &Runner::kRuntime;
    find_segments(*module, table);
    for (const auto &range : module->data) {
        memory::add_module(range.first, range.second, module->device->id);
    }
    add_functions(module, *table);
    module->shared = static_shared_by_function(module->image.code);
    return module;
}

std::map<std::string, std::string> symbols_of_kernels(const std::string &code)
{
    int file = -1;
    void *library = nullptr;
    open_library(code, file, library);
    std::map<std::string, std::string> names;
    const cuda_emulator::Module *table = table_of(library);
    for (unsigned i = 0; table != nullptr && i < table->count; i++) {
        names[table->kernels[i].name] = symbol_of(table->kernels[i]);
    }
    dlclose(library);
    close(file);
    return names;
}

LoadedModule::~LoadedModule()
{
    for (const auto &entry : functions) {
        if (emu::functions().find(entry.second->token)) {
            emu::functions().remove(entry.second->token);
        }
    }
    for (const auto &range : data) {
        memory::remove_module(range.first);
    }
    if (library != nullptr) {
        dlclose(library);
    }
    if (file >= 0) {
        close(file);
    }
}

bool LoadedModule::holds(uintptr_t address, unsigned size) const
{
    for (const auto &range : data) {
        if (address >= range.first && address + size <= range.first + range.second) {
            return true;
        }
    }
    return false;
}

std::string LoadedModule::line_of(const void *code) const
{
    const auto address = reinterpret_cast<uintptr_t>(code);
    return address >= base && address < end ? line_in(image.code, address - base - 1) : "";
}

} // namespace emu
