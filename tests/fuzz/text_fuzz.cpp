// The text form: what parses must print and parse back to the same graph.
#include <cstdlib>

#include "tinyc/error.h"
#include "tinyc/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tinyc::Graph g;
  try {
    g = tinyc::parse(std::string(reinterpret_cast<const char*>(data), size));
  } catch (const tinyc::Error& e) {
    if (e.kind() != tinyc::ErrorKind::input) std::abort();
    return 0;
  }
  if (!(tinyc::parse(tinyc::print(g)) == g)) std::abort();
  return 0;
}
