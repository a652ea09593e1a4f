// The examples that train their own models, from text graph to firmware under emulation.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "catch.h"

namespace fs = std::filesystem;

namespace {

bool installed(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null").c_str()) == 0;
}

// What `make run` of an example prints, in a folder of its own.
std::string run(const std::string& example) {
  std::string name = (fs::temp_directory_path() / "tinyc_example.XXXXXX").string();
  const fs::path dir = mkdtemp(name.data());
  const std::string command = "make -s -C '" TINYC_SOURCE_DIR "/examples/" + example + "/firmware' BUILD='" +
                              dir.string() + "' TINYC='" TINYC_BINARY "' run >'" + (dir / "out").string() + "' 2>&1";
  CHECK(std::system(command.c_str()) == 0);
  std::ifstream file(dir / "out");
  const std::string out{std::istreambuf_iterator<char>(file), {}};
  fs::remove_all(dir);
  return out;
}

// The number that an expression's group finds.
long number(const std::string& text, const std::string& expression) {
  std::smatch found;
  INFO(text);
  const bool there = std::regex_search(text, found, std::regex(expression));
  REQUIRE(there);
  return std::stol(found[1]);
}

}  // namespace

TEST_CASE("example: a sine is trained and runs on an ATmega328P") {
  if (!installed("avr-gcc") || !installed("simavr")) {
    WARN("skipped: avr-gcc or simavr is not installed");
    return;
  }
  const std::string out = run("sine");
  CHECK(out.find("self-test passed\n") != std::string::npos);
  CHECK(number(out, "largest error: ([0-9]+)") < 100);  // thousandths
  CHECK(number(out, "sine of 90 degrees: (-?[0-9]+)") > 950);
  CHECK(number(out, "sine of 270 degrees: (-?[0-9]+)") < -950);
  // of 32 KB and 2 KB: code with initial values; all RAM that was touched since reset, stack included
  const std::string sizes = "\\n +([0-9]+)\\t +([0-9]+)\\t";
  std::smatch size;
  REQUIRE(std::regex_search(out, size, std::regex(sizes)));
  CHECK(std::stol(size[1]) + std::stol(size[2]) <= 32256);  // half a KB is the boot loader's
  CHECK(number(out, "untouched RAM: ([0-9]+)") > 0);
}

TEST_CASE("example: an autoencoder is trained and tells anomalies on a Cortex-M4") {
  if (!installed("arm-none-eabi-gcc") || !installed("qemu-system-arm")) {
    WARN("skipped: arm-none-eabi-gcc or qemu-system-arm is not installed");
    return;
  }
  CHECK(number(run("anomaly"), "([0-9]+) of 12 spectra right on the emulated Cortex-M4") >= 11);
}

TEST_CASE("example: gestures are trained and told apart on a micro:bit") {
  if (!installed("arm-none-eabi-gcc") || !installed("qemu-system-arm")) {
    WARN("skipped: arm-none-eabi-gcc or qemu-system-arm is not installed");
    return;
  }
  const std::string out = run("gesture");
  CHECK(out.find("self-test passed\n") != std::string::npos);
  CHECK(number(out, "([0-9]+) of 16 gestures right on the emulated Cortex-M0") >= 15);
  CHECK(number(out, "RAM used: ([0-9]+) of 16384 bytes") < 16384);
}
