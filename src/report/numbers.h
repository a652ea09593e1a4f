// Numbers as people read them.
#pragma once
#include <cstdint>
#include <cstdio>
#include <string>

namespace tinyc {

/// 1234567 -> "1,234,567".
inline std::string with_commas(std::uint64_t v) {
  std::string digits = std::to_string(v);
  for (std::size_t i = digits.size(); i > 3;) {
    i -= 3;
    digits.insert(i, 1, ',');
  }
  return digits;
}

inline std::string decimals(double v, int places) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", places, v);
  return text;
}
inline std::string signed_decimals(double v, int places) { return (v < 0 ? "" : "+") + decimals(v, places); }
inline std::string percent(double share) { return decimals(100 * share, 2) + " %"; }
inline std::string decibels(double v) { return decimals(v, 1) + " dB"; }
/// Below 10 KiB exact, above in KiB or MiB.
inline std::string bytes_text(std::uint64_t v) {
  if (v < 10240) return with_commas(v) + " B";
  const double kib = static_cast<double>(v) / 1024;
  return kib < 10240 ? decimals(kib, 1) + " KiB" : decimals(kib / 1024, 1) + " MiB";
}

}  // namespace tinyc
