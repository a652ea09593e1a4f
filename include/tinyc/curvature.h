// Layer-wise second-order compression: the second moments of what each layer sees on unlabelled samples, and the
// filters on an integer grid that keep the layer's output nearest to the original's.
//
// The error of a linear layer's output is a quadratic form in its weights, with the covariance of its inputs as the
// matrix (Optimal Brain Surgeon: Hassibi, Stork 1992, taken layer by layer: Dong et al. 2017, "Learning to Prune Deep
// Neural Networks via Layer-wise Optimal Brain Surgeon"). Means are kept apart: a bias removes their part exactly.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "tinyc/dataset.h"
#include "tinyc/graph.h"

namespace tinyc {

/// The inputs of one filter (its patches in row form) over all samples and positions: x in the original model, x' in
/// the model as compressed so far, whose errors later layers can partly make good.
struct InputMoments {
  std::size_t size = 0;                      ///< elements of x: the weights of one filter
  double rows = 0;                           ///< patches looked at
  std::vector<double> reference_mean, mean;  ///< E[x], E[x']
  std::vector<double> variance;              ///< of each element of x'
  std::vector<double> covariance;            ///< [size][size] E[(x' - E x')(x' - E x')^T]
  std::vector<double> cross;                 ///< [size][size] E[(x - E x)(x' - E x')^T]
};
/// Means and variances cost little, products of all pairs of inputs more than running the layer.
enum class Moments : std::uint8_t { first, second };

/// The filters of a node with constant weights, one row for each output channel.
struct Filters {
  std::size_t channels = 0, size = 0;
  std::size_t groups = 1;  ///< consecutive channels / groups filters read the same inputs
  std::vector<float> values;
  std::span<float> operator[](std::size_t c) { return std::span(values).subspan(c * size, size); }
  std::span<const float> operator[](std::size_t c) const { return std::span(values).subspan(c * size, size); }
};

/// Of conv_2d, depthwise_conv_2d and fully_connected in a float graph; none for other nodes.
std::optional<Filters> filters_of(const Graph& g, const Node& n);
/// Gives node `node` weights of its own: `f`, and where there are any, `scales` of its channels as their integer grid.
void set_filters(Graph& g, std::size_t node, const Filters& f, std::span<const float> scales = {});
/// The bias of a node with filters, zeros where it has none; and one of its own.
std::vector<float> bias_of(const Graph& g, const Node& n);
void set_bias(Graph& g, std::size_t node, std::span<const float> bias);

/// Runs `reference` and `g`, which differ in their constants only, side by side over the first `n` samples, node after
/// node, and calls `visit(node, moments of each group)`, which have what is asked for, before each node with filters
/// runs: what it changes in the node is what later nodes see. Where `quants` has an entry for an activation of `g`, its
/// values are rounded to that int8 grid. Fewer samples are used where the activations of all would not fit into memory.
/// The result does not depend on threads.
void walk_layers(const Graph& reference, Graph& g, const Dataset& d, std::size_t n,
                 std::span<const std::optional<Quant>> quants, Moments kind,
                 const std::function<void(std::size_t node, std::span<const InputMoments>)>& visit);

/// By node with filters (empty for others) and output channel: how much the network's answer changes with the channel,
/// the mean over samples of the sum over positions of (d loss / d y)^2 before the fused activation. The loss is that of
/// an answer drawn from the network itself, at temperature 2: -log p of a class, or half the squared distance in
/// standard deviations of an output that is no class. So half this curvature times the mean squared error of a channel
/// is, about, the divergence in nats that the error brings: the output factor of K-FAC (Martens, Grosse 2015,
/// "Optimizing Neural Networks with Kronecker-factored Approximate Curvature", section 3) without its cross terms.
/// Needs no labels. The result does not depend on threads.
std::vector<std::vector<double>> output_curvature(const Graph& g, const Dataset& d, std::size_t n, std::uint64_t seed);

/// A ridge, relative to the mean variance, that fits the number of rows: few of them say little of many inputs.
inline double ridge_for(const InputMoments& m) noexcept { return 0.01 + 0.5 * static_cast<double>(m.size) / m.rows; }

struct GridFilters {
  std::vector<float> values, scales;
};

/// Filters [count][m.size] on grids of 2 * levels + 1 values, one scale each, by least output error. Weights that are
/// exactly zero stay zero. `damping`, relative to the mean variance, keeps weights near their old values where the
/// samples say little.
/// Source: error feedback through the factor of the inverse Hessian, largest variances first (GPTQ: Frantar et al.
/// 2022; Babai's nearest plane by another name), then coordinate descent, for several scales, of which the best is
/// refitted.
GridFilters round_filters(const InputMoments& m, std::span<const float> filters, std::int32_t levels, double damping);

/// Filters of one tensor, [channels][size] in groups of consecutive channels that share moments, on grids of at most
/// 2 * levels + 1 values: minimizes, over scales and levels together, sum over channels of curvature / 2 * output error
/// + price * bits, in nats when `curvature` is output_curvature's and `price` is in nats a bit. Bits are those of an
/// ideal coder of the tensor's own order-0 statistics, which are found by iterating. Weights that are exactly zero stay
/// zero and cost nothing. Source: entropy-constrained scalar quantization (Chou, Lookabaugh, Gray 1989) with the error
/// feedback of round_filters; the loss in bits' currency as in Choi et al. 2017, "Towards the Limit of Network
/// Quantization".
GridFilters price_filters(std::span<const InputMoments> groups, std::span<const float> filters, std::int32_t levels,
                          std::span<const double> curvature, double price);

struct RefittedFilters {
  std::vector<float> values;
  /// By weight, the square root of what its removal would add to the output's squared error when the others adjust:
  /// |w_i| / sqrt([H^-1]_ii) (Hassibi, Stork 1992, equation 5); 0 for those that are gone.
  std::vector<float> saliency;
};

/// Filters [count][m.size] without the weights where `kept` is 0, the others by least output error.
RefittedFilters refit_filters(const InputMoments& m, std::span<const float> filters, std::span<const float> kept,
                              double damping);

}  // namespace tinyc
