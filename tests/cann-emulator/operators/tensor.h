#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "abi_types.h"
#include "operators/numbers.h"
#include "runtime/handles.h"

namespace emu {

using Shape = std::vector<int64_t>;

int64_t count_of(const Shape &shape);
std::string text_of(const Shape &shape);

/// What aclCreateTensor describes: a view (shape, strides, offset in elements) over a storage at a device address.
struct Tensor {
    Shape shape;
    Shape strides;
    int64_t offset = 0;
    aclDataType type = ACL_DT_UNDEFINED;
    aclFormat format = ACL_FORMAT_UNDEFINED;
    Shape storage;
    uintptr_t address = 0;

    int64_t count() const { return count_of(shape); }
    /// Size of a dimension, counted from the end when negative; one that is not there is refused.
    int64_t dim(int index) const;
    int rank() const { return static_cast<int>(shape.size()); }
    bool is_contiguous() const;
    /// Bytes from the first to the last element the view can touch, and the address of the first.
    size_t span_bytes() const;
    uintptr_t first() const;
};

struct Scalar {
    aclDataType type;
    double number; ///< exact for every type but 64-bit integers beyond 2^53
    int64_t integer;
};

struct TensorList {
    std::vector<const aclTensor *> handles;
    std::vector<std::shared_ptr<Tensor>> tensors;
};

struct ScalarList {
    std::vector<std::shared_ptr<Scalar>> scalars;
};

Handles<Tensor> &tensors();
Handles<Scalar> &scalars();
Handles<TensorList> &tensor_lists();
Handles<ScalarList> &scalar_lists();
Handles<std::vector<int64_t>> &int_arrays();
Handles<std::vector<float>> &float_arrays();
Handles<std::vector<bool>> &bool_arrays();

/// The elements of a view in order, as FP32. `to_floats` loses what FP32 cannot hold: use `to_integers` for indices.
std::vector<float> to_floats(const Tensor &tensor);
std::vector<double> to_doubles(const Tensor &tensor);
std::vector<int64_t> to_integers(const Tensor &tensor);

/// Stores in order, rounding to the type: nearest even to floating types; to integers saturating, from values that are already whole.
void from_floats(const Tensor &tensor, const std::vector<float> &values);
void from_doubles(const Tensor &tensor, const std::vector<double> &values);
void from_integers(const Tensor &tensor, const std::vector<int64_t> &values);

/// `count` elements along the last dimension at element position `at` (in elements of storage, stride `step`), as FP32.
void read_row(const Tensor &tensor, int64_t at, int64_t step, int64_t count, float *to);
void write_row(const Tensor &tensor, int64_t at, int64_t step, int64_t count, const float *from);

/// Calls `visit(position)` with each element's position in the storage, in order.
template <class Visit>
void each_position(const Tensor &tensor, Visit visit)
{
    const int rank = tensor.rank();
    if (tensor.count() == 0) {
        return;
    }
    Shape index(static_cast<size_t>(rank), 0);
    int64_t position = tensor.offset;
    for (;;) {
        visit(position);
        int d = rank - 1;
        for (; d >= 0; d--) {
            const size_t dimension = static_cast<size_t>(d);
            position += tensor.strides[dimension];
            if (++index[dimension] < tensor.shape[dimension]) {
                break;
            }
            position -= tensor.strides[dimension] * tensor.shape[dimension];
            index[dimension] = 0;
        }
        if (d < 0) {
            return;
        }
    }
}

} // namespace emu
