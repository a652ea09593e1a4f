// What NAME_data.h offers to users: floats in and out, weights in a section of their own, several models in one
// firmware.
#include "catch.h"
#include "emit/shell.h"
#include "oracle/small_programs.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"

namespace tinyc {
namespace {

TEST_CASE("floats become the integers that the host makes of them, in C and C++") {
  const Folder dir;
  const Program p = oracle::small_program();
  write_all(dir, emit_c(p));
  const std::string main = R"(#include "small_data.h"
#include <math.h>
#include <stdio.h>
static uint8_t arena[SMALL_ARENA_SIZE] __attribute__((aligned(16)));
int main(void) {
  static float x[SMALL_INPUT_SIZE], y[SMALL_OUTPUT_SIZE];
  int i;
  for (i = 0; i < SMALL_INPUT_SIZE; i++) x[i] = (float)(i - 90) * 0.031f;
  x[0] = -1e30f; x[1] = 1e30f; x[2] = NAN; x[3] = 0.5f * SMALL_INPUT_SCALE; x[4] = -0.5f * SMALL_INPUT_SCALE;
  small_write_input(arena, x);
  for (i = 0; i < SMALL_INPUT_SIZE; i++) printf("%d ", small_input(arena, 0)[i]);
  small_invoke(arena);
  small_read_output(arena, y);
  for (i = 0; i < SMALL_OUTPUT_SIZE; i++) printf("%.9g ", (double)y[i]);
  printf("%.9g", (double)small_dequantize1(7));
  return 0;
}
)";
  write_text(dir.path / "main.c", main);
  const ProgramExecutor e(p);
  auto state = e.make_state();
  const Value &in = p.values[static_cast<std::size_t>(p.inputs[0])],
              &out = p.values[static_cast<std::size_t>(p.outputs[0])],
              &out1 = p.values[static_cast<std::size_t>(p.outputs[1])];
  std::vector<float> x(in.bytes);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(static_cast<int>(i) - 90) * 0.031f;
  x[0] = -1e30f, x[1] = 1e30f, x[2] = NAN, x[3] = 0.5f * in.scale, x[4] = -0.5f * in.scale;
  e.set_input(state, 0, x);
  std::string expected;
  for (const auto v : e.input(state, 0)) expected += std::to_string(v) + " ";
  e.run(state);
  char text[40];
  for (const auto v : e.output(state, 0)) {
    std::snprintf(text, sizeof text, "%.9g ", static_cast<double>(dequantize_value(v, out.scale, out.zero_point)));
    expected += text;
  }
  std::snprintf(text, sizeof text, "%.9g", static_cast<double>(dequantize_value(7, out1.scale, out1.zero_point)));
  expected += text;
  const std::string flags = " -O1 -fsanitize=address,undefined -Wall -Wextra -Wconversion -Werror ";
  CHECK(check_runs(dir, "gcc -std=c99" + flags + "main.c tinyc_rt.c -x c small_data.cc -o main && ./main") == expected);
  CHECK(check_runs(dir, "gcc -std=c99 -c tinyc_rt.c -o rt.o && g++ -std=c++11" + flags +
                            "rt.o -x c++ main.c small_data.cc -o main && ./main") == expected);
}

TEST_CASE("weights go where TINYC_WEIGHTS_ATTR says") {
  if (!installed("arm-none-eabi-gcc")) {
    WARN("arm-none-eabi-gcc is not installed: skipped");
    return;
  }
  const Folder dir;
  const Program p = oracle::small_program();
  write_all(dir, emit_c(p));
  const std::string compile =
      "arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -O2 -std=c99 -Werror -x c -c small_data.cc -o data.o";
  const std::string sections = " && arm-none-eabi-objdump -h data.o | awk '$2 == \".qspi\" { print $3 }'";
  CHECK(check_runs(dir, compile + sections).empty());
  const std::string placed =
      check_runs(dir, compile + R"( -D'TINYC_WEIGHTS_ATTR=__attribute__((section(".qspi")))')" + sections);
  CHECK(std::strtoull(placed.c_str(), nullptr, 16) >= flash_bytes(p).weights);
}

constexpr const char* kSecondNetwork =
    "%x = input f32[1,6,6,2] %c = conv_2d(%x, random(21) f32[4,3,3,2], random(22) f32[4]) pad=1,1,1,1 "
    "%p = max_pool_2d(%c) kernel=2,2 stride=2,2 %l = logistic(%p) output %l";

TEST_CASE("two models share one runtime and one arena") {
  const Program first = oracle::small_program();
  Graph g = oracle::quantized(kSecondNetwork);
  g.name = "second";
  const Program second = lower(g);
  const Program both[] = {first, second};
  const Folder dir;
  for (const Program& p : both)
    for (const auto& [name, text] : emit_c(p))
      if (name.starts_with(p.name)) write_text(dir.path / name, text);
  write_all(dir, emit_runtime(both));
  write_text(dir.path / "main.c", R"(#include "second_data.h"
#include "small_data.h"
static union {
  uint8_t small[SMALL_ARENA_SIZE], second[SECOND_ARENA_SIZE];
} arena __attribute__((aligned(16)));
#ifdef HOST
#include <stdio.h>
#else
#define printf(...) (void)0
#endif
int main(void) {
  int i;
  for (i = 0; i < SMALL_INPUT_SIZE; i++) small_input(arena.small, 0)[i] = (int8_t)(i * 37 - 50);
  if (small_invoke(arena.small)) return 1;
  for (i = 0; i < SMALL_OUTPUT_SIZE; i++) printf("%d ", small_output(arena.small, 0)[i]);
  for (i = 0; i < SECOND_INPUT_SIZE; i++) second_input(arena.second, 0)[i] = (int8_t)(i * 37 - 50);
  if (second_invoke(arena.second)) return 2;
  for (i = 0; i < SECOND_OUTPUT_SIZE; i++) printf("%d ", second_output(arena.second, 0)[i]);
  return 0;
}
)");
  std::string expected;
  for (const Program& p : both) {
    const ProgramExecutor e(p);
    auto state = e.make_state();
    const auto in = e.input(state, 0);
    for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::int8_t>(static_cast<int>(i) * 37 - 50);
    e.run(state);
    for (const auto v : e.output(state, 0)) expected += std::to_string(v) + " ";
  }
  const std::string sources = " -std=c99 main.c tinyc_rt.c -x c small_data.cc second_data.cc -o main";
  CHECK(check_runs(dir, "gcc -O1 -fsanitize=address,undefined -DHOST" + sources + " && ./main") == expected);
  if (installed("arm-none-eabi-gcc"))
    check_runs(
        dir,
        "arm-none-eabi-gcc -mcpu=cortex-m0 -mthumb -O2 -Wall -Werror --specs=nosys.specs -Wl,--gc-sections" + sources);
  else
    WARN("arm-none-eabi-gcc is not installed: linking for it is skipped");

  const Program twice[] = {first, first};
  CHECK_THROWS_WITH(emit_runtime(twice), "two of the models are called 'small'");
}

}  // namespace
}  // namespace tinyc
