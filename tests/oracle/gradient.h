// An operator's backward step against central differences of its forward step.
#pragma once
#include <cmath>

#include "oracle/float_weighted.h"
#include "oracle/run_op.h"

namespace oracle {

/// The weighted sum of all outputs, weights fixed by their position.
inline double projection(const std::vector<Floats>& out) {
  double sum = 0;
  for (const Floats& o : out)
    for (std::size_t i = 0; i < o.values.size(); ++i)
      sum += (0.25 + 0.5 * static_cast<double>(i * 7 % 11) / 11) * (i % 3 == 1 ? -1 : 1) *
             static_cast<double>(o.values[i]);
  return sum;
}

/// The backward step's gradients of projection() by every element of every input.
inline std::vector<Floats> backward(const tinyc::OpData& op, const std::vector<Floats>& in) {
  const auto made = run_float(op, in);
  std::vector<tinyc::FloatIn> inputs, outputs;
  std::vector<Floats> gradients = in, seeds = made;
  std::vector<float*> to;
  std::vector<const float*> from;
  for (std::size_t i = 0; i < in.size(); ++i) {
    inputs.push_back({in[i].values.data(), &in[i].shape});
    std::fill(gradients[i].values.begin(), gradients[i].values.end(), 0.5f);  // it must be added to
    to.push_back(gradients[i].values.data());
  }
  for (std::size_t k = 0; k < made.size(); ++k) {
    outputs.push_back({made[k].values.data(), &made[k].shape});
    for (std::size_t i = 0; i < seeds[k].values.size(); ++i)
      seeds[k].values[i] =
          static_cast<float>((0.25 + 0.5 * static_cast<double>(i * 7 % 11) / 11) * (i % 3 == 1 ? -1 : 1));
    from.push_back(seeds[k].values.data());
  }
  std::vector<float> scratch;
  tinyc::traits(op).backward({op, inputs, outputs, from, to, scratch});
  for (Floats& g : gradients)
    for (float& v : g.values) v -= 0.5f;
  return gradients;
}

/// The largest |difference| between the two, relative to the largest gradient, over the inputs with numbers below
/// `differentiable`. Elements whose step crosses a kink (the two one-sided slopes differ) are left out, a quarter at
/// most.
inline double gradient_error(const tinyc::OpData& op, std::vector<Floats> in, std::size_t differentiable = 8,
                             float step = 1.0f / 256) {
  const auto gradients = backward(op, in);
  const double middle = projection(run_float(op, in));
  double worst = 0, largest = 1e-3;
  std::size_t all = 0, kinks = 0;
  for (std::size_t i = 0; i < std::min(in.size(), differentiable); ++i)
    for (std::size_t k = 0; k < in[i].values.size(); ++k) {
      const float x = in[i].values[k];
      in[i].values[k] = x + step;
      const double above = projection(run_float(op, in));
      in[i].values[k] = x - step;
      const double below = projection(run_float(op, in));
      in[i].values[k] = x;
      ++all;
      if (std::fabs(above + below - 2 * middle) >
          0.02 * (std::fabs(above - middle) + std::fabs(below - middle)) + 1e-5) {
        ++kinks;
        continue;
      }
      const double expected = (above - below) / (2 * static_cast<double>(step));
      worst = std::max(worst, std::fabs(expected - static_cast<double>(gradients[i].values[k])));
      largest = std::max(largest, std::fabs(expected));
    }
  if (4 * kinks > all) return 1;
  return worst / largest;
}

}  // namespace oracle
