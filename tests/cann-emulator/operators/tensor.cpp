// Rules: aclCreateTensor and its neighbours in the operator base's API reference (nnopbase/aclnn).
#include "operators/tensor.h"

#include <algorithm>
#include <cmath>

#include "runtime/codes.h"
#include "runtime/memory.h"
#include "runtime/refusal.h"

namespace emu {

int64_t count_of(const Shape &shape)
{
    int64_t count = 1;
    for (const int64_t dimension : shape) {
        count *= dimension;
    }
    return count;
}

std::string text_of(const Shape &shape)
{
    std::string text = "[";
    for (size_t i = 0; i < shape.size(); i++) {
        text += (i > 0 ? "," : "") + std::to_string(shape[i]);
    }
    return text + "]";
}

int64_t Tensor::dim(int index) const
{
    const int rank = static_cast<int>(shape.size());
    if (index < -rank || index >= rank) {
        refuse(kNnInvalid, "a tensor of shape %s has no dimension %d", text_of(shape).c_str(), index);
    }
    return shape[static_cast<size_t>(index < 0 ? index + rank : index)];
}

bool Tensor::is_contiguous() const
{
    int64_t expected = 1;
    for (size_t i = shape.size(); i-- > 0;) {
        if (shape[i] != 1 && strides[i] != expected) {
            return false;
        }
        expected *= shape[i];
    }
    return true;
}

namespace {

/// INT4 packs two elements in a byte; positions stay in elements.
size_t bytes_for(aclDataType type, int64_t elements)
{
    return type == ACL_INT4 ? static_cast<size_t>((elements + 1) / 2) : static_cast<size_t>(elements) * size_of(type);
}

} // namespace

size_t Tensor::span_bytes() const
{
    if (count() == 0) {
        return 0;
    }
    if (format == ACL_FORMAT_FRACTAL_NZ) {
        return bytes_for(type, count_of(storage));
    }
    int64_t last = 0;
    for (size_t i = 0; i < shape.size(); i++) {
        last += (shape[i] - 1) * strides[i];
    }
    return bytes_for(type, last + 1);
}

uintptr_t Tensor::first() const
{
    return address + bytes_for(type, offset);
}

namespace {

/// Calls `read(bytes)` per element with the pointer to its bytes, in order.
template <class Visit>
void each_element(const Tensor &tensor, Visit visit)
{
    std::byte *base = device_memory::bytes(tensor.address);
    const size_t size = size_of(tensor.type);
    if (tensor.is_contiguous()) {
        std::byte *at = base + static_cast<size_t>(tensor.offset) * size;
        for (int64_t i = tensor.count(); i > 0; i--, at += size) {
            visit(at);
        }
        return;
    }
    each_position(tensor, [&](int64_t position) { visit(base + static_cast<size_t>(position) * size); });
}

template <class Stored, class Result>
void load(const Tensor &tensor, std::vector<Result> &result)
{
    size_t i = 0;
    each_element(tensor, [&](const std::byte *at) {
        Stored value;
        std::memcpy(&value, at, sizeof(value));
        result[i++] = static_cast<Result>(value);
    });
}

template <class Result>
std::vector<Result> load_all(const Tensor &tensor)
{
    std::vector<Result> result(static_cast<size_t>(tensor.count()));
    size_t i = 0;
    switch (tensor.type) {
        case ACL_FLOAT: load<float>(tensor, result); break;
        case ACL_DOUBLE: load<double>(tensor, result); break;
        case ACL_INT8: load<int8_t>(tensor, result); break;
        case ACL_UINT8:
        case ACL_BOOL: load<uint8_t>(tensor, result); break;
        case ACL_INT16: load<int16_t>(tensor, result); break;
        case ACL_UINT16: load<uint16_t>(tensor, result); break;
        case ACL_INT32: load<int32_t>(tensor, result); break;
        case ACL_UINT32: load<uint32_t>(tensor, result); break;
        case ACL_INT64: load<int64_t>(tensor, result); break;
        case ACL_UINT64: load<uint64_t>(tensor, result); break;
        case ACL_FLOAT16:
        case ACL_BF16:
            each_element(tensor, [&](const std::byte *at) {
                uint16_t bits;
                std::memcpy(&bits, at, sizeof(bits));
                result[i++] = static_cast<Result>(tensor.type == ACL_BF16 ? from_bfloat(bits) : from_half(bits));
            });
            break;
        case ACL_INT4:
            each_position(tensor, [&](int64_t position) {
                const uint8_t pair = static_cast<uint8_t>(device_memory::bytes(tensor.address)[position / 2]);
                const int nibble = (position & 1) != 0 ? pair >> 4 : pair & 0xF;
                result[i++] = static_cast<Result>(nibble >= 8 ? nibble - 16 : nibble);
            });
            break;
        default: refuse(kNnInner, "the emulator reads no elements of data type %d", tensor.type);
    }
    return result;
}

template <class Stored, class Value>
Stored saturate(Value value)
{
    if constexpr (std::is_floating_point_v<Value>) {
        if (std::isnan(value)) {
            return 0;
        }
        const double low = static_cast<double>(std::numeric_limits<Stored>::min());
        const double high = static_cast<double>(std::numeric_limits<Stored>::max());
        const double wide = static_cast<double>(value);
        return wide <= low ? std::numeric_limits<Stored>::min() : wide >= high ? std::numeric_limits<Stored>::max() : static_cast<Stored>(value);
    } else {
        return static_cast<Stored>(value); // integers wrap, as conversions between integer types do
    }
}

template <class Stored, class Value>
void save(const Tensor &tensor, const std::vector<Value> &values)
{
    size_t i = 0;
    each_element(tensor, [&](std::byte *at) {
        const Stored value = saturate<Stored>(values[i++]);
        std::memcpy(at, &value, sizeof(value));
    });
}

template <class Stored, class Value, class Convert>
void save_with(const Tensor &tensor, const std::vector<Value> &values, Convert convert)
{
    size_t i = 0;
    each_element(tensor, [&](std::byte *at) {
        const Stored value = convert(values[i++]);
        std::memcpy(at, &value, sizeof(value));
    });
}

template <class Value>
void save_all(const Tensor &tensor, const std::vector<Value> &values)
{
    if (values.size() != static_cast<size_t>(tensor.count())) {
        refuse(kNnInner, "%zu values for a tensor of shape %s", values.size(), text_of(tensor.shape).c_str());
    }
    switch (tensor.type) {
        case ACL_FLOAT: save_with<float>(tensor, values, [](Value v) { return static_cast<float>(v); }); break;
        case ACL_DOUBLE: save_with<double>(tensor, values, [](Value v) { return static_cast<double>(v); }); break;
        case ACL_FLOAT16: save_with<uint16_t>(tensor, values, [](Value v) { return to_half(static_cast<float>(v)); }); break;
        case ACL_BF16: save_with<uint16_t>(tensor, values, [](Value v) { return to_bfloat(static_cast<float>(v)); }); break;
        case ACL_BOOL: save_with<uint8_t>(tensor, values, [](Value v) { return static_cast<uint8_t>(v != 0); }); break;
        case ACL_INT8: save<int8_t>(tensor, values); break;
        case ACL_UINT8: save<uint8_t>(tensor, values); break;
        case ACL_INT16: save<int16_t>(tensor, values); break;
        case ACL_UINT16: save<uint16_t>(tensor, values); break;
        case ACL_INT32: save<int32_t>(tensor, values); break;
        case ACL_UINT32: save<uint32_t>(tensor, values); break;
        case ACL_INT64: save<int64_t>(tensor, values); break;
        case ACL_UINT64: save<uint64_t>(tensor, values); break;
        default: refuse(kNnInner, "the emulator writes no elements of data type %d", tensor.type);
    }
}

} // namespace

std::vector<float> to_floats(const Tensor &tensor)
{
    return load_all<float>(tensor);
}

std::vector<double> to_doubles(const Tensor &tensor)
{
    return load_all<double>(tensor);
}

std::vector<int64_t> to_integers(const Tensor &tensor)
{
    return load_all<int64_t>(tensor);
}

void from_floats(const Tensor &tensor, const std::vector<float> &values)
{
    save_all(tensor, values);
}

void from_doubles(const Tensor &tensor, const std::vector<double> &values)
{
    save_all(tensor, values);
}

void from_integers(const Tensor &tensor, const std::vector<int64_t> &values)
{
    save_all(tensor, values);
}

namespace {

Tensor row_of(const Tensor &tensor, int64_t at, int64_t step, int64_t count)
{
    Tensor row;
    row.shape = {count};
    row.strides = {step};
    row.offset = at;
    row.type = tensor.type;
    row.format = ACL_FORMAT_ND;
    row.address = tensor.address;
    return row;
}

} // namespace

void read_row(const Tensor &tensor, int64_t at, int64_t step, int64_t count, float *to)
{
    const std::byte *base = device_memory::bytes(tensor.address) + static_cast<size_t>(at) * size_of(tensor.type);
    if (step == 1 && tensor.type == ACL_FLOAT) {
        std::memcpy(to, base, static_cast<size_t>(count) * sizeof(float));
    } else if (step == 1 && tensor.type == ACL_BF16) {
        const uint16_t *bits = reinterpret_cast<const uint16_t *>(base);
        for (int64_t i = 0; i < count; i++) {
            to[i] = from_bfloat(bits[i]);
        }
    } else if (step == 1 && tensor.type == ACL_INT8) {
        const int8_t *bytes = reinterpret_cast<const int8_t *>(base);
        for (int64_t i = 0; i < count; i++) {
            to[i] = bytes[i];
        }
    } else {
        const std::vector<float> values = to_floats(row_of(tensor, at, step, count));
        std::copy(values.begin(), values.end(), to);
    }
}

void write_row(const Tensor &tensor, int64_t at, int64_t step, int64_t count, const float *from)
{
    from_floats(row_of(tensor, at, step, count), std::vector<float>(from, from + count));
}

} // namespace emu
