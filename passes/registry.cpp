// The table of passes, generated from passes.def.
#include <array>
#include <string_view>

#include "tinyc/pass.h"

namespace tinyc {

#define TINYC_PASS(stem) extern const Pass pass_##stem;  // defined in passes/<stem>.cpp
#include "passes.def"
#undef TINYC_PASS

std::span<const Pass> all_passes() noexcept {
  // copied on first use: the rows live in other files and may be initialised later than this one
  static const std::array kRows{
#define TINYC_PASS(stem) pass_##stem,
#include "passes.def"
#undef TINYC_PASS
  };
  return kRows;
}

const Pass* find_pass(const std::string& name) noexcept {
  const std::string_view now = name == "huffman_code" ? "code_weights" : std::string_view(name);  // its name before
  for (const Pass& p : all_passes())
    if (now == p.name) return &p;
  return nullptr;
}

}  // namespace tinyc
