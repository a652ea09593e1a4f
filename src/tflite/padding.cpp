#include "tflite/padding.h"

#include <algorithm>

namespace tinyc::tfl {

std::pair<std::int64_t, std::int64_t> same_padding(std::int32_t in, std::int32_t kernel, std::int32_t stride,
                                                   std::int32_t dilation) {
  const std::int64_t out = (std::int64_t{in} + stride - 1) / stride, span = (std::int64_t{kernel} - 1) * dilation + 1;
  const std::int64_t total = std::max<std::int64_t>((out - 1) * stride + span - in, 0);
  return {total / 2, total - total / 2};
}

std::pair<std::int64_t, std::int64_t> transposed_padding(std::int32_t in, std::int64_t out, std::int32_t kernel,
                                                         std::int32_t stride, bool same) {
  const std::int64_t total = (std::int64_t{in} - 1) * stride + kernel - out;
  const std::int64_t before =
      same ? std::max<std::int64_t>(((out + stride - 1) / stride - 1) * stride + kernel - out, 0) / 2 : 0;
  return {before, total - before};
}

}  // namespace tinyc::tfl
