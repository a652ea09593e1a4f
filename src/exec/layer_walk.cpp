#include <Eigen/Core>
#include <algorithm>
#include <cstring>

#include "ops/loops.h"
#include "tinyc/curvature.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"
#include "tinyc/parallel.h"

namespace tinyc {
namespace {

using RowMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Sums = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr std::size_t kMaxFloats = std::size_t{1} << 27;  // of activations in memory: 512 MiB
constexpr std::size_t kMaxRows = 32768;                   // of patches a layer
// Products of so few rows are one block in Eigen whatever the size of the caches, so sums have one order everywhere.
constexpr Eigen::Index kSlice = 256;
constexpr std::size_t kGroups = 16;   // whose patches are gathered together: neighbours in memory
constexpr std::size_t kTogether = 8;  // samples of one call, so that weights are read less often

std::size_t elements(const Tensor& t) { return static_cast<std::size_t>(num_elements(t.shape)); }

/// How the filters of a node read their input.
struct Window {
  Shape x, y;  ///< rank 4; a fully connected layer reads pixels of `width` channels
  std::int32_t k_h = 1, k_w = 1;
  Pair stride{1, 1}, dilation{1, 1};
  Pads pad{};
  std::size_t groups = 1, channels = 1;  ///< input channels of a group

  std::size_t rows() const { return static_cast<std::size_t>(std::int64_t{y[0]} * y[1] * y[2]); }
  std::size_t size() const { return static_cast<std::size_t>(k_h) * static_cast<std::size_t>(k_w) * channels; }

  /// The inputs of the filters of `count` groups from `group` on at output pixel `row`; patches of neighbouring groups
  /// are `apart` elements apart.
  void gather(const float* in, std::size_t row, std::size_t group, std::size_t count, float* patch,
              std::size_t apart) const {
    const auto at = static_cast<std::int64_t>(row);
    const std::int64_t n = at / (std::int64_t{y[1]} * y[2]), oy = at / y[2] % y[1], ox = at % y[2];
    for (std::int32_t ky = 0; ky < k_h; ++ky)
      for (std::int32_t kx = 0; kx < k_w; ++kx, patch += channels) {
        const std::int64_t iy = oy * stride.h - pad.top + std::int64_t{ky} * dilation.h,
                           ix = ox * stride.w - pad.left + std::int64_t{kx} * dilation.w;
        const bool inside = iy >= 0 && iy < x[1] && ix >= 0 && ix < x[2];
        const float* from = inside ? in + ((n * x[1] + iy) * x[2] + ix) * x[3] + group * channels : nullptr;
        if (channels == 1)
          for (std::size_t i = 0; i < count; ++i) patch[i * apart] = inside ? from[i] : 0.0f;
        else if (inside)
          for (std::size_t i = 0; i < count; ++i) std::copy_n(from + i * channels, channels, patch + i * apart);
        else
          for (std::size_t i = 0; i < count; ++i) std::fill_n(patch + i * apart, channels, 0.0f);
      }
  }
};

Window window_of(const Graph& g, const Node& n) {
  const Shape &x = g.at(n.inputs[0]).shape, &w = g.at(n.inputs[1]).shape;
  Window v;
  if (const auto* conv = std::get_if<Conv2D>(&n.op)) {
    v = {x, g.at(n.outputs[0]).shape, w[1], w[2], conv->stride, conv->dilation, conv->pad};
    v.channels = static_cast<std::size_t>(w[3]);
    v.groups = static_cast<std::size_t>(x[3] / w[3]);
  } else if (const auto* depthwise = std::get_if<DepthwiseConv2D>(&n.op)) {
    v = {x, g.at(n.outputs[0]).shape, w[1], w[2], depthwise->stride, depthwise->dilation, depthwise->pad};
    v.groups = static_cast<std::size_t>(x[3]);
  } else {
    const auto rows = static_cast<std::int32_t>(num_elements(x) / w[1]);
    v.x = {1, rows, 1, w[1]};
    v.y = {1, rows, 1, w[0]};
    v.channels = static_cast<std::size_t>(w[1]);
  }
  return v;
}

/// Activations of all samples, [sample][element], from their producer to their last reader.
using Activations = std::vector<std::vector<float>>;

class Walk {
 public:
  Walk(const Graph& reference, Graph& g, const Dataset& d, std::size_t n, std::span<const std::optional<Quant>> quants,
       Moments kind)
      : kind_(kind), reference_(reference), g_(g), d_(d), quants_(quants), last_(g.tensors.size(), -1) {
    for (std::size_t i = 0; i < g.nodes.size(); ++i)
      for (const auto id : g.nodes[i].inputs)
        if (id != kNoTensor) last_[static_cast<std::size_t>(id)] = static_cast<std::int32_t>(i);
    n_ = std::max<std::size_t>(1, std::min(n, kMaxFloats / (2 * largest_live())));
  }

  void run(const std::function<void(std::size_t, std::span<const InputMoments>)>& visit) {
    original_.resize(g_.tensors.size());
    current_.resize(g_.tensors.size());
    for (std::size_t k = 0; k < g_.inputs.size(); ++k) {
      const auto id = static_cast<std::size_t>(g_.inputs[k]);
      const std::size_t size = elements(g_.tensors[id]);
      original_[id].resize(n_ * size);
      for (std::size_t i = 0; i < n_; ++i) d_.sample(k, i, std::span(original_[id]).subspan(i * size, size));
      current_[id] = original_[id];
      round(g_.inputs[k]);
    }
    for (std::size_t i = 0; i < g_.nodes.size(); ++i) {
      check_interrupt();
      if (filters_of(g_, g_.nodes[i])) visit(i, moments(g_.nodes[i]));
      execute(reference_, reference_.nodes[i], original_);
      execute(g_, g_.nodes[i], current_);
      for (const auto id : g_.nodes[i].outputs) round(id);
      release(i);
    }
  }

 private:
  /// The most elements of activations that live at the same time, for one sample.
  std::size_t largest_live() const {
    std::size_t live = 0, most = 1;
    for (const auto id : g_.inputs) live += elements(g_.at(id));
    for (std::size_t i = 0; i < g_.nodes.size(); ++i) {
      for (const auto id : g_.nodes[i].outputs) live += elements(g_.at(id));
      most = std::max(most, live);
      for (std::size_t t = 0; t < g_.tensors.size(); ++t)
        if (last_[t] == static_cast<std::int32_t>(i) && !g_.tensors[t].is_const()) live -= elements(g_.tensors[t]);
    }
    return most;
  }

  void release(std::size_t node) {
    for (std::size_t t = 0; t < last_.size(); ++t)
      if (last_[t] == static_cast<std::int32_t>(node)) {
        original_[t] = {};
        current_[t] = {};
      }
  }

  void round(TensorId id) {
    const auto t = static_cast<std::size_t>(id);
    if (t >= quants_.size() || !quants_[t]) return;
    const float scale = quants_[t]->scale[0];
    const std::int32_t zero_point = quants_[t]->zero_point[0];
    const std::size_t size = current_[t].size() / n_;
    parallel_for(n_, [&](std::size_t i, int) {
      fake_quantize_all(static_cast<std::int64_t>(size), scale, zero_point, current_[t].data() + i * size);
    });
  }

  void execute(const Graph& g, const Node& n, Activations& values) {
    for (const auto id : n.outputs) values[static_cast<std::size_t>(id)].resize(n_ * elements(g.at(id)));
    const bool constants = std::all_of(n.inputs.begin() + 1, n.inputs.end(),
                                       [&](TensorId id) { return id == kNoTensor || g.at(id).is_const(); });
    const std::size_t together = traits(n.op).batched && constants && !g.at(n.inputs[0]).is_const() ? kTogether : 1;
    std::vector<std::vector<float>> scratch(static_cast<std::size_t>(thread_count()));
    parallel_for((n_ + together - 1) / together, [&](std::size_t chunk, int worker) {
      std::vector<FloatIn> in;
      std::vector<FloatOut> out;
      const std::size_t first = chunk * together;
      const auto at = [&](TensorId id) {
        return values[static_cast<std::size_t>(id)].data() + first * elements(g.at(id));
      };
      for (const auto id : n.inputs) {
        if (id == kNoTensor)
          in.push_back({});
        else
          in.push_back({g.at(id).is_const() ? g.at(id).as<float>().data() : at(id), &g.at(id).shape});
      }
      out.reserve(n.outputs.size());
      for (const auto id : n.outputs) out.push_back({at(id), &g.at(id).shape});
      traits(n.op).forward({n.op, in, out, scratch[static_cast<std::size_t>(worker)],
                            static_cast<std::int64_t>(std::min(together, n_ - first))});
    });
  }

  std::vector<InputMoments> moments(const Node& n) const {
    const Window window = window_of(g_, n);
    const std::size_t size = window.size(), all = n_ * window.rows(),
                      rows = std::min(all, std::clamp<std::size_t>(16 * size, 4096, kMaxRows));
    const std::size_t stride = elements(g_.at(n.inputs[0]));
    const float* x = original_[static_cast<std::size_t>(n.inputs[0])].data();
    const float* now = current_[static_cast<std::size_t>(n.inputs[0])].data();
    // slices are summed apart and then in order; how many there are depends on the layer only
    const std::size_t slices =
        window.groups > 1 ? 1 : std::clamp<std::size_t>((std::size_t{1} << 23) / (size * size), 1, 8);
    struct Partial {
      Sums second, cross;
      Eigen::RowVectorXd first, first_reference, squares;
    };
    std::vector<Partial> partial(window.groups * slices);
    const std::size_t blocks = (window.groups + kGroups - 1) / kGroups;
    parallel_for(blocks * slices, [&](std::size_t item, int) {
      const std::size_t slice = item % slices, first_group = item / slices * kGroups,
                        groups = std::min(kGroups, window.groups - first_group);
      const auto k = static_cast<Eigen::Index>(size);
      const bool products = kind_ == Moments::second;
      for (std::size_t i = 0; i < groups; ++i) {
        Partial& p = partial[(first_group + i) * slices + slice];
        if (products) p.second = p.cross = Sums::Zero(k, k);
        p.first = p.first_reference = p.squares = Eigen::RowVectorXd::Zero(k);
      }
      const std::size_t apart = static_cast<std::size_t>(kSlice) * size;
      std::vector<float> was_rows(groups * apart), is_rows(groups * apart);
      RowMatrix product(products ? k : 0, products ? k : 0);
      const std::size_t end = rows * (slice + 1) / slices;
      for (std::size_t row = rows * slice / slices; row < end;) {
        Eigen::Index count = 0;
        for (; count < kSlice && row < end; ++count, ++row) {
          // evenly spread with some jitter, so that no column of pixels is always left out
          const std::size_t at = rows == all ? row : (row * all + row * 0x9e3779b1u % all) / rows;
          const std::size_t sample = at / window.rows() * stride, pixel = at % window.rows(),
                            to = static_cast<std::size_t>(count) * size;
          window.gather(x + sample, pixel, first_group, groups, was_rows.data() + to, apart);
          window.gather(now + sample, pixel, first_group, groups, is_rows.data() + to, apart);
        }
        for (std::size_t i = 0; i < groups; ++i) {
          Partial& p = partial[(first_group + i) * slices + slice];
          const Eigen::Map<const RowMatrix> was(was_rows.data() + i * apart, count, k),
              is(is_rows.data() + i * apart, count, k);
          if (products) {
            product.noalias() = is.transpose() * is;
            p.second += product.cast<double>();
            product.noalias() = was.transpose() * is;
            p.cross += product.cast<double>();
          }
          p.squares += is.cwiseAbs2().colwise().sum().cast<double>();
          p.first_reference += was.colwise().sum().cast<double>();
          p.first += is.colwise().sum().cast<double>();
        }
      }
    });
    std::vector<InputMoments> result(window.groups);
    for (std::size_t group = 0; group < window.groups; ++group) {
      Partial& sum = partial[group * slices];
      for (std::size_t s = 1; s < slices; ++s) {
        const Partial& p = partial[group * slices + s];
        sum.first += p.first;
        sum.first_reference += p.first_reference;
        sum.squares += p.squares;
        if (kind_ == Moments::first) continue;
        sum.second += p.second;
        sum.cross += p.cross;
      }
      const double count = static_cast<double>(rows);
      InputMoments& m = result[group];
      m.size = size;
      m.rows = count;
      sum.first /= count;
      sum.first_reference /= count;
      sum.squares = (sum.squares / count - sum.first.cwiseAbs2()).cwiseMax(0.0);
      m.mean.assign(sum.first.data(), sum.first.data() + size);
      m.reference_mean.assign(sum.first_reference.data(), sum.first_reference.data() + size);
      m.variance.assign(sum.squares.data(), sum.squares.data() + size);
      if (kind_ == Moments::first) continue;
      const Sums covariance = sum.second / count - sum.first.transpose() * sum.first;
      const Sums cross = sum.cross / count - sum.first_reference.transpose() * sum.first;
      m.covariance.assign(covariance.data(), covariance.data() + size * size);
      m.cross.assign(cross.data(), cross.data() + size * size);
    }
    return result;
  }

  const Moments kind_;
  const Graph& reference_;
  Graph& g_;
  const Dataset& d_;
  std::span<const std::optional<Quant>> quants_;
  std::vector<std::int32_t> last_;
  std::size_t n_ = 0;
  Activations original_, current_;
};

bool has_constant_weights(const Graph& g, const Node& n) {
  const OpKind k = kind(n.op);
  if (k != OpKind::conv_2d && k != OpKind::depthwise_conv_2d && k != OpKind::fully_connected) return false;
  return !g.at(n.inputs[0]).is_const() && g.at(n.inputs[1]).is_const() && g.at(n.inputs[1]).dtype == DType::f32 &&
         (n.inputs.size() < 3 || n.inputs[2] == kNoTensor || g.at(n.inputs[2]).is_const());
}

}  // namespace

std::optional<Filters> filters_of(const Graph& g, const Node& n) {
  if (!has_constant_weights(g, n)) return std::nullopt;
  const Tensor& t = g.at(n.inputs[1]);
  const auto w = t.as<float>();
  Filters f;
  if (kind(n.op) != OpKind::depthwise_conv_2d) {
    f.channels = static_cast<std::size_t>(t.shape[0]);
    f.size = w.size() / f.channels;
    if (kind(n.op) == OpKind::conv_2d) f.groups = static_cast<std::size_t>(g.at(n.inputs[0]).shape[3] / t.shape[3]);
    f.values.assign(w.begin(), w.end());
    return f;
  }
  f.channels = static_cast<std::size_t>(t.shape[3]);
  f.size = w.size() / f.channels;
  f.groups = static_cast<std::size_t>(g.at(n.inputs[0]).shape[3]);
  f.values.resize(w.size());
  for (std::size_t i = 0; i < w.size(); ++i) f[i % f.channels][i / f.channels] = w[i];
  return f;
}

void set_filters(Graph& g, std::size_t node, const Filters& f, std::span<const float> scales) {
  Node& n = g.nodes.at(node);
  const Tensor& old = g.at(n.inputs[1]);
  const bool depthwise = kind(n.op) == OpKind::depthwise_conv_2d;
  std::vector<float> w = f.values;
  if (depthwise)
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = f[i % f.channels][i / f.channels];
  Tensor t = make_const(old.name, old.shape, w);
  if (!scales.empty())
    t.quant = Quant{{scales.begin(), scales.end()}, std::vector<std::int32_t>(scales.size(), 0), depthwise ? 3 : 0};
  n.inputs[1] = g.add(std::move(t));
}

std::vector<float> bias_of(const Graph& g, const Node& n) {
  if (n.inputs.size() > 2 && n.inputs[2] != kNoTensor) {
    const auto b = g.at(n.inputs[2]).as<float>();
    return {b.begin(), b.end()};
  }
  return std::vector<float>(static_cast<std::size_t>(g.at(n.outputs[0]).shape.back()), 0.0f);
}

void set_bias(Graph& g, std::size_t node, std::span<const float> bias) {
  Node& n = g.nodes.at(node);
  const bool had = n.inputs.size() > 2 && n.inputs[2] != kNoTensor;
  const std::string name = had ? g.at(n.inputs[2]).name : g.at(n.inputs[1]).name + "/bias";
  const TensorId id = g.add(make_const(name, {static_cast<std::int32_t>(bias.size())}, bias));
  if (n.inputs.size() > 2)
    n.inputs[2] = id;
  else
    n.inputs.push_back(id);
}

void walk_layers(const Graph& reference, Graph& g, const Dataset& d, std::size_t n,
                 std::span<const std::optional<Quant>> quants, Moments kind,
                 const std::function<void(std::size_t, std::span<const InputMoments>)>& visit) {
  Walk(reference, g, d, n, quants, kind).run(visit);
}

}  // namespace tinyc
