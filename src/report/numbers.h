// Numbers and names as people read them.
#pragma once
#include <cstdint>
#include <cstdio>
#include <string>

#include "tinyc/error.h"

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
/// What estimated instructions are counted in.
inline std::string time_unit(const std::string& target) {
  return target == "avr"
             ? "clock cycles"
             : "instructions of a " + (target == "any" ? "cortex-m4, portable code" : printable(target, 20));
}
inline std::string signed_decimals(double v, int places) { return (v < 0 ? "" : "+") + decimals(v, places); }
inline std::string percent(double share) { return decimals(100 * share, 2) + " %"; }
/// 0.5 -> "50 %", 0.905 -> "90.5 %".
inline std::string short_percent(double share) {
  std::string text = decimals(100 * share, 2);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text + " %";
}
inline std::string decibels(double v) { return decimals(v, 1) + " dB"; }
/// A value of a metric: shares as percent, ratios in decibels.
inline std::string metric_text(const std::string& metric, double v) {
  if (metric == "top1" || metric == "agreement") return percent(v);
  if (metric == "sqnr") return decibels(v);
  return decimals(v, 4);
}
/// Flush right in a column.
inline std::string padded(const std::string& text, std::size_t width) {
  return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}
/// Below 10 KiB exact, above in KiB or MiB.
inline std::string bytes_text(std::uint64_t v) {
  if (v < 10240) return with_commas(v) + " B";
  const double kib = static_cast<double>(v) / 1024;
  return kib < 10240 ? decimals(kib, 1) + " KiB" : decimals(kib / 1024, 1) + " MiB";
}

/// The end of a layer's name. A fused layer is named after all its parts, joined by semicolons; parts differ at their
/// ends.
inline std::string short_name(const std::string& name, std::size_t width) {
  std::string text = printable(name.substr(0, name.find(';')), 1000);
  if (text.size() > width) text.replace(0, text.size() - width + 3, "...");
  return text;
}

}  // namespace tinyc
