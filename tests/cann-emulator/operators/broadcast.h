#pragma once
#include "operators/executor.h"

namespace emu {

// Shape and type rules that the operators share; "broadcast relationship", "deduction relationship" and "conversion relationship" of the
// operator reference (docs/zh/context).

/// The broadcast shape; refuses with 161002 when there is none.
Shape broadcast(const Shape &a, const Shape &b);

/// A view of the tensor as the broadcast shape: stretched dimensions get stride 0.
Tensor stretch(const Tensor &tensor, const Shape &shape);

/// The type two inputs are computed in; refuses with 161002 where the table has a cross.
aclDataType promote(aclDataType a, aclDataType b);

/// Refuses with 161002 unless `from` may be stored as `to`.
void require_convertible(aclDataType from, aclDataType to, const char *what);

/// A dimension counted from the end when negative; refuses outside of [-rank, rank).
int axis_of(int64_t dim, int rank, const char *name = "dim");

std::vector<int64_t> values_of(const aclIntArray *array, const char *name);
std::shared_ptr<Scalar> scalar_of(const aclScalar *scalar, const char *name);

/// outer x size x inner around one dimension of a shape.
struct Split {
    int64_t outer;
    int64_t size;
    int64_t inner;
};
Split split_at(const Shape &shape, int axis);

/// Copies a view into another of the same count, converting the type; the same type is copied bit by bit.
void copy_view(const Tensor &from, const Tensor &to);

} // namespace emu
