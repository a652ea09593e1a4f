// Data that can be replaced, in an emulated AVR's program memory: another address space than that of the code's
// pointers.
#include "catch.h"
#include "mcu/measure.h"
#include "oracle/small_programs.h"
#include "tinyc/emit.h"
#include "tinyc/executor.h"

using namespace tinyc;

namespace {

constexpr const char* kNetwork =
    "%x = input f32[1,6,6,2] %c = conv_2d(%x, random(1) f32[6,3,3,2], random(2) f32[6]) pad=1,1,1,1 act=relu "
    "%m = mean(%c) axes=[1,2] %y = fully_connected(%m, random(3) f32[4,6], random(4) f32[4]) output %y";

constexpr const char* kMain = R"(#include <avr/pgmspace.h>
#include "board.h"
#include "net_data.h"
const uint8_t data[] PROGMEM __attribute__((aligned(16))) = {
#include "data.inc"
};
static uint8_t arena[NET_ARENA_SIZE] __attribute__((aligned(16)));
static void print(int v) {
  char digits[8], *p = digits + 7;
  unsigned rest = v < 0 ? 0u - (unsigned)v : (unsigned)v;
  *p = 0;
  do *--p = (char)('0' + rest % 10);
  while (rest /= 10);
  if (v < 0) *--p = '-';
  board_print(p);
  board_print(" ");
}
int main(void) {
  print(net_invoke(arena));
  print(net_load(data + 4, sizeof data - 4));
  print(net_load(data, sizeof data - 1));
  print(net_load(data, sizeof data));
  for (int i = 0; i < NET_INPUT_SIZE; i++) net_input(arena, 0)[i] = (int8_t)(i * 37 - 50);
  print(net_invoke(arena));
  for (int i = 0; i < NET_OUTPUT_SIZE; i++) print(net_output(arena, 0)[i]);
  board_print("\n");
  return 0;
}
)";

}  // namespace

TEST_CASE("blob: an emulated ATmega328P computes from loaded data what the host computes") {
  if (!installed(std::string("avr-gcc")) || !installed(std::string("simavr"))) {
    WARN("skipped: avr-gcc or simavr is not installed");
    return;
  }
  Graph g = oracle::quantized(kNetwork);
  oracle::code_some(g);
  g.name = "net";
  const Program p = lower(g);
  const Scratch dir;
  for (const auto& [name, text] : emit_c(p, {true, false, {}})) write_file(dir.path / name, text);
  std::string numbers;
  for (const std::uint8_t b : emit_blob(p)) numbers += std::to_string(b) + ",";
  write_file(dir.path / "data.inc", numbers + "\n");
  write_file(dir.path / "main.c", std::string(kMain));
  const std::string boards = TINYC_SOURCE_DIR "/tests/mcu/boards";
  const std::string printed = output_of(
      "avr-gcc -mmcu=atmega328p -Os -std=gnu11 -Wall -Werror -ffunction-sections -fdata-sections -Wl,--gc-sections "
      "-I'" +
          boards + "' main.c tinyc_rt.c '" + boards +
          "/avr.c' -x c net_data.cc -o firmware.elf && timeout 60 simavr -m atmega328p -f 16000000 firmware.elf 2>&1 | "
          "tr -d '\\033\\r' | sed 's/\\[[0-9;]*m//g; s/\\.*$//'",
      dir.path);

  const ProgramExecutor e(p);
  auto state = e.make_state();
  const auto in = e.input(state, 0);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::int8_t>(static_cast<int>(i) * 37 - 50);
  e.run(state);
  std::string expected;
  for (const int v : {TINYC_E_NO_DATA, TINYC_E_ALIGNMENT, TINYC_E_FORMAT, TINYC_OK, TINYC_OK})
    expected += std::to_string(v) + " ";
  for (const auto v : e.output(state, 0)) expected += std::to_string(v) + " ";
  INFO(printed);
  CHECK(printed.find(expected) != std::string::npos);
}
