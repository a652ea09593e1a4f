#include "data/image_check.h"

#include <cstddef>

namespace tinyc {
namespace {

std::uint32_t big_endian(std::span<const std::uint8_t> file, std::size_t at, std::size_t bytes) {
  std::uint32_t v = 0;
  for (std::size_t i = 0; i < bytes; ++i) v = v << 8 | file[at + i];
  return v;
}

bool safe_png(std::span<const std::uint8_t> file) {
  constexpr std::uint32_t idat = 0x49444154;
  if (file.size() < 24) return false;
  const std::uint64_t pixels = std::uint64_t{big_endian(file, 16, 4)} * big_endian(file, 20, 4);
  std::uint64_t packed = 0;
  for (std::size_t at = 8; at + 12 <= file.size();) {
    const std::uint32_t length = big_endian(file, at, 4);
    if (big_endian(file, at + 4, 4) == idat) {
      packed += length;
      if (packed == 0) return false;
    }
    at += std::size_t{length} + 12;
  }
  return packed <= pixels * 8 * 2 + 65536;  // a pixel is at most 4 channels of 16 bits
}

/// The tables of one DHT segment whose length field is at `at`.
bool safe_huffman_tables(std::span<const std::uint8_t> file, std::size_t at) {
  if (at + 2 > file.size()) return true;  // the decoder finds the end of the file
  std::int64_t left = static_cast<std::int64_t>(big_endian(file, at, 2)) - 2;
  at += 2;
  const auto count = [&](std::size_t i) -> std::uint32_t {
    return i < file.size() ? file[i] : 0;
  };  // as the decoder reads
  while (left > 0 && at < file.size()) {
    std::uint32_t symbols = 0, codes = 0;
    for (std::size_t length = 1; length <= 16; ++length) {
      symbols += count(at + length);
      codes = codes * 2 + count(at + length);
      if (codes > 1u << length) return false;
    }
    if (symbols > 255) return false;
    at += 17 + symbols;
    left -= 17 + symbols;
  }
  return true;
}

bool safe_jpeg(std::span<const std::uint8_t> file) {
  constexpr std::uint8_t start_of_image = 0xd8, tables = 0xc4, start_of_scan = 0xda;
  bool in_scan = false;  // from the first scan on, markers stand between coded bytes: every place is looked at
  for (std::size_t at = 0; at + 1 < file.size();) {
    const std::uint8_t marker = file[at + 1];
    if (file[at] != 0xff || marker == 0xff || marker == 0) {
      ++at;
      continue;
    }
    at += 2;
    if (marker == tables && !safe_huffman_tables(file, at)) return false;
    in_scan = in_scan || marker == start_of_scan;
    // Before it, segments are passed by their lengths, as the decoder does: metadata may hold any bytes.
    if (!in_scan && marker != start_of_image && at + 2 <= file.size()) at += big_endian(file, at, 2);
  }
  return true;
}

}  // namespace

bool safe_to_decode(std::span<const std::uint8_t> file) noexcept {
  if (file.size() < 8) return false;
  return file[0] == 0x89 ? safe_png(file) : safe_jpeg(file);
}

}  // namespace tinyc
