// "Module Management" and "Library Management" of the driver API reference.
#include <dlfcn.h>

#include "abi/driver_functions.h"
#include "core/capture.h"
#include "core/enter.h"
#include "core/memory.h"
#include "core/module.h"
#include "core/shared_memory.h"

using namespace emu;

namespace {

void load(CUmodule *handle, const void *image, const char *function)
{
    require(handle, "module");
    *handle = nullptr;
    const auto context = current_context();
    forbid_unsafe(function);
    *handle = static_cast<CUmodule>(modules().add(load_module(context, image)));
}

std::shared_ptr<Function> function_of(LoadedModule &module, const char *name)
{
    require(name, "name");
    const auto found = module.functions.find(name);
    if (found == module.functions.end()) {
        refuse(CUDA_ERROR_NOT_FOUND, "the module has no kernel '%.80s'", name);
    }
    return found->second;
}

void find_variable(LoadedModule &module, const char *name, CUdeviceptr *address, size_t *size)
{
    require(name, "name");
    void *found = dlsym(module.library, name);
    Dl_info symbol{};
    const bool own = found != nullptr && module.holds(reinterpret_cast<uintptr_t>(found), 1);
    if (!own || dladdr(found, &symbol) == 0) {
        refuse(CUDA_ERROR_NOT_FOUND, "the module has no variable '%.80s'", name);
    }
    if (address != nullptr) {
        *address = reinterpret_cast<uintptr_t>(found);
    }
    if (size != nullptr) {
        *size = 0; // the host's loader does not tell
    }
}

} // namespace

CUDA_EXPORT CUresult cuModuleLoadData(CUmodule *module, const void *image)
{
    return enter("cuModuleLoadData", [=] { load(module, image, "cuModuleLoadData"); });
}

CUDA_EXPORT CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned count, int *options, void **values)
{
    return enter("cuModuleLoadDataEx", [=] {
        if (count > 0 && (options == nullptr || values == nullptr)) {
            refuse(CUDA_ERROR_INVALID_VALUE, "%u options without their lists", count);
        }
        load(module, image, "cuModuleLoadDataEx");
    });
}

CUDA_EXPORT CUresult cuModuleUnload(CUmodule handle)
{
    return enter("cuModuleUnload", [=] {
        const auto context = current_context_any_health();
        forbid_unsafe("cuModuleUnload");
        const auto module = modules().get(handle);
        for (const auto &stream : context->live_streams()) {
            stream->wait_all();
        }
        context->legacy->wait_all();
        modules().remove(handle);
    });
}

CUDA_EXPORT CUresult cuModuleGetFunction(CUfunction *function, CUmodule handle, const char *name)
{
    return enter("cuModuleGetFunction", [=] {
        require(function, "hfunc");
        *function = nullptr;
        const auto module = modules().get(handle);
        *function = static_cast<CUfunction>(function_of(*module, name)->token);
    });
}

CUDA_EXPORT CUresult cuModuleGetFunctionCount(unsigned *count, CUmodule handle)
{
    return enter("cuModuleGetFunctionCount", [=] {
        require(count, "count");
        *count = static_cast<unsigned>(modules().get(handle)->functions.size());
    });
}

CUDA_EXPORT CUresult cuModuleGetGlobal_v2(CUdeviceptr *address, size_t *size, CUmodule handle, const char *name)
{
    return enter("cuModuleGetGlobal_v2", [=] { find_variable(*modules().get(handle), name, address, size); });
}

CUDA_EXPORT CUresult cuLibraryLoadData(CUlibrary *library, const void *code, int *, void **, unsigned jitCount, int *, void **, unsigned count)
{
    return enter("cuLibraryLoadData", [=] {
        if (jitCount > 0 || count > 0) {
            refuse(CUDA_ERROR_NOT_SUPPORTED, "the emulator's libraries take no options");
        }
        CUmodule module = nullptr;
        require(library, "library");
        load(&module, code, "cuLibraryLoadData");
        *library = reinterpret_cast<CUlibrary>(module);
    });
}

CUDA_EXPORT CUresult cuLibraryUnload(CUlibrary library)
{
    return enter("cuLibraryUnload", [=] { modules().remove(library); });
}

CUDA_EXPORT CUresult cuLibraryGetKernel(CUkernel *kernel, CUlibrary library, const char *name)
{
    return enter("cuLibraryGetKernel", [=] {
        require(kernel, "pKernel");
        const auto module = modules().get(library);
        *kernel = static_cast<CUkernel>(function_of(*module, name)->token);
    });
}

CUDA_EXPORT CUresult cuLibraryGetModule(CUmodule *module, CUlibrary library)
{
    return enter("cuLibraryGetModule", [=] {
        require(module, "pMod");
        modules().get(library);
        *module = reinterpret_cast<CUmodule>(library);
    });
}

CUDA_EXPORT CUresult cuKernelGetFunction(CUfunction *function, CUkernel kernel)
{
    return enter("cuKernelGetFunction", [=] {
        require(function, "pFunc");
        functions().get(kernel);
        *function = reinterpret_cast<CUfunction>(kernel);
    });
}

CUDA_EXPORT CUresult cuFuncGetName(const char **name, CUfunction handle)
{
    return enter("cuFuncGetName", [=] {
        require(name, "name");
        *name = functions().get(handle)->name.c_str();
    });
}

CUDA_EXPORT CUresult cuFuncGetModule(CUmodule *module, CUfunction handle)
{
    return enter("cuFuncGetModule", [=] {
        require(module, "hmod");
        const auto owner = functions().get(handle)->module.lock();
        for (const auto &candidate : modules().all_with_tokens()) {
            if (candidate.second == owner) {
                *module = static_cast<CUmodule>(candidate.first);
                return;
            }
        }
        refuse(CUDA_ERROR_INVALID_HANDLE, "the function's module was unloaded");
    });
}

CUDA_EXPORT CUresult cuFuncGetAttribute(int *value, CUfunction_attribute attribute, CUfunction handle)
{
    return enter("cuFuncGetAttribute", [=] {
        require(value, "pi");
        const auto function = functions().get(handle);
        const auto module = function->module.lock();
        switch (static_cast<int>(attribute)) {
        case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
            *value = function->kernel->maxThreads != 0 ? static_cast<int>(std::min(function->kernel->maxThreads, 1024u)) : 1024;
            break;
        case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
            *value = static_cast<int>(module->static_shared(function->name));
            break;
        case CU_FUNC_ATTRIBUTE_NUM_REGS:
            *value = 32; // the host's compiler knows nothing of a GPU's registers
            break;
        case CU_FUNC_ATTRIBUTE_PTX_VERSION:
        case CU_FUNC_ATTRIBUTE_BINARY_VERSION:
            *value = module->image.capability();
            break;
        case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
            *value = function->maxDynamicShared;
            break;
        case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
            *value = -1;
            break;
        default:
            if (static_cast<int>(attribute) < 0 || static_cast<int>(attribute) > 15) {
                refuse(CUDA_ERROR_INVALID_VALUE, "%d is no function attribute", static_cast<int>(attribute));
            }
            *value = 0;
        }
    });
}

CUDA_EXPORT CUresult cuFuncSetAttribute(CUfunction handle, CUfunction_attribute attribute, int value)
{
    return enter("cuFuncSetAttribute", [=] {
        const auto function = functions().get(handle);
        if (attribute == CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT) {
            if (value < -1 || value > 100) {
                refuse(CUDA_ERROR_INVALID_VALUE, "a carve-out is -1 or 0 to 100 per cent, not %d", value);
            }
            return;
        }
        if (attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES) {
            refuse(CUDA_ERROR_INVALID_VALUE, "function attribute %d cannot be set", static_cast<int>(attribute));
        }
        const auto module = function->module.lock();
        const int fixed = module ? static_cast<int>(module->static_shared(function->name)) : 0;
        if (value < 0 || value > static_cast<int>(SharedMemory::kDynamicLimit) - fixed) {
            refuse(CUDA_ERROR_INVALID_VALUE, "%d bytes of dynamic shared memory and %d static ones: a block has %u", value, fixed, SharedMemory::kDynamicLimit);
        }
        function->maxDynamicShared = value;
    });
}

CUDA_EXPORT CUresult cuFuncSetCacheConfig(CUfunction handle, int config)
{
    return enter("cuFuncSetCacheConfig", [=] {
        functions().get(handle);
        if (config < 0 || config > 3) {
            refuse(CUDA_ERROR_INVALID_VALUE, "%d is no cache configuration", config);
        }
    });
}

CUDA_EXPORT CUresult cuFuncGetParamInfo(CUfunction handle, size_t index, size_t *offset, size_t *size)
{
    return enter("cuFuncGetParamInfo", [=] {
        require(offset, "paramOffset");
        const auto function = functions().get(handle);
        const auto module = function->module.lock();
        if (!module || index >= function->kernel->count) {
            refuse(CUDA_ERROR_INVALID_VALUE, "parameter %zu of %u", index, function->kernel->count);
        }
        size_t at = 0;
        for (size_t i = 0; i <= index; i++) {
            const size_t bytes = function->kernel->sizes[i], unit = std::min<size_t>(bytes & (~bytes + 1), 16);
            at = (at + unit - 1) / unit * unit;
            *offset = at;
            at += bytes;
        }
        if (size != nullptr) {
            *size = function->kernel->sizes[index];
        }
    });
}
