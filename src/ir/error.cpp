#include "tinyc/error.h"

#include <cstdio>

namespace tinyc {

std::string printable(const std::string& text, std::size_t max_bytes) {
  std::string out;
  for (const char ch : text) {
    if (out.size() >= max_bytes) return out + "...";
    const auto u = static_cast<unsigned char>(ch);
    if (u >= 0x20 && u < 0x7f) {
      out += ch;
    } else {
      char escaped[5];
      std::snprintf(escaped, sizeof escaped, "\\x%02X", u);
      out += escaped;
    }
  }
  return out;
}

}  // namespace tinyc
