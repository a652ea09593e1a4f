// docs/deployment.md: every command in it runs, and a device that it describes agrees with the host.
#include <nlohmann/json.hpp>
#include <sstream>

#include "catch.h"
#include "cli/shell.h"
#include "tinyc/dataset.h"

using namespace tinyc;
namespace fs = std::filesystem;

namespace {

bool starts(const std::string& text, const std::string& with) { return text.compare(0, with.size(), with) == 0; }

bool installed(const std::string& tool) {
  return std::system(("command -v " + tool + " >/dev/null 2>&1").c_str()) == 0;
}

/// The lines of the page's indented blocks that are commands.
std::vector<std::string> commands() {
  std::vector<std::string> found;
  std::istringstream page(read_text(TINYC_SOURCE_DIR "/docs/deployment.md"));
  for (std::string line; std::getline(page, line);)
    if (starts(line, "    tinyc ") || starts(line, "    arm-none-eabi-gcc ")) found.push_back(line.substr(4));
  return found;
}

// The firmware of the page on this machine: the sample is in input.bin, one int8 a byte.
constexpr const char* kFirmware = R"(#include <stdio.h>
#define TINYC_PUTCHAR(c) putchar(c)
#include "tinyc_trace.h"
#include "fashion_data.h"
static uint8_t arena[FASHION_ARENA_SIZE] __attribute__((aligned(16)));
int main(void) {
  FILE *f = fopen("input.bin", "rb");
  if (!f || fread(fashion_input(arena, 0), 1, FASHION_INPUT_SIZE, f) != FASHION_INPUT_SIZE) return 1;
  tinyc_trace_input(fashion_input(arena, 0), FASHION_INPUT_SIZE);
  return fashion_invoke(arena);
}
)";

// What the device prints for row 3 of calib.npz, for the page's last command.
void make_dump(const Folder& f) {
  std::ofstream(f / "main.c") << kFirmware;
  const Array pictures = read_numpy(f / "calib.npz", 4).at(0);  // uint8, of which the model's input is int8
  const std::size_t n = pictures.row_elements();
  std::string input;
  for (std::size_t i = 0; i < n; ++i) input += static_cast<char>(pictures.data.at(3 * n + i) ^ 0x80);
  std::ofstream(f / "input.bin", std::ios::binary) << input;
  const Ran made = shell_run(f.path,
                             "gcc -std=c99 -Wall -Wextra -Werror -DTINYC_TRACE -Iout main.c out/tinyc_rt.c -x c "
                             "out/fashion_data.cc -o device && "
                             "./device > dump.txt");
  INFO(made.err);
  REQUIRE(made.code == 0);
}

}  // namespace

TEST_CASE("deployment: every command of docs/deployment.md runs") {
  const Folder f;
  for (const char* file : {"fashion.tflite", "calib.npz"}) fs::copy(kExample + file, f / file);
  const auto all = commands();
  CHECK(all.size() >= 10);
  for (const std::string& command : all) {
    if (starts(command, "arm-none-eabi-gcc") && !installed("arm-none-eabi-gcc")) {
      WARN("arm-none-eabi-gcc is not installed: skipped");
      continue;
    }
    // compiled before the page comes to the plain form
    if (starts(command, "arm-none-eabi-gcc"))
      REQUIRE(
          shell_run(f.path, "$tinyc compress fashion.tflite --int8 --calib calib.npz --name fashion -q -o out").code ==
          0);
    if (starts(command, "tinyc trace")) make_dump(f);
    const Ran r = shell_run(f.path, (starts(command, "tinyc ") ? "$" : "") + command);
    INFO(command << "\n" << r.out << r.err);
    CHECK(r.code == 0);
  }
  for (const char* file : {"out/arduino/fashion/library.properties", "out/zephyr/fashion/zephyr/module.yml",
                           "out/esp-idf/fashion/idf_component.yml", "out/fashion.bin", "rt/tinyc_rt.c",
                           "fashion_data.o", "out/tinyc_trace.h", "out2/small_data.cc"})
    CHECK(fs::exists(f / file));
}

TEST_CASE("deployment: a device with one flipped bit fails the trace with exit code 1") {
  const Folder f;
  REQUIRE(tinyc_run(example_args(f / "out") + " --coding raw --emit c,trace -q").code == 0);
  fs::copy(kExample + "calib.npz", f / "calib.npz");
  REQUIRE(shell_run(f.path, "sed -i '/const int8_t weights_/{n; s/^-*[0-9]*,/77,/; :all; n; ball}' out/fashion_data.cc")
              .code == 0);
  make_dump(f);
  const std::string trace =
      "$tinyc trace out --from dump.txt --input 'calib.npz[3:4]' --preprocess scale=0.00392156862745098";
  const Ran text = shell_run(f.path, trace);
  INFO(text.out << text.err);
  CHECK(text.code == 1);
  CHECK(text.out.find("first layer that differs: 0 conv_2d") != std::string::npos);
  CHECK(text.out.find("likely causes:\n  - the weights or parameters of layer 0 are not those of this folder") !=
        std::string::npos);
  const Ran json = shell_run(f.path, trace + " --json");
  CHECK(json.code == 1);
  CHECK(nlohmann::json::parse(json.out)["first_bad"] == 0);
}

TEST_CASE("deployment: what cannot be emitted, shared or traced") {
  const Folder f;
  const Ran both = tinyc_run(example_args(f / "o") + " --emit blob,selftest -q");
  CHECK(both.code == 2);
  CHECK(both.err.find("leave 'blob' or 'selftest' out of --emit") != std::string::npos);
  CHECK_FALSE(fs::exists(f / "o"));
  REQUIRE(tinyc_run(example_args(f / "out") + " --emit zephyr -q").code == 0);
  CHECK_FALSE(fs::exists(f / "out/fashion_data.cc"));
  const Ran twice = shell_run(f.path, "$tinyc runtime out out -o rt");
  CHECK(twice.code == 2);
  CHECK(twice.err.find("two of the models are called 'fashion'") != std::string::npos);
  CHECK(shell_run(f.path, "$tinyc runtime nowhere -o rt").code == 3);
  CHECK(shell_run(f.path, "$tinyc trace out --from nothing.txt").code == 5);
  CHECK(shell_run(f.path, "echo hello > log.txt; $tinyc trace out --from log.txt").code == 5);
  CHECK(shell_run(f.path, "$tinyc trace " + kExample + "fashion.tflite --from log.txt").code == 2);
}
