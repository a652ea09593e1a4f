// Stand-in samples for models without data.
#include <cstring>

#include "data/input_shape.h"
#include "ir/random.h"

namespace tinyc {
namespace {

/// A picture of random values on a grid of `cell` pixels, linear in between; cell 1 is noise.
void picture(Random& random, std::int32_t height, std::int32_t width, std::int32_t channels, std::int32_t cell,
             std::span<float> out) {
  const auto c = static_cast<std::size_t>(channels), columns = static_cast<std::size_t>(width / cell) + 2;
  std::vector<float> grid((static_cast<std::size_t>(height / cell) + 2) * columns * c);
  for (auto& v : grid) v = random.uniform();
  for (std::int32_t y = 0; y < height; ++y)
    for (std::int32_t x = 0; x < width; ++x) {
      const float fy = static_cast<float>(y % cell) / static_cast<float>(cell),
                  fx = static_cast<float>(x % cell) / static_cast<float>(cell);
      const float* corner =
          grid.data() + (static_cast<std::size_t>(y / cell) * columns + static_cast<std::size_t>(x / cell)) * c;
      float* pixel = out.data() +
                     (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)) * c;
      for (std::size_t k = 0; k < c; ++k) {
        const float top = corner[k] + (corner[c + k] - corner[k]) * fx;
        const float bottom = corner[columns * c + k] + (corner[columns * c + c + k] - corner[columns * c + k]) * fx;
        pixel[k] = top + (bottom - top) * fy;
      }
    }
}

}  // namespace

Dataset synthetic_dataset(const Graph& g, std::size_t n, std::uint64_t seed) {
  constexpr std::int32_t cells[] = {1, 8, 4, 2};  // noise and three sizes of blobs in turn
  Dataset d;
  for (std::size_t k = 0; k < g.inputs.size(); ++k) {
    const Tensor& t = g.at(g.inputs[k]);
    const Range range = input_range(t).value_or(Range{-1, 1});
    Array a;
    a.name = t.name;
    a.type = Array::Type::f32;
    a.shape = rows_of_shape(n, t.shape);
    const auto elements = static_cast<std::size_t>(num_elements(t.shape));
    a.data.resize(n * elements * sizeof(float));
    std::vector<float> values(elements);
    for (std::size_t i = 0; i < n; ++i) {
      Random random(seed + 0x100000001b3u * (i + 1) + 0x9e3779b1u * k);  // sample i is the same for every n
      const bool is_picture = t.shape.size() == 4 && t.shape[0] == 1 && t.shape[1] > 1 && t.shape[2] > 1;
      if (is_picture) {
        picture(random, t.shape[1], t.shape[2], t.shape[3], cells[i % 4], values);
      } else {
        for (auto& v : values) v = random.uniform();
      }
      for (auto& v : values) v = range.min + (range.max - range.min) * v;
      if (!values.empty())
        std::memcpy(a.data.data() + i * elements * sizeof(float), values.data(), elements * sizeof(float));
    }
    d.inputs.push_back(std::move(a));
  }
  return d;
}

}  // namespace tinyc
