#pragma once
#include <cstddef>

namespace emu {

/// Interleaved pairs of x rotated by cos and sin (each `width` long), written half by half.
void interleaved_rope(const float *x, const float *cos, const float *sin, size_t width, float *to);

/// x / sqrt(mean(x^2) + epsilon) x gamma in FP32.
void rms_norm_row(const float *x, const float *gamma, size_t width, float epsilon, float *to);

} // namespace emu
