#include "tinyc/error.h"

#include <cstdio>

namespace tinyc {
namespace {

constexpr ErrorEntry kCatalogue[] = {
#define TINYC_ERROR(number, name, meaning, remedy) {"E" #number, meaning, remedy},
#define TINYC_WARNING(number, name, meaning, remedy)
#include "tinyc/errors.def"
#undef TINYC_ERROR
#undef TINYC_WARNING
#define TINYC_ERROR(number, name, meaning, remedy)
#define TINYC_WARNING(number, name, meaning, remedy) {"W" #number, meaning, remedy},
#include "tinyc/errors.def"
#undef TINYC_ERROR
#undef TINYC_WARNING
};

}  // namespace

ErrorKind kind_of(ErrorCode code) noexcept {
  switch (static_cast<int>(code) / 100) {
    case 1: return ErrorKind::gate;
    case 2: return ErrorKind::usage;
    case 3: return ErrorKind::input;
    case 4: return ErrorKind::unsupported;
    case 5: return ErrorKind::data;
    case 6: return ErrorKind::write;
    case 8: return ErrorKind::interrupted;
    default: return ErrorKind::internal;
  }
}

std::string label(ErrorCode code) { return "E" + std::to_string(static_cast<int>(code)); }
std::string label(WarningCode code) { return "W" + std::to_string(static_cast<int>(code)); }

std::span<const ErrorEntry> error_catalogue() noexcept { return kCatalogue; }

std::string warning(WarningCode code, const std::string& text) { return label(code) + " " + text; }

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
