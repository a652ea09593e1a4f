// tinyc.toml: options or Error(usage).
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "cli/options.h"
#include "tinyc/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int fd = memfd_create("tinyc.toml", MFD_CLOEXEC);  // no disk: several times as fast
  static const std::string file = "/proc/self/fd/" + std::to_string(fd);
  if (ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  try {
    tinyc::resolve_options("model.tflite", {}, file);
  } catch (const tinyc::Error& e) {
    if (e.kind() != tinyc::ErrorKind::usage) std::abort();
  }
  return 0;
}
