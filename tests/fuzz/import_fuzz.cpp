// Model files: import must succeed or throw Error(input) or Error(unsupported).
#include <cstdlib>

#include "tinyc/error.h"
#include "tinyc/import.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    tinyc::import_tflite({data, size}, "fuzz.tflite");
  } catch (const tinyc::Error& e) {
    if (e.kind() != tinyc::ErrorKind::input && e.kind() != tinyc::ErrorKind::unsupported) std::abort();
  }
  return 0;
}
