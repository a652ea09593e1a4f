// NAME.tinyc files: success or Error(input).
#include <cstdlib>

#include "tinyc/error.h"
#include "tinyc/program.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    tinyc::read_program({data, size}, "fuzz.tinyc");
  } catch (const tinyc::Error& e) {
    if (e.kind() != tinyc::ErrorKind::input) std::abort();
  }
  return 0;
}
