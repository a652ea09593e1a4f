#include "train/batches.h"

#include <algorithm>
#include <cmath>

#include "ir/random.h"

namespace tinyc {

Split split(std::size_t samples, float validation, std::uint64_t seed) {
  std::vector<std::size_t> rows(samples);
  for (std::size_t i = 0; i < samples; ++i) rows[i] = i;
  if (samples < 2) return {rows, rows};
  Random(seed, 1, 0).shuffle(rows);
  const auto wanted = static_cast<std::size_t>(std::lround(validation * static_cast<float>(samples)));
  const std::size_t held = std::clamp<std::size_t>(wanted, 1, samples - 1);
  return {{rows.begin(), rows.end() - static_cast<std::ptrdiff_t>(held)},
          {rows.end() - static_cast<std::ptrdiff_t>(held), rows.end()}};
}

Augmenter::Augmenter(const Graph& g, const Dataset& d, const Augment& augment, std::uint64_t seed)
    : graph_(g), data_(d), augment_(augment), seed_(seed) {}

namespace {

// Sine and cosine by their series, the same bits on every machine; |radians| at most pi.
std::pair<double, double> sine_cosine(double radians) {
  double term = 1, sine = 0, cosine = 0;
  for (int i = 0; i < 28; i += 2) {
    cosine += i % 4 ? -term : term;
    term *= radians / (i + 1);
    sine += i % 4 ? -term : term;
    term *= radians / (i + 2);
  }
  return {sine, cosine};
}

// Turns a picture [height, width, channels] around its centre; border pixels are repeated.
void rotate(std::span<float> picture, std::int32_t height, std::int32_t width, float degrees) {
  const auto [sine, cosine] = sine_cosine(static_cast<double>(degrees) * 0.017453292519943295);
  const std::vector<float> in(picture.begin(), picture.end());
  const std::size_t channels = in.size() / static_cast<std::size_t>(height * width);
  const double middle_y = (height - 1) / 2.0, middle_x = (width - 1) / 2.0;
  for (std::int32_t y = 0; y < height; ++y)
    for (std::int32_t x = 0; x < width; ++x) {
      const double from_y = std::clamp(middle_y + cosine * (y - middle_y) - sine * (x - middle_x), 0.0, height - 1.0),
                   from_x = std::clamp(middle_x + sine * (y - middle_y) + cosine * (x - middle_x), 0.0, width - 1.0);
      const auto y0 = static_cast<std::int32_t>(from_y), x0 = static_cast<std::int32_t>(from_x);
      const std::int32_t y1 = std::min(y0 + 1, height - 1), x1 = std::min(x0 + 1, width - 1);
      const auto part_y = static_cast<float>(from_y - y0), part_x = static_cast<float>(from_x - x0);
      const auto at = [&](std::int32_t r, std::int32_t c, std::size_t channel) {
        return in[static_cast<std::size_t>(r * width + c) * channels + channel];
      };
      for (std::size_t c = 0; c < channels; ++c) {
        const float above = at(y0, x0, c) + part_x * (at(y0, x1, c) - at(y0, x0, c)),
                    below = at(y1, x0, c) + part_x * (at(y1, x1, c) - at(y1, x0, c));
        picture[static_cast<std::size_t>(y * width + x) * channels + c] = above + part_y * (below - above);
      }
    }
}

}  // namespace

// Moved and mirrored: out[y][x] = in[clamp(y - dy)][clamp(x' - dx)].
void Augmenter::picture(std::size_t k, std::size_t row, std::size_t epoch, std::span<float> out) const {
  data_.sample(k, row, out);
  const Shape& s = graph_.at(graph_.inputs[k]).shape;
  Random random(seed_, 3 + epoch, row * 8 + k);
  const bool picture = s.size() == 4 && s[1] > 1 && s[2] > 1;
  const std::int32_t dy = picture && augment_.shift ? random.within(augment_.shift) : 0;
  const std::int32_t dx = picture && augment_.shift ? random.within(augment_.shift) : 0;
  const bool flip = picture && augment_.flip && (random.next() & 1) != 0;
  const std::int32_t dt = s.size() >= 2 && augment_.time ? random.within(augment_.time) : 0;
  if (dy || dx || flip || dt) {
    const std::vector<float> in(out.begin(), out.end());
    const std::int32_t height = s[1], width = s.size() == 4 ? s[2] : 1;
    const std::size_t pixel = in.size() / static_cast<std::size_t>(height * width);
    for (std::int32_t y = 0; y < height; ++y)
      for (std::int32_t x = 0; x < width; ++x) {
        const std::int32_t from_y = std::clamp(y - dy - dt, 0, height - 1), moved = std::clamp(x - dx, 0, width - 1),
                           from_x = flip ? width - 1 - moved : moved;
        std::copy_n(in.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(from_y * width + from_x) * pixel),
                    pixel, out.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(y * width + x) * pixel));
      }
  }
  if (picture && augment_.rotate > 0) rotate(out, s[1], s[2], (2 * random.uniform() - 1) * augment_.rotate);
  if (augment_.noise > 0) {
    double sum = 0, squares = 0;
    for (const float v : out) {
      sum += static_cast<double>(v);
      squares += static_cast<double>(v) * static_cast<double>(v);
    }
    const double n = static_cast<double>(out.size()), variance = std::max(0.0, squares / n - sum / n * (sum / n));
    const float size = augment_.noise * static_cast<float>(std::sqrt(variance));
    for (float& v : out) v += size * random.normal();
  }
}

void Augmenter::sample(std::size_t k, std::size_t row, std::size_t partner, std::size_t epoch,
                       std::span<float> out) const {
  picture(k, row, epoch, out);
  if (!augment_.mixup || partner == row) return;
  const float share = Random(seed_, 3 + epoch, row * 8 + 7).uniform() * 0.5f;
  std::vector<float> other(out.size());
  picture(k, partner, epoch, other);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] += share * (other[i] - out[i]);
}

}  // namespace tinyc
