#pragma once
#include "operators/executor.h"
#include "runtime/codes.h"

namespace emu {

/// Refuses an index outside of its dimension as a device fault; counts from the end where negative ones are allowed.
int64_t checked_index(int64_t index, int64_t size, bool negative, const char *name);

void copy_element(const Tensor &from, int64_t fromPosition, const Tensor &to, int64_t toPosition);

/// The tensor at one index of an axis, that axis removed.
Tensor without_axis(const Tensor &tensor, int axis, int64_t index);

/// The first `count` dimensions of a view, and those behind them.
Tensor leading(const Tensor &tensor, size_t count);
Tensor trailing(const Tensor &tensor, size_t count);

/// The broadcast shape of index tensors over the first dimensions of self.
Shape index_shape(Call &call, Operand self, const std::vector<Operand> &indices);

/// Positions in self's storage that the index tensors name, over their broadcast shape.
std::vector<int64_t> indexed_positions(const Operands &x, Operand self, const std::vector<Operand> &indices, const Shape &common);

} // namespace emu
