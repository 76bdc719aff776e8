#include "operators/broadcast.h"

#include <algorithm>

#include "runtime/codes.h"
#include "runtime/memory.h"
#include "runtime/refusal.h"

namespace emu {

Shape broadcast(const Shape &a, const Shape &b)
{
    Shape shape(std::max(a.size(), b.size()));
    for (size_t i = 0; i < shape.size(); i++) {
        const int64_t left = i < shape.size() - a.size() ? 1 : a[i - (shape.size() - a.size())];
        const int64_t right = i < shape.size() - b.size() ? 1 : b[i - (shape.size() - b.size())];
        if (left != right && left != 1 && right != 1) {
            refuse(kNnInvalid, "shapes %s and %s do not broadcast", text_of(a).c_str(), text_of(b).c_str());
        }
        shape[i] = left == 1 ? right : left;
    }
    return shape;
}

Tensor stretch(const Tensor &tensor, const Shape &shape)
{
    Tensor view = tensor;
    view.shape = shape;
    view.strides.assign(shape.size(), 0);
    const size_t missing = shape.size() - tensor.shape.size();
    for (size_t i = 0; i < tensor.shape.size(); i++) {
        view.strides[missing + i] = tensor.shape[i] == 1 && shape[missing + i] != 1 ? 0 : tensor.strides[i];
    }
    return view;
}

namespace {

/// Integer types by width; U8 with a signed type of one byte gives S16.
int width_rank(aclDataType type)
{
    return static_cast<int>(size_of(type));
}

bool is_deducible(aclDataType type)
{
    return is_floating(type) || type == ACL_BOOL || type == ACL_INT8 || type == ACL_UINT8 || type == ACL_INT16 || type == ACL_INT32 || type == ACL_INT64;
}

} // namespace

aclDataType promote(aclDataType a, aclDataType b)
{
    if (a == b) {
        return a;
    }
    if (!is_deducible(a) || !is_deducible(b)) {
        refuse(kNnInvalid, "%s and %s have no common type", name_of(a), name_of(b));
    }
    if (is_floating(a) && is_floating(b)) {
        return a == ACL_DOUBLE || b == ACL_DOUBLE ? ACL_DOUBLE : ACL_FLOAT;
    }
    if (is_floating(a) || is_floating(b)) {
        return is_floating(a) ? a : b;
    }
    if (a == ACL_BOOL || b == ACL_BOOL) {
        return a == ACL_BOOL ? b : a;
    }
    if (width_rank(a) == width_rank(b)) {
        return ACL_INT16; // INT8 with UINT8
    }
    return width_rank(a) > width_rank(b) ? a : b;
}

void require_convertible(aclDataType from, aclDataType to, const char *what)
{
    const bool numeric = is_floating(to) || is_integer(to);
    if (from != to && !(numeric && (is_floating(from) || is_integer(from) || from == ACL_BOOL))) {
        refuse(kNnInvalid, "%s: %s does not convert to %s", what, name_of(from), name_of(to));
    }
}

int axis_of(int64_t dim, int rank, const char *name)
{
    const int64_t bound = rank; // a tensor of no dimensions has no axis
    if (dim < -bound || dim >= bound) {
        refuse(kNnInvalid, "%s is %lld, allowed is [-%lld, %lld)", name, static_cast<long long>(dim), static_cast<long long>(bound),
            static_cast<long long>(bound));
    }
    return static_cast<int>(dim < 0 ? dim + bound : dim);
}

std::vector<int64_t> values_of(const aclIntArray *array, const char *name)
{
    if (array == nullptr) {
        refuse(kNnNull, "%s is null", name);
    }
    return *int_arrays().get(array);
}

std::shared_ptr<Scalar> scalar_of(const aclScalar *scalar, const char *name)
{
    if (scalar == nullptr) {
        refuse(kNnNull, "%s is null", name);
    }
    return scalars().get(scalar);
}

Split split_at(const Shape &shape, int axis)
{
    Split split = {1, shape.empty() ? 1 : shape[static_cast<size_t>(axis)], 1};
    for (int i = 0; i < static_cast<int>(shape.size()); i++) {
        (i < axis ? split.outer : i > axis ? split.inner : split.size) *= i == axis ? 1 : shape[static_cast<size_t>(i)];
    }
    return split;
}

void copy_view(const Tensor &from, const Tensor &to)
{
    if (from.type != to.type) {
        if (is_floating(from.type)) {
            from_doubles(to, to_doubles(from));
        } else {
            from_integers(to, to_integers(from));
        }
        return;
    }
    // Through a buffer: the views may overlap.
    const size_t size = size_of(from.type);
    std::vector<std::byte> buffer(static_cast<size_t>(from.count()) * size);
    const std::byte *source = device_memory::bytes(from.address);
    std::byte *at = buffer.data();
    each_position(from, [&](int64_t position) {
        std::memcpy(at, source + static_cast<size_t>(position) * size, size);
        at += size;
    });
    std::byte *target = device_memory::bytes(to.address);
    at = buffer.data();
    each_position(to, [&](int64_t position) {
        std::memcpy(target + static_cast<size_t>(position) * size, at, size);
        at += size;
    });
}

} // namespace emu
