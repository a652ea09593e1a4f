// tinyc.toml: options or Error(usage).
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "cli/options.h"
#include "tinyc/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string file =
      (std::filesystem::temp_directory_path() / ("tinyc_fuzz_" + std::to_string(getpid()) + ".toml")).string();
  if (FILE* f = std::fopen(file.c_str(), "wb")) {
    std::fwrite(data, 1, size, f);
    std::fclose(f);
  }
  try {
    tinyc::resolve_options("model.tflite", {}, file);
  } catch (const tinyc::Error& e) {
    if (e.kind() != tinyc::ErrorKind::usage) std::abort();
  }
  return 0;
}
