// The runtime's files as text, generated at build time.
#pragma once
#include <cstddef>

namespace tinyc {
struct RtSource {
  const char* name;  ///< "tinyc_rt.h" or a file of src/rt
  const char* text;
  std::size_t size;
};
extern const RtSource kRtSources[];  ///< ends with a null name
}  // namespace tinyc
