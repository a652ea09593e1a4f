#include "tinyc/codec.h"

namespace tinyc {

FilterShape filter_shape(OpKind op, const Shape& weights) {
  const auto dim = [&](std::size_t d) { return static_cast<std::uint32_t>(weights.at(d)); };
  switch (op) {
    case OpKind::conv_2d:
    case OpKind::transpose_conv: return {dim(3), dim(1) * dim(2), 1};
    case OpKind::depthwise_conv_2d: return {1, dim(1) * dim(2), dim(3)};
    default: return {dim(weights.size() - 1), 1, 1};
  }
}

}  // namespace tinyc
