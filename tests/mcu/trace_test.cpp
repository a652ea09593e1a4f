// tinyc trace on what an emulated micro:bit prints: a sound one, one with a flipped weight, one with an arena that is
// not aligned, on which a Cortex-M0 stops.
#include "catch.h"
#include "mcu/measure.h"
#include "oracle/small_programs.h"
#include "tinyc/emit.h"

using namespace tinyc;

namespace {

constexpr const char* kMain = R"(#define TINYC_PUTCHAR(c) put(c)
#include "board.h"
static void put(char c) { const char text[2] = {c, 0}; print(text); }
#include "tinyc_trace.h"
#include "small_data.h"
static uint8_t memory[SMALL_ARENA_SIZE + 16] __attribute__((aligned(16)));
int main(void) {
  uint8_t *arena = memory + SHIFT;
  for (int i = 0; i < SMALL_INPUT_SIZE; i++) small_input(arena, 0)[i] = (int8_t)(i * 37 - 50);
  tinyc_trace_input(small_input(arena, 0), SMALL_INPUT_SIZE);
  small_invoke(arena);
  print("done\n");
  return 0;
}
)";

/// The first weight of layer 0 becomes another one.
const std::string kFlip = "sed -i '/const int8_t weights_/{n; s/^-*[0-9]*,/77,/; :all; n; ball}' small_data.cc && ";

class Microbit {
 public:
  Microbit() {
    const Program p = oracle::small_program();
    for (const auto& [name, text] : emit_c(p, {false, true, {}})) write_file(dir_.path / name, text);
    write_file(dir_.path / "small.tinyc", write_program(p));
    write_file(dir_.path / "main.c", std::string(kMain));
  }
  /// Builds, runs until it prints done or a fault, and gives tinyc trace what it printed.
  std::string trace(const std::string& flags, const std::string& first = "") {
    const std::string boards = TINYC_SOURCE_DIR "/examples/boards";
    output_of(first + "arm-none-eabi-gcc -mcpu=cortex-m0 -mthumb -O2 -DTINYC_TRACE -I'" + boards + "' " + flags +
                  " -nostartfiles --specs=nano.specs -T '" + boards + "/microbit.ld' main.c tinyc_rt.c '" + boards +
                  "/microbit.c' -x c small_data.cc -o firmware.elf",
              dir_.path);
    output_of(
        "rm -f dump.txt; touch dump.txt; timeout 30 qemu-system-arm -M microbit -display none -monitor none -serial "
        "stdio -kernel firmware.elf "
        "</dev/null >dump.txt 2>/dev/null & "
        "until grep -q 'done\\|fault' dump.txt; do sleep 0.1; kill -0 $! || break; done; kill $!",
        dir_.path);
    output_of("'" TINYC_BINARY "' trace . --from dump.txt >answer || [ $? = 1 ]", dir_.path);
    return read_text(dir_.path / "answer");
  }

 private:
  Scratch dir_;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("trace: an emulated micro:bit, sound, with a flipped weight, with an arena that is not aligned") {
  if (!installed(std::string("arm-none-eabi-gcc")) || !installed(std::string("qemu-system-arm"))) {
    WARN("skipped: arm-none-eabi-gcc or qemu-system-arm is not installed");
    return;
  }
  Microbit board;
  const std::string sound = board.trace("-DSHIFT=0 -DTINYC_TRACE_DUMP_INPUT");
  INFO(sound);
  CHECK(has(sound, "all layers are the same on the device"));
  CHECK_FALSE(has(sound, "likely causes"));

  const std::string shifted = board.trace("-DSHIFT=2 -DTINYC_TRACE_DUMP_INPUT");
  INFO(shifted);
  CHECK(has(shifted, "first layer that is missing: "));
  CHECK(has(shifted, "likely causes:\n  - the arena begins at 0x2000"));
  CHECK(has(shifted, "which is no multiple of 16"));

  const std::string flipped = board.trace("-DSHIFT=0 -DTINYC_TRACE_DUMP_INPUT", kFlip);
  INFO(flipped);
  CHECK(has(flipped, "first layer that differs: 0 conv_2d 'c'"));
  CHECK(has(flipped, "likely causes:\n  - the weights or parameters of layer 0 are not those of this folder"));
}
