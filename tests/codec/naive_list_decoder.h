// A decoder of lists written from docs/weight_format.md alone, word by word: the oracle for the shipped one.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace tinyc::test {

/// The n weights of a well-formed list.
inline std::vector<std::int8_t> naive_list(std::span<const std::uint8_t> header, std::span<const std::uint8_t> stream,
                                           std::size_t n) {
  const auto number = [&](std::size_t i) { return std::size_t{header[2 * i]} + 256 * std::size_t{header[2 * i + 1]}; };
  std::size_t next = 0;
  const auto word = [&] {
    std::uint32_t v = 0;
    for (int i = 3; i >= 0; --i) v = 256 * v + stream[next + static_cast<std::size_t>(i)];
    next += 4;
    return v;
  };
  const auto half = [](std::uint32_t v) { return static_cast<int>(v < 32768 ? v : v - 65536) / 2; };
  const bool single = header[1] == 1;
  const std::size_t channels = number(1), step = number(2), starts = number(3), taps = header.size() / 2 - 4 - starts,
                    filter = channels * taps, groups = single ? channels : starts;
  std::map<std::uint32_t, std::size_t> place;  // in a filter, by offset
  for (std::size_t t = 0; t < taps; ++t)
    for (std::size_t g = 0; g < groups; ++g)
      place[static_cast<std::uint32_t>(number(4 + starts + t) + g * step)] =
          t * channels + (single ? g : number(4 + g));
  std::vector<std::int8_t> weights(n, 0);
  for (std::size_t first = 0; first < n; first += filter)
    for (std::uint32_t left = word() - 3; left > 0; --left) {
      std::vector<std::uint32_t> offsets;
      for (int i = 0; i < (single ? 4 : 1); ++i) offsets.push_back(word());
      const std::uint32_t a = word(), b = word();
      const int pairs[] = {half(a % 65536), half(a / 65536), half(b % 65536), half(b / 65536)};
      for (std::size_t k = 0; k < 4; ++k) {
        const int w = single ? pairs[k] : pairs[k / 2 + k % 2 * 2];
        if (w != 0) weights[first + place.at(offsets[single ? k : 0]) + (single ? 0 : k)] = static_cast<std::int8_t>(w);
      }
    }
  return weights;
}

}  // namespace tinyc::test
