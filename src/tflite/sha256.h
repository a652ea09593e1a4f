// SHA-256 (FIPS 180-4), to name model files in reports.
#pragma once
#include <cstdint>
#include <span>
#include <string>

namespace tinyc::tfl {

/// 64 lower-case hexadecimal digits.
std::string sha256(std::span<const std::uint8_t> bytes);

}  // namespace tinyc::tfl
