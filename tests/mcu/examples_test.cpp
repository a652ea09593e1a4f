// The examples that train their own models, from text graph to firmware under emulation.
#include <cstdlib>
#include <filesystem>

#include "catch.h"

namespace fs = std::filesystem;

namespace {

bool installed(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null").c_str()) == 0;
}

// `make run` of an example in a folder of its own; true when its output holds `wanted`.
bool runs(const std::string& example, const std::string& wanted) {
  std::string name = (fs::temp_directory_path() / "tinyc_example.XXXXXX").string();
  const fs::path dir = mkdtemp(name.data());
  const std::string command = "make -s -C '" TINYC_SOURCE_DIR "/examples/" + example + "/firmware' BUILD='" +
                              dir.string() + "' TINYC='" TINYC_BINARY "' run >'" + (dir / "out").string() +
                              "' 2>&1; grep -q '" + wanted + "' '" + (dir / "out").string() + "'";
  const bool ok = std::system(command.c_str()) == 0;
  if (!ok) std::system(("cat '" + (dir / "out").string() + "'").c_str());
  fs::remove_all(dir);
  return ok;
}

}  // namespace

TEST_CASE("example: a sine is trained and runs on an ATmega328P") {
  if (!installed("avr-gcc") || !installed("simavr")) {
    WARN("skipped: avr-gcc or simavr is not installed");
    return;
  }
  CHECK(runs("sine", "largest error: [1-9][0-9]\\? thousandths on the emulated ATmega328P"));
}

TEST_CASE("example: an autoencoder is trained and tells anomalies on a Cortex-M4") {
  if (!installed("arm-none-eabi-gcc") || !installed("qemu-system-arm")) {
    WARN("skipped: arm-none-eabi-gcc or qemu-system-arm is not installed");
    return;
  }
  CHECK(runs("anomaly", "1[12] of 12 spectra right on the emulated Cortex-M4"));
}
