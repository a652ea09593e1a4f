// --emit blob: data that are replaced without the firmware, and everything that is not such data.
#include "emit/blob.h"

#include <algorithm>
#include <cstring>

#include "catch.h"
#include "emit/shell.h"
#include "oracle/small_programs.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"

namespace tinyc {
namespace {

// small_program, trained again: other weights, ranges and codes.
Program other_small_program() {
  std::string text = oracle::kSmallNetwork;
  for (const char seed : {'1', '3', '5', '7'}) {
    const std::string old = std::string("random(") + seed + ")";
    text.replace(text.find(old), old.size(), std::string("random(1") + seed + ")");
  }
  Graph g = oracle::quantized(text.c_str());
  oracle::code_some(g);
  g.name = "small";
  return lower(g);
}

std::string outputs_of(const Program& p) {
  const ProgramExecutor e(p);
  auto state = e.make_state();
  const auto in = e.input(state, 0);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::int8_t>(static_cast<int>(i) * 37 - 50);
  e.run(state);
  std::string out;
  for (std::size_t k = 0; k < p.outputs.size(); ++k)
    for (const auto v : e.output(state, k)) out += std::to_string(v) + " ";
  const Value& last = p.values[static_cast<std::size_t>(p.outputs[1])];
  char scale[40];
  std::snprintf(scale, sizeof scale, "%.9g %d", static_cast<double>(last.scale), last.zero_point);
  return out + scale + "\n";
}

// Loads each file that is named and prints the code, and the outputs where it is 0.
constexpr const char* kMain = R"(#include "small_data.h"
#include <stdio.h>
static uint8_t arena[SMALL_ARENA_SIZE] __attribute__((aligned(16)));
static uint8_t data[4][1 << 16] __attribute__((aligned(16)));
static void run(void) {
  int i, k;
  for (i = 0; i < SMALL_INPUT_SIZE; i++) small_input(arena, 0)[i] = (int8_t)(i * 37 - 50);
  if (small_invoke(arena)) printf("failed ");
  for (k = 0; k < 2; k++)
    for (i = 0; i < (k ? SMALL_OUTPUT1_SIZE : SMALL_OUTPUT_SIZE); i++) printf("%d ", small_output(arena, k)[i]);
  printf("%.9g %d\n", (double)SMALL_OUTPUT1_SCALE, (int)SMALL_OUTPUT1_ZERO_POINT);
}
int main(int argc, char **argv) {
  int i, rc;
  printf("%d\n", small_invoke(arena));
  for (i = 1; i < argc; i++) {
    FILE *f = fopen(argv[i], "rb");
    const uint32_t n = (uint32_t)fread(data[i - 1], 1, sizeof data[0], f);
    fclose(f);
    rc = small_load(data[i - 1], n);
    if (rc)
      printf("%d\n", rc);
    else
      run();
  }
  run(); /* what failed to load has left the others in use */
  return 0;
}
)";

TEST_CASE("blob: firmware runs the data that it loads, and later ones of the same structure") {
  const Folder dir;
  const Program first = oracle::small_program(), second = other_small_program();
  REQUIRE(outputs_of(first) != outputs_of(second));
  REQUIRE(blob_structure(first) == blob_structure(second));
  write_all(dir, emit_c(first, {true, false, {}}));
  write_bytes(dir.path / "first.bin", emit_blob(first));
  write_bytes(dir.path / "second.bin", emit_blob(second));
  Bytes damaged = emit_blob(first);
  damaged[damaged.size() / 2] ^= 8;
  write_bytes(dir.path / "damaged.bin", damaged);
  write_text(dir.path / "main.c", kMain);
  const std::string out =
      check_runs(dir,
                 "gcc -O1 -g -fsanitize=address,undefined -std=c99 main.c tinyc_rt.c -x c small_data.cc -o main && "
                 "./main first.bin second.bin damaged.bin");
  CHECK(out == std::to_string(TINYC_E_NO_DATA) + "\n" + outputs_of(first) + outputs_of(second) +
                   std::to_string(TINYC_E_CHECKSUM) + "\n" + outputs_of(second));
}

TEST_CASE("blob: firmware compiles for flat and split address spaces") {
  const Folder dir;
  write_all(dir, emit_c(oracle::small_program(), {true, true, {}}));
  CHECK(fs::exists(dir.path / "tinyc_trace.h"));
  check_compiles(dir, "small", kFlatAndSplit);
}

TEST_CASE("blob: what is not the model's data is refused with a reason") {
  const Program p = oracle::small_program();
  const Bytes good = emit_blob(p);
  const std::uint32_t structure = blob_structure(p);
  alignas(16) static std::uint8_t memory[1 << 16];
  const auto load = [&](const Bytes& b, std::size_t shift = 0) {
    std::memcpy(memory + shift, b.data(), b.size());
    return tinyc_blob_check(memory + shift, static_cast<std::uint32_t>(b.size()), structure, p.arena_bytes);
  };
  REQUIRE(good.size() + 16 <= sizeof memory);
  CHECK(load(good) == TINYC_OK);
  CHECK(tinyc_blob_check(nullptr, 0, structure, p.arena_bytes) == TINYC_E_NO_DATA);
  CHECK(load(good, 4) == TINYC_E_ALIGNMENT);
  CHECK(load({}) == TINYC_E_FORMAT);
  CHECK(load({good.begin(), good.end() - 1}) == TINYC_E_FORMAT);
  CHECK(load({good.begin(), good.begin() + 31}) == TINYC_E_FORMAT);
  Bytes longer = good;  // a partition is larger than what lies in it
  longer.resize(good.size() + 100, 0xFF);
  CHECK(load(longer) == TINYC_OK);
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= static_cast<std::uint8_t>(1u << (i % 8));
    const int rc = load(bad);
    INFO(i << ": " << rc);
    CHECK((rc == TINYC_E_FORMAT || (i >= 8 && rc == TINYC_E_CHECKSUM)));  // magic, version, bytes
    if (i >= 12) CHECK(rc == TINYC_E_CHECKSUM);
  }
  CHECK(load(good) == TINYC_OK);
  CHECK(tinyc_blob_check(memory, static_cast<std::uint32_t>(good.size()), structure + 1, p.arena_bytes) ==
        TINYC_E_STRUCTURE);
  CHECK(tinyc_blob_check(memory, static_cast<std::uint32_t>(good.size()), structure, p.arena_bytes - 1) ==
        TINYC_E_STRUCTURE);
}

TEST_CASE("blob: layers run from the data as they run from the program, and tell of damaged streams") {
  const Program p = oracle::small_program();
  std::vector<tinyc_kernel> kernels;
  for (const Layer& l : p.layers) kernels.push_back(l.kernel->run);
  const ProgramExecutor e(p);
  auto expected = e.make_state(), state = e.make_state();
  for (auto* s : {&expected, &state})
    for (std::size_t i = 0; auto& v : e.input(*s, 0)) v = static_cast<std::int8_t>(37 * i++ + 11);
  e.run(expected);
  const Bytes blob = emit_blob(p);
  alignas(16) static std::uint8_t memory[1 << 16];
  std::memcpy(memory, blob.data(), blob.size());
  const auto run = [&] {
    return tinyc_blob_run(kernels.data(), static_cast<int>(kernels.size()), memory, state.arena);
  };
  CHECK(run() == TINYC_OK);
  for (std::size_t k = 0; k < p.outputs.size(); ++k)
    CHECK(std::ranges::equal(e.output(state, k), e.output(expected, k)));
  // stream_bytes follows the six offsets, in0, in1, out, scratch and out_bytes
  const auto coded = static_cast<std::size_t>(
      std::ranges::find_if(p.layers, [](const Layer& l) { return l.codec >= 0; }) - p.layers.begin());
  REQUIRE(coded < p.layers.size());
  memory[32 + 8 * (p.inputs.size() + p.outputs.size()) + 120 * coded + 24 + 20] = 1;
  CHECK(run() == TINYC_E_STREAM);
}

TEST_CASE("blob: the structure is that of kernels, decoders, inputs and outputs") {
  const Program p = oracle::small_program();
  Program kernels = p, decoders = p, place = p;
  std::swap(kernels.layers[0].kernel, kernels.layers[1].kernel);
  CHECK(blob_structure(kernels) != blob_structure(p));
  for (Layer& l : decoders.layers) l.codec = -1;
  CHECK(blob_structure(decoders) != blob_structure(p));
  place.values[static_cast<std::size_t>(place.outputs[0])].offset += 4;
  CHECK(blob_structure(place) != blob_structure(p));
  CHECK(emit_blob(p) == emit_blob(oracle::small_program()));
}

TEST_CASE("blob: no self-test for data that change") {
  CHECK_THROWS_AS(emit_c(oracle::small_program(), {true, false, {Bytes(192)}}), Error);
}

}  // namespace
}  // namespace tinyc
