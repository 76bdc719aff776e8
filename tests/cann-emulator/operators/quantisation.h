#pragma once
#include "operators/tensor.h"

namespace emu {

/// Symmetric per-token quantisation in place: the row becomes whole numbers in [-128, 127]; gives max(|x|) / 127.
float quantise_row(float *row, size_t width);

/// Scales in FP32, also from the packed 64-bit form.
std::vector<float> scales_from(const Tensor &tensor);

} // namespace emu
