// What the backward steps of several operators share.
#pragma once
#include <vector>

#include "ops/op_support.h"

namespace tinyc {

/// d loss / d (output 0 before its fused activation): grad_out[0] itself where nothing clamps, else a masked copy in
/// `masked`.
const float* unclamped_gradient(const BackwardArgs& a, Act act, std::vector<float>& masked);

/// Gradient of an operator whose output elements are copies of input elements (or constants): runs `plain`, the
/// operator without value and activation of its own, on numbered inputs and sends grad_out back to the numbers that
/// come out. Inputs may hold 2^24 elements together. Indices (QuantRule::index) keep their values and get no gradient.
void move_gradient(const BackwardArgs& a, const OpData& plain, const float* grad_out);
/// The row entry of operators that are moves as they stand.
void backward_move(const BackwardArgs& a);
/// The row entry of operators that hand their input on unchanged.
void backward_identity(const BackwardArgs& a);

/// d in[i] += g[i] * slope(in[i], out[i]).
template <class F>
void map_gradient(const BackwardArgs& a, F slope) {
  if (!a.grad_in[0]) return;
  const auto n = num_elements(*a.out[0].shape);
  for (std::int64_t i = 0; i < n; ++i) a.grad_in[0][i] += a.grad_out[0][i] * slope(a.in[0].data[i], a.out[0].data[i]);
}

}  // namespace tinyc
