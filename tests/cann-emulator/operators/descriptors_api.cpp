// The exported functions of libnnopbase: descriptors and executors. Rules: the operator base's API reference (nnopbase/aclnn).
#include <algorithm>

#include "abi_functions.h"
#include "operators/executor.h"
#include "operators/tensor.h"
#include "runtime/codes.h"
#include "runtime/refusal.h"

namespace emu {

Handles<Tensor> &tensors()
{
    static auto *kTensors = new Handles<Tensor>("aclTensor", 7, kNnInvalid);
    return *kTensors;
}

Handles<Scalar> &scalars()
{
    static auto *kScalars = new Handles<Scalar>("aclScalar", 8, kNnInvalid);
    return *kScalars;
}

Handles<TensorList> &tensor_lists()
{
    static auto *kLists = new Handles<TensorList>("aclTensorList", 9, kNnInvalid);
    return *kLists;
}

Handles<ScalarList> &scalar_lists()
{
    static auto *kLists = new Handles<ScalarList>("aclScalarList", 10, kNnInvalid);
    return *kLists;
}

Handles<std::vector<int64_t>> &int_arrays()
{
    static auto *kArrays = new Handles<std::vector<int64_t>>("aclIntArray", 11, kNnInvalid);
    return *kArrays;
}

Handles<std::vector<float>> &float_arrays()
{
    static auto *kArrays = new Handles<std::vector<float>>("aclFloatArray", 12, kNnInvalid);
    return *kArrays;
}

Handles<std::vector<bool>> &bool_arrays()
{
    static auto *kArrays = new Handles<std::vector<bool>>("aclBoolArray", 13, kNnInvalid);
    return *kArrays;
}

namespace {

constexpr uintptr_t kAlignment = 32;

void check_address(uintptr_t address)
{
    if (address % kAlignment != 0) {
        refuse(kNnInvalid, "tensor address 0x%zx is not 32-byte aligned (put the rest into the offset)", address);
    }
}

void describe(Tensor &tensor, const int64_t *viewDims, uint64_t viewDimsNum, aclDataType type, const int64_t *stride, int64_t offset,
    aclFormat format, const int64_t *storageDims, uint64_t storageDimsNum, void *data)
{
    if ((viewDims == nullptr && viewDimsNum > 0) || (storageDims == nullptr && storageDimsNum > 0) || offset < 0) {
        refuse(kNnInvalid, "a descriptor has dimensions, and an offset that is not negative");
    }
    check_address(reinterpret_cast<uintptr_t>(data));
    tensor.shape.assign(viewDims, viewDims + viewDimsNum);
    tensor.storage.assign(storageDims, storageDims + storageDimsNum);
    tensor.strides.resize(viewDimsNum);
    int64_t contiguous = 1;
    for (size_t i = viewDimsNum; i-- > 0;) {
        tensor.strides[i] = stride != nullptr ? stride[i] : contiguous;
        contiguous *= tensor.shape[i];
        if (tensor.shape[i] < 0 || tensor.strides[i] < 0) {
            refuse(kNnInvalid, "dimensions and strides are not negative: shape %s, strides %s", text_of(tensor.shape).c_str(),
                text_of(tensor.strides).c_str());
        }
    }
    tensor.offset = offset;
    tensor.type = type;
    tensor.format = format;
    tensor.address = reinterpret_cast<uintptr_t>(data);
    int64_t last = offset;
    for (size_t i = 0; i < viewDimsNum; i++) {
        last += (tensor.shape[i] - 1) * tensor.strides[i];
    }
    if (format != ACL_FORMAT_FRACTAL_NZ && tensor.count() > 0 && storageDimsNum > 0 && last >= count_of(tensor.storage)) {
        refuse(kNnInvalid, "the view %s with strides %s and offset %lld reaches element %lld, the storage %s has %lld", text_of(tensor.shape).c_str(),
            text_of(tensor.strides).c_str(), static_cast<long long>(offset), static_cast<long long>(last), text_of(tensor.storage).c_str(),
            static_cast<long long>(count_of(tensor.storage)));
    }
}

template <class Value>
Scalar scalar_from(const void *value, aclDataType type)
{
    Value stored;
    std::memcpy(&stored, value, sizeof(stored));
    return {type, static_cast<double>(stored), static_cast<int64_t>(stored)};
}

Scalar read_scalar(const void *value, aclDataType type)
{
    uint16_t bits = 0;
    switch (type) {
        case ACL_FLOAT: return scalar_from<float>(value, type);
        case ACL_DOUBLE: return scalar_from<double>(value, type);
        case ACL_INT8: return scalar_from<int8_t>(value, type);
        case ACL_UINT8:
        case ACL_BOOL: return scalar_from<uint8_t>(value, type);
        case ACL_INT16: return scalar_from<int16_t>(value, type);
        case ACL_INT32: return scalar_from<int32_t>(value, type);
        case ACL_UINT32: return scalar_from<uint32_t>(value, type);
        case ACL_INT64: return scalar_from<int64_t>(value, type);
        case ACL_UINT64: return scalar_from<uint64_t>(value, type);
        case ACL_FLOAT16:
        case ACL_BF16: {
            std::memcpy(&bits, value, sizeof(bits));
            const float number = type == ACL_BF16 ? from_bfloat(bits) : from_half(bits);
            return {type, number, static_cast<int64_t>(number)};
        }
        default: refuse(kNnInvalid, "no scalar of data type %d", type);
    }
}

/// Handed-out copies of shapes are the caller's to free with delete[], as the reference's examples do.
aclnnStatus hand_out(const Shape &values, int64_t **dims, uint64_t *count)
{
    *dims = new int64_t[values.size() + 1];
    std::copy(values.begin(), values.end(), *dims);
    *count = values.size();
    return 0;
}

template <class Object>
aclnnStatus size_of_array(Handles<Object> &handles, const void *array, uint64_t *size)
{
    *size = handles.get(array)->size();
    return 0;
}

} // namespace

aclnnStatus aclnnInit(const char *)
{
    return 0;
}

aclnnStatus aclnnFinalize()
{
    return 0;
}

aclTensor *aclCreateTensor(const int64_t *viewDims, uint64_t viewDimsNum, aclDataType dataType, const int64_t *stride, int64_t offset,
    aclFormat format, const int64_t *storageDims, uint64_t storageDimsNum, void *tensorData)
{
    auto tensor = std::make_shared<Tensor>();
    describe(*tensor, viewDims, viewDimsNum, dataType, stride, offset, format, storageDims, storageDimsNum, tensorData);
    return static_cast<aclTensor *>(tensors().add(tensor));
}

aclnnStatus aclInitTensor(aclTensor *tensor, const int64_t *viewDims, uint64_t viewDimsNum, aclDataType dataType, const int64_t *stride,
    int64_t offset, aclFormat format, const int64_t *storageDims, uint64_t storageDimsNum, void *tensorDataAddr)
{
    describe(*tensors().get(tensor), viewDims, viewDimsNum, dataType, stride, offset, format, storageDims, storageDimsNum, tensorDataAddr);
    return 0;
}

aclScalar *aclCreateScalar(void *value, aclDataType dataType)
{
    if (value == nullptr) {
        refuse(kNnNull, "value is null");
    }
    return static_cast<aclScalar *>(scalars().add(std::make_shared<Scalar>(read_scalar(value, dataType))));
}

aclIntArray *aclCreateIntArray(const int64_t *value, uint64_t size)
{
    return static_cast<aclIntArray *>(int_arrays().add(std::make_shared<std::vector<int64_t>>(value, value + size)));
}

aclFloatArray *aclCreateFloatArray(const float *value, uint64_t size)
{
    return static_cast<aclFloatArray *>(float_arrays().add(std::make_shared<std::vector<float>>(value, value + size)));
}

aclBoolArray *aclCreateBoolArray(const bool *value, uint64_t size)
{
    return static_cast<aclBoolArray *>(bool_arrays().add(std::make_shared<std::vector<bool>>(value, value + size)));
}

aclTensorList *aclCreateTensorList(const aclTensor *const *value, uint64_t size)
{
    auto list = std::make_shared<TensorList>();
    for (uint64_t i = 0; i < size; i++) {
        list->handles.push_back(value[i]);
        list->tensors.push_back(tensors().get(value[i]));
    }
    return static_cast<aclTensorList *>(tensor_lists().add(list));
}

aclScalarList *aclCreateScalarList(const aclScalar *const *value, uint64_t size)
{
    auto list = std::make_shared<ScalarList>();
    for (uint64_t i = 0; i < size; i++) {
        list->scalars.push_back(scalars().get(value[i]));
    }
    return static_cast<aclScalarList *>(scalar_lists().add(list));
}

aclnnStatus aclDestroyTensor(const aclTensor *tensor)
{
    tensors().remove(tensor);
    return 0;
}

aclnnStatus aclDestroyScalar(const aclScalar *scalar)
{
    scalars().remove(scalar);
    return 0;
}

aclnnStatus aclDestroyIntArray(const aclIntArray *array)
{
    int_arrays().remove(array);
    return 0;
}

aclnnStatus aclDestroyFloatArray(const aclFloatArray *array)
{
    float_arrays().remove(array);
    return 0;
}

aclnnStatus aclDestroyBoolArray(const aclBoolArray *array)
{
    bool_arrays().remove(array);
    return 0;
}

aclnnStatus aclDestroyTensorList(const aclTensorList *array)
{
    // The list owns its tensors: destroying one of them again is refused.
    for (const aclTensor *tensor : tensor_lists().remove(array)->handles) {
        tensors().remove(tensor);
    }
    return 0;
}

aclnnStatus aclDestroyScalarList(const aclScalarList *array)
{
    scalar_lists().remove(array);
    return 0;
}

aclnnStatus aclGetViewShape(const aclTensor *tensor, int64_t **viewDims, uint64_t *viewDimsNum)
{
    return hand_out(tensors().get(tensor)->shape, viewDims, viewDimsNum);
}

aclnnStatus aclGetStorageShape(const aclTensor *tensor, int64_t **storageDims, uint64_t *storageDimsNum)
{
    return hand_out(tensors().get(tensor)->storage, storageDims, storageDimsNum);
}

aclnnStatus aclGetViewStrides(const aclTensor *tensor, int64_t **stridesValue, uint64_t *stridesNum)
{
    return hand_out(tensors().get(tensor)->strides, stridesValue, stridesNum);
}

aclnnStatus aclGetViewOffset(const aclTensor *tensor, int64_t *offset)
{
    *offset = tensors().get(tensor)->offset;
    return 0;
}

aclnnStatus aclGetFormat(const aclTensor *tensor, aclFormat *format)
{
    *format = tensors().get(tensor)->format;
    return 0;
}

aclnnStatus aclGetDataType(const aclTensor *tensor, aclDataType *dataType)
{
    *dataType = tensors().get(tensor)->type;
    return 0;
}

aclnnStatus aclGetIntArraySize(const aclIntArray *array, uint64_t *size)
{
    return size_of_array(int_arrays(), array, size);
}

aclnnStatus aclGetFloatArraySize(const aclFloatArray *array, uint64_t *size)
{
    return size_of_array(float_arrays(), array, size);
}

aclnnStatus aclGetBoolArraySize(const aclBoolArray *array, uint64_t *size)
{
    return size_of_array(bool_arrays(), array, size);
}

aclnnStatus aclGetTensorListSize(const aclTensorList *tensorList, uint64_t *size)
{
    *size = tensor_lists().get(tensorList)->tensors.size();
    return 0;
}

aclnnStatus aclGetScalarListSize(const aclScalarList *scalarList, uint64_t *size)
{
    *size = scalar_lists().get(scalarList)->scalars.size();
    return 0;
}

aclnnStatus aclSetRawTensorAddr(aclTensor *tensor, void *addr)
{
    if (tensor == nullptr) {
        refuse(kNnNull, "tensor is null");
    }
    check_address(reinterpret_cast<uintptr_t>(addr));
    tensors().get(tensor)->address = reinterpret_cast<uintptr_t>(addr);
    return 0;
}

aclnnStatus aclGetRawTensorAddr(const aclTensor *tensor, void **addr)
{
    *addr = reinterpret_cast<void *>(tensors().get(tensor)->address);
    return 0;
}

} // namespace emu
