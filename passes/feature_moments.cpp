#include "feature_moments.h"

#include <Eigen/Core>
#include <algorithm>

#include "channels.h"
#include "tinyc/executor.h"
#include "tinyc/parallel.h"

namespace tinyc {
namespace {

constexpr std::size_t kWindows = 16;  // a sample: neighbouring windows say much the same

// Where the windows of a layer lie in its input.
struct Windows {
  MixingWeights m;
  TensorId x;
  std::size_t count = 1;  // in one sample
  std::int32_t in_h = 1, in_w = 1, out_w = 1, k_h = 1, k_w = 1;
  Pair stride, dilation;
  Pads pad;
  bool transposed = false;

  Windows(const Graph& g, const Node& n) : m(*mixing_weights(g, n)), x(n.inputs[0]) {
    const Shape &in = g.at(x).shape, &out = g.at(n.outputs[0]).shape, &w = g.at(n.inputs[1]).shape;
    if (m.dense) {
      count = static_cast<std::size_t>(num_elements(in)) / features();
      return;
    }
    count = static_cast<std::size_t>(out[0]) * static_cast<std::size_t>(out[1]) * static_cast<std::size_t>(out[2]);
    in_h = in[1], in_w = in[2], out_w = out[2], k_h = w[1], k_w = w[2];
    out_pixels_ = static_cast<std::size_t>(out[1]) * static_cast<std::size_t>(out[2]);
    if (const auto* conv = std::get_if<Conv2D>(&n.op)) {
      stride = conv->stride, dilation = conv->dilation, pad = conv->pad;
    } else {
      const auto& t = std::get<TransposeConv>(n.op);
      stride = t.stride, pad = t.pad, transposed = true;
    }
  }
  std::size_t features() const { return m.taps * m.inputs; }

  void gather(std::span<const float> values, std::size_t window, float* to) const {
    if (m.dense) {
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(window * features()), features(), to);
      return;
    }
    const std::size_t batch = window / out_pixels_;
    const auto pixel = static_cast<std::int32_t>(window % out_pixels_), oy = pixel / out_w, ox = pixel % out_w;
    for (std::int32_t ky = 0; ky < k_h; ++ky)
      for (std::int32_t kx = 0; kx < k_w; ++kx, to += m.inputs) {
        const std::int32_t iy = along(oy, ky, stride.h, dilation.h, pad.top),
                           ix = along(ox, kx, stride.w, dilation.w, pad.left);
        if (iy < 0 || iy >= in_h || ix < 0 || ix >= in_w) {
          std::fill_n(to, m.inputs, 0.0f);
          continue;
        }
        const std::size_t at =
            (batch * static_cast<std::size_t>(in_h) + static_cast<std::size_t>(iy)) * static_cast<std::size_t>(in_w) +
            static_cast<std::size_t>(ix);
        std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(at * m.inputs), m.inputs, to);
      }
  }

 private:
  // The input's row (column) under tap k of the window of output `o`; -1: none.
  std::int32_t along(std::int32_t o, std::int32_t k, std::int32_t step, std::int32_t spread,
                     std::int32_t before) const {
    if (!transposed) return o * step + k * spread - before;
    const std::int32_t scaled = o + before - k;
    return scaled >= 0 && scaled % step == 0 ? scaled / step : -1;
  }
  std::size_t out_pixels_ = 1;
};

// Plain sums over rows in a fixed order (a matrix product's order would follow the sizes of the machine's caches).
FeatureMoments moments_of(const std::vector<float>& rows, std::size_t features) {
  using Eigen::Index;
  using Rows = Eigen::Array<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto f = static_cast<Index>(features), n = static_cast<Index>(rows.size()) / f;
  const Eigen::Map<const Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> x(rows.data(), n, f);
  Eigen::ArrayXd mean = Eigen::ArrayXd::Zero(f);
  for (Index i = 0; i < n; ++i) mean += x.row(i).transpose().cast<double>();
  mean /= static_cast<double>(n);
  FeatureMoments result;
  result.mean.assign(mean.begin(), mean.end());
  if (features > FeatureMoments::kMaxFeatures) {
    Eigen::ArrayXd variance = Eigen::ArrayXd::Zero(f);
    for (Index i = 0; i < n; ++i) variance += (x.row(i).transpose().cast<double>() - mean).square();
    variance /= static_cast<double>(n);
    result.covariance.assign(variance.begin(), variance.end());
    return result;
  }
  Rows sum = Rows::Zero(f, f);
  constexpr Index kBlock = 4;  // rows at a time: fewer passes over the sum
  Rows block = Rows::Zero(kBlock, f);
  for (Index first = 0; first < n; first += kBlock) {
    check_interrupt();
    const Index size = std::min(kBlock, n - first);
    for (Index k = 0; k < kBlock; ++k) {
      if (k < size)
        block.row(k) = x.row(first + k).cast<double>() - mean.transpose();
      else
        block.row(k).setZero();
    }
    for (Index i = 0; i < f; ++i)
      sum.row(i).head(i + 1) += block(0, i) * block.row(0).head(i + 1) + block(1, i) * block.row(1).head(i + 1) +
                                block(2, i) * block.row(2).head(i + 1) + block(3, i) * block.row(3).head(i + 1);
  }
  sum /= static_cast<double>(n);
  for (Index i = 0; i < f; ++i)
    for (Index j = 0; j < i; ++j) sum(j, i) = sum(i, j);
  result.covariance.assign(sum.data(), sum.data() + f * f);
  return result;
}

}  // namespace

std::vector<FeatureMoments> feature_moments(const Graph& g, std::span<const std::int32_t> nodes, const Dataset& d,
                                            std::size_t max_samples) {
  std::vector<Windows> windows;
  for (const auto i : nodes) windows.emplace_back(g, g.nodes[static_cast<std::size_t>(i)]);
  const std::size_t samples = std::min(max_samples, d.samples());
  std::vector<std::vector<float>> rows;  // by node: [sample][window][feature]
  std::vector<std::size_t> taken;
  for (const Windows& w : windows) {
    taken.push_back(std::min(w.count, kWindows));
    rows.emplace_back(samples * taken.back() * w.features());
  }
  const FloatExecutor executor(g, true);
  std::vector<FloatExecutor::State> states(static_cast<std::size_t>(thread_count()));
  parallel_for(samples, [&](std::size_t s, int worker) {
    FloatExecutor::State& state = states[static_cast<std::size_t>(worker)];
    if (state.buffers.empty()) state = executor.make_state();
    for (std::size_t k = 0; k < g.inputs.size(); ++k) d.sample(k, s * d.samples() / samples, executor.input(state, k));
    executor.run(state);
    for (std::size_t i = 0; i < windows.size(); ++i) {
      const Windows& w = windows[i];
      const auto values = executor.value(state, w.x);
      const std::size_t shift = s * 7 % w.count;  // other places in other samples
      for (std::size_t k = 0; k < taken[i]; ++k)
        w.gather(values, (k * w.count / taken[i] + shift) % w.count,
                 rows[i].data() + (s * taken[i] + k) * w.features());
    }
  });
  std::vector<FeatureMoments> result(nodes.size());
  parallel_for(nodes.size(), [&](std::size_t i, int) { result[i] = moments_of(rows[i], windows[i].features()); });
  return result;
}

}  // namespace tinyc
