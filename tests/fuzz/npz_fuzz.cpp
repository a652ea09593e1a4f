// Sample files: success or Error(data).
#include <cstdlib>

#include "tinyc/dataset.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    tinyc::read_numpy({data, size}, "fuzz.npz", 16);
  } catch (const tinyc::Error& e) {
    if (e.kind() != tinyc::ErrorKind::data) std::abort();
  }
  return 0;
}
