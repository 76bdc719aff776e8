// "cublasLtMatmulDesc", "cublasLtMatrixLayout" and "cublasLtMatmulPreference" with their attributes, of the cuBLAS documentation.
#include <cstring>

#include "cublaslt/descriptors.h"
#include "core/device.h"
#include "core/profile.h"

using namespace emu;

namespace emu {

void require_value(const void *pointer, const char *name)
{
    if (pointer == nullptr) {
        refuse(CUBLAS_STATUS_INVALID_VALUE, "%s is null", name);
    }
}

std::shared_ptr<Context> blas_context()
{
    try {
        return current_context();
    } catch (const Refusal &refusal) {
        const bool none = refusal.code == CUDA_ERROR_NOT_INITIALIZED || refusal.code == CUDA_ERROR_INVALID_CONTEXT;
        throw Refusal{none ? static_cast<int>(CUBLAS_STATUS_NOT_INITIALIZED) : static_cast<int>(CUBLAS_STATUS_EXECUTION_FAILED), refusal.rule};
    }
}

Handles<LightHandle> &light_handles()
{
    static auto &all = *new Handles<LightHandle>("cublasLt handle", 21, CUBLAS_STATUS_NOT_INITIALIZED);
    return all;
}

Handles<MatmulDesc> &matmul_descs()
{
    static auto &all = *new Handles<MatmulDesc>("matmul descriptor", 22, CUBLAS_STATUS_INVALID_VALUE);
    return all;
}

Handles<Layout> &layouts()
{
    static auto &all = *new Handles<Layout>("matrix layout", 23, CUBLAS_STATUS_INVALID_VALUE);
    return all;
}

Handles<Preference> &preferences()
{
    static auto &all = *new Handles<Preference>("matmul preference", 24, CUBLAS_STATUS_INVALID_VALUE);
    return all;
}

uint64_t MatmulDesc::get(int attribute) const
{
    const auto found = attributes.find(attribute);
    return found != attributes.end() ? found->second : attribute == kEpilogue ? 1 : 0;
}

} // namespace emu

namespace {

/// Bytes of an operation's attribute; 0 where there is none of this number.
size_t desc_size(int attribute)
{
    switch (attribute) {
    case 0: case 1: case 2: case 3: case 4: case 5: case 6: case 7: case 15: case 22: case 26:
        return 4;
    case kFastAccumulation:
        return 1;
    case 8: case 10: case 11: case 12: case 13: case 14: case 17: case 18: case 19: case 20: case 21: case 23: case 24:
        return 8;
    default:
        return 0;
    }
}

size_t layout_size(int attribute)
{
    return attribute == 0 || attribute == 1 || attribute == 5 ? 4 : attribute >= 2 && attribute <= 7 ? 8 : 0;
}

void require_size(size_t wanted, size_t given, int attribute)
{
    if (wanted == 0) {
        refuse(CUBLAS_STATUS_INVALID_VALUE, "attribute %d is not one that the emulator knows", attribute);
    }
    if (given != wanted) {
        refuse(CUBLAS_STATUS_INVALID_VALUE, "attribute %d takes %zu bytes, not %zu", attribute, wanted, given);
    }
}

void give(const void *from, size_t size, void *to, size_t room, size_t *written)
{
    if (written != nullptr) {
        *written = size;
    }
    if (room == 0) {
        require_value(written, "sizeWritten");
        return;
    }
    require_value(to, "buf");
    if (room < size) {
        refuse(CUBLAS_STATUS_INVALID_VALUE, "room of %zu bytes for a value of %zu", room, size);
    }
    std::memcpy(to, from, size);
}

/// The eight members of a layout as its attributes number them.
int64_t layout_value(const Layout &layout, int attribute)
{
    const int64_t values[] = {layout.type, layout.order, static_cast<int64_t>(layout.rows), static_cast<int64_t>(layout.columns), layout.ld,
        layout.batches, layout.stride, 0};
    return values[attribute];
}

} // namespace

CUDA_EXPORT cublasStatus_t cublasLtCreate(cublasLtHandle_t *handle)
{
    return enter_blas("cublasLtCreate", [=] {
        require_value(handle, "lightHandle");
        const auto context = blas_context();
        *handle = static_cast<cublasLtHandle_t>(light_handles().add(std::make_shared<LightHandle>(LightHandle{context->device->id})));
    });
}

CUDA_EXPORT cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle)
{
    return enter_blas("cublasLtDestroy", [=] { light_handles().remove(handle); });
}

CUDA_EXPORT const char *cublasLtGetStatusName(cublasStatus_t status)
{
    switch (static_cast<int>(status)) {
    case 0: return "CUBLAS_STATUS_SUCCESS";
    case 1: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case 3: return "CUBLAS_STATUS_ALLOC_FAILED";
    case 7: return "CUBLAS_STATUS_INVALID_VALUE";
    case 8: return "CUBLAS_STATUS_ARCH_MISMATCH";
    case 11: return "CUBLAS_STATUS_MAPPING_ERROR";
    case 13: return "CUBLAS_STATUS_EXECUTION_FAILED";
    case 14: return "CUBLAS_STATUS_INTERNAL_ERROR";
    case 15: return "CUBLAS_STATUS_NOT_SUPPORTED";
    case 16: return "CUBLAS_STATUS_LICENSE_ERROR";
    default: return "CUBLAS_STATUS_UNKNOWN";
    }
}

CUDA_EXPORT const char *cublasLtGetStatusString(cublasStatus_t status)
{
    switch (static_cast<int>(status)) {
    case 0: return "success";
    case 1: return "the library was not initialized";
    case 3: return "the resource allocation failed";
    case 7: return "an invalid value was passed as an argument";
    case 13: return "the function failed to launch on the GPU";
    case 15: return "the requested functionality is not supported";
    default: return cublasLtGetStatusName(status);
    }
}

CUDA_EXPORT size_t cublasLtGetVersion()
{
    return static_cast<size_t>(profile().compilerMajor) * 10000 + static_cast<size_t>(profile().compilerMinor) * 100;
}

CUDA_EXPORT size_t cublasLtGetCudartVersion()
{
    return static_cast<size_t>(profile().compilerMajor) * 1000 + static_cast<size_t>(profile().compilerMinor) * 10;
}

CUDA_EXPORT cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *desc, int computeType, int scaleType)
{
    return enter_blas("cublasLtMatmulDescCreate", [=] {
        require_value(desc, "matmulDesc");
        auto created = std::make_shared<MatmulDesc>();
        created->computeType = computeType;
        created->scaleType = scaleType;
        *desc = static_cast<cublasLtMatmulDesc_t>(matmul_descs().add(created));
    });
}

CUDA_EXPORT cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t desc)
{
    return enter_blas("cublasLtMatmulDescDestroy", [=] { matmul_descs().remove(desc); });
}

CUDA_EXPORT cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t handle, int attribute, const void *value, size_t size)
{
    return enter_blas("cublasLtMatmulDescSetAttribute", [=] {
        const auto desc = matmul_descs().get(handle);
        require_value(value, "buf");
        require_size(desc_size(attribute), size, attribute);
        uint64_t bits = 0;
        std::memcpy(&bits, value, size);
        if (attribute == 0) {
            desc->computeType = static_cast<int>(bits);
        } else if (attribute == 1) {
            desc->scaleType = static_cast<int>(bits);
        } else {
            desc->attributes[attribute] = bits;
        }
    });
}

CUDA_EXPORT cublasStatus_t cublasLtMatmulDescGetAttribute(cublasLtMatmulDesc_t handle, int attribute, void *value, size_t size, size_t *written)
{
    return enter_blas("cublasLtMatmulDescGetAttribute", [=] {
        const auto desc = matmul_descs().get(handle);
        const size_t bytes = desc_size(attribute);
        require_size(bytes, bytes, attribute);
        const uint64_t bits = attribute == 0 ? static_cast<uint64_t>(desc->computeType)
            : attribute == 1                 ? static_cast<uint64_t>(desc->scaleType)
                                             : desc->get(attribute);
        give(&bits, bytes, value, size, written);
    });
}

CUDA_EXPORT cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *handle, int type, uint64_t rows, uint64_t columns, int64_t ld)
{
    return enter_blas("cublasLtMatrixLayoutCreate", [=] {
        require_value(handle, "matLayout");
        auto layout = std::make_shared<Layout>();
        layout->type = type;
        layout->rows = rows;
        layout->columns = columns;
        layout->ld = ld;
        *handle = static_cast<cublasLtMatrixLayout_t>(layouts().add(layout));
    });
}

CUDA_EXPORT cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout)
{
    return enter_blas("cublasLtMatrixLayoutDestroy", [=] { layouts().remove(layout); });
}

CUDA_EXPORT cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t handle, int attribute, const void *value, size_t size)
{
    return enter_blas("cublasLtMatrixLayoutSetAttribute", [=] {
        const auto layout = layouts().get(handle);
        require_value(value, "buf");
        require_size(layout_size(attribute), size, attribute);
        int64_t number = 0;
        std::memcpy(&number, value, size);
        switch (attribute) {
        case 0: layout->type = static_cast<int>(number); break;
        case 1: layout->order = static_cast<int>(number); break;
        case 2: layout->rows = static_cast<uint64_t>(number); break;
        case 3: layout->columns = static_cast<uint64_t>(number); break;
        case 4: layout->ld = number; break;
        case 5: layout->batches = static_cast<int>(number); break;
        case 6: layout->stride = number; break;
        default: refuse(CUBLAS_STATUS_NOT_SUPPORTED, "planar layouts are not emulated");
        }
    });
}

CUDA_EXPORT cublasStatus_t cublasLtMatrixLayoutGetAttribute(cublasLtMatrixLayout_t handle, int attribute, void *value, size_t size, size_t *written)
{
    return enter_blas("cublasLtMatrixLayoutGetAttribute", [=] {
        const auto layout = layouts().get(handle);
        const size_t bytes = layout_size(attribute);
        require_size(bytes, bytes, attribute);
        const int64_t number = layout_value(*layout, attribute);
        give(&number, bytes, value, size, written);
    });
}

CUDA_EXPORT cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *preference)
{
    return enter_blas("cublasLtMatmulPreferenceCreate", [=] {
        require_value(preference, "pref");
        *preference = static_cast<cublasLtMatmulPreference_t>(preferences().add(std::make_shared<Preference>()));
    });
}

CUDA_EXPORT cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference)
{
    return enter_blas("cublasLtMatmulPreferenceDestroy", [=] { preferences().remove(preference); });
}

CUDA_EXPORT cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t handle, int attribute, const void *value, size_t size)
{
    return enter_blas("cublasLtMatmulPreferenceSetAttribute", [=] {
        const auto preference = preferences().get(handle);
        require_value(value, "buf");
        require_size(attribute == 1 ? 8 : attribute >= 0 && attribute <= 12 ? 4 : 0, size, attribute);
        uint64_t number = 0;
        std::memcpy(&number, value, size);
        if (attribute == 1) {
            preference->workspace = number;
        } else if (attribute >= 5 && attribute <= 8) {
            if (number == 0 || (number & (number - 1)) != 0) {
                refuse(CUBLAS_STATUS_INVALID_VALUE, "an alignment of %llu bytes", static_cast<unsigned long long>(number));
            }
            preference->alignment[attribute - 5] = static_cast<uint32_t>(number);
        }
    });
}

CUDA_EXPORT cublasStatus_t cublasLtMatmulPreferenceGetAttribute(cublasLtMatmulPreference_t handle, int attribute, void *value, size_t size,
    size_t *written)
{
    return enter_blas("cublasLtMatmulPreferenceGetAttribute", [=] {
        const auto preference = preferences().get(handle);
        if (attribute == 1) {
            give(&preference->workspace, 8, value, size, written);
            return;
        }
        require_size(attribute >= 5 && attribute <= 8 ? 4 : 0, 4, attribute);
        give(&preference->alignment[attribute - 5], 4, value, size, written);
    });
}
