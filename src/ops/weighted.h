// What the operators with weights share: bias checks, the float epilogue, and the integer half of lowering (folded
// biases, multipliers, the block of filters that is decoded at a time).
#pragma once
#include "ops/gemm.h"
#include "ops/gradient.h"
#include "ops/loops.h"
#include "ops/op_support.h"
#include "ops/overlap.h"

namespace tinyc {

/// Rejects a bias (input 2, absent is fine) that does not hold one value for each of `channels`.
void check_bias(std::span<const Tensor* const> in, std::int64_t channels);
/// Adds the bias, where there is one, to each row and clamps to the fused activation.
void finish_rows(const ForwardArgs& a, float* out, std::int64_t rows, std::int64_t channels, Act act);
/// Adds the column sums of `rows` rows of `channels` of `g` to the bias' gradient where there is one.
void add_bias_gradient(const BackwardArgs& a, const float* g, std::int64_t rows, std::int64_t channels);

/// How the real multiplier s_in * s_w / s_out is rounded: TFLite's kernels differ, and the last bit of the result
/// depends on it.
enum class ScaleProduct : std::uint8_t {
  in_double,  ///< conv, depthwise, transpose conv, per-channel fully connected
  in_float    ///< s_in * s_w in float first: per-tensor fully connected, batch matmul and every uint8 kernel
};

/// What kernels of an instruction set ask about requantization.
struct ScaleFacts {
  std::int64_t largest_sum = 0;  ///< no sum of products with its bias is larger
  std::int32_t least_shift = 31, most_shift = -31;
  /// tinyc_dsp_requant (tinyc_rt.h) can do it.
  bool fits_dsp() const noexcept { return largest_sum < 1 << 30 && least_shift >= -22 && most_shift <= -1; }
  /// The kernels for Armv8.1-M vectors can do it.
  bool fits_mve() const noexcept { return most_shift <= -1; }
};

/// Everything a kernel needs that depends on the weights' scales and sums, for int8 `weights` whose output channels
/// run along `axis`: bias_eff[c] = bias[c] - in_zp * sum(w[c] - w_zp), multipliers and shifts (one each when the
/// weights have one scale), output zero point and clamp. `bias` may be kNoTensor. Without `fold_input` bias_eff is
/// the bias itself. Sets p[5] to -1 when multipliers are
/// per channel and p[4] to the weights' zero point. Rejects sums that could leave 32 bits and per-channel zero points.
ScaleFacts lower_scales(const Graph& g, Layer& l, ProgramBuilder& out, TensorId x, const Tensor& weights, TensorId bias,
                        TensorId y, std::int32_t axis, ScaleProduct product, Act act, bool fold_input = true);

/// Points a layer at its weights and sets `block`, the filters decoded at a time. Raw weights: all. Coded ones: as many
/// as fit into `budget` bytes or into what the arena has free while the node runs (ProgramBuilder::room; late layers
/// have large weights and small activations), whichever is more, in equal blocks of a multiple of 4. `other` = bytes of
/// scratch the kernel needs besides. Returns all bytes of scratch.
std::uint32_t lower_weights(const Graph& g, Layer& l, ProgramBuilder& out, TensorId w, std::int32_t channels,
                            std::int64_t budget, std::uint32_t other);
/// For the DSP kernels: sets p[2] and `block` when it pays to widen the filters, of `words` words each, to a panel in
/// scratch, and there is room for them or the arena may grow. Returns all bytes of scratch then, `other` included.
std::uint32_t lower_panel(Layer& l, ProgramBuilder& out, TensorId w, std::uint32_t words, std::uint32_t other);
/// Decode buffers where the arena has nothing free: a convolution gathers its patches again for every block.
inline constexpr std::int64_t kConvBudget = 2048, kMatrixBudget = 1024;

/// Picture and window fields of the record from NHWC shapes.
void set_window(Layer& l, const Shape& in, const Shape& out, std::int32_t k_h, std::int32_t k_w, Pair stride,
                Pair dilation, Pads pad);

/// A 16-bit field of the record; rejects values that do not fit.
std::int16_t narrow16(std::int64_t v, const char* what);

}  // namespace tinyc
