#include "ops/gradient.h"

#include "ops/loops.h"

namespace tinyc {

void stop_gradient(const BackwardArgs&) noexcept {}

const float* unclamped_gradient(const BackwardArgs& a, Act act, std::vector<float>& masked) {
  if (act == Act::none) return a.grad_out[0];
  const auto [lo, hi] = bounds(act);
  const auto n = num_elements(*a.out[0].shape) * a.samples;
  masked.resize(static_cast<std::size_t>(n));
  mask_clamped(n, a.out[0].data, lo, hi, a.grad_out[0], masked.data());
  return masked.data();
}

void move_gradient(const BackwardArgs& a, const OpData& plain, const float* grad_out) {
  const std::int32_t index = traits(plain).quant.index;
  std::vector<std::vector<float>> numbers(a.in.size());
  std::vector<FloatIn> in(a.in.begin(), a.in.end());
  std::vector<float*> owner{nullptr};  // by number; 0 stands for an element that comes from nowhere
  for (std::size_t i = 0; i < a.in.size(); ++i) {
    if (!a.in[i].data || static_cast<std::int32_t>(i) == index) continue;
    const auto n = num_elements(*a.in[i].shape);
    require(owner.size() + static_cast<std::size_t>(n) < std::size_t{1} << 24, "too large to be trained through");
    for (std::int64_t k = 0; k < n; ++k) {
      numbers[i].push_back(static_cast<float>(owner.size()));
      owner.push_back(a.grad_in[i] ? a.grad_in[i] + k : nullptr);
    }
    in[i].data = numbers[i].data();
  }
  const auto n = num_elements(*a.out[0].shape);
  std::vector<float> source(static_cast<std::size_t>(n));
  const FloatOut out{source.data(), a.out[0].shape};
  traits(plain).forward({plain, in, {&out, 1}, a.scratch});
  for (std::int64_t k = 0; k < n; ++k)
    if (float* to = owner[static_cast<std::size_t>(source[static_cast<std::size_t>(k)])]) *to += grad_out[k];
}

void backward_move(const BackwardArgs& a) { move_gradient(a, a.op, a.grad_out[0]); }

void backward_identity(const BackwardArgs& a) {
  if (a.grad_in[0]) add_to(num_elements(*a.out[0].shape), a.grad_out[0], a.grad_in[0]);
}

}  // namespace tinyc
