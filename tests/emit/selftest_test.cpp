// --emit selftest: it passes on a sound model and names the first layer that a damaged one gets wrong.
#include "catch.h"
#include "emit/shell.h"
#include "oracle/small_programs.h"

namespace tinyc {
namespace {

EmitOptions with_selftest(const Program& p) {
  Bytes input(p.values[static_cast<std::size_t>(p.inputs[0])].bytes);
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<std::uint8_t>(i * 37 + 11);
  return {false, false, {input}};
}

constexpr const char* kMain = R"(#include "small_data.h"
#include <stdio.h>
static uint8_t arena[SMALL_ARENA_SIZE] __attribute__((aligned(16)));
int main(void) {
  printf("%d %d", small_selftest(arena), small_selftest(arena));
  return 0;
}
)";

std::string run(const Program& p, const std::string& damage = "true") {
  const Folder dir;
  write_all(dir, emit_c(p, with_selftest(p)));
  write_text(dir.path / "main.c", kMain);
  return check_runs(dir, damage +
                             " && gcc -O1 -fsanitize=address,undefined -std=c99 main.c tinyc_rt.c -x c small_data.cc "
                             "-o main && ./main");
}

TEST_CASE("selftest: 0 on a sound model, time after time") { CHECK(run(oracle::small_program()) == "0 0"); }

TEST_CASE("selftest: one wrong number names its layer") {
  const Program p = oracle::small_program();
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    if (p.layers[i].bias < 0) continue;
    // the first bias of this layer becomes another one
    const std::string array = "params_" + std::to_string(p.layers[i].bias);
    const std::string n = std::to_string(i + 1);
    CHECK(run(p, "sed -i '/const int32_t " + array + "\\[/{n; s/^-*[0-9]*,/123456,/}' small_data.cc") == n + " " + n);
  }
}

TEST_CASE("selftest: outputs are compared too") {
  const Program p = oracle::small_program();
  const std::string n = std::to_string(p.layers.size());
  CHECK(run(p, "sed -i '/golden_output1\\[/{n; s/^-*[0-9]*,/99,/}' small_data.cc") == n + " " + n);
}

TEST_CASE("selftest: compiles for flat and split address spaces") {
  const Program p = oracle::small_program();
  const Folder dir;
  write_all(dir, emit_c(p, with_selftest(p)));
  check_compiles(dir, "small", kFlatAndSplit);
}

}  // namespace
}  // namespace tinyc
