// Emitted files: every compiler takes them without a warning, they need nothing but mem*, and they compute what the
// host computes.
#include <sstream>

#include "catch.h"
#include "emit/amalgamate.h"
#include "emit/c_text.h"
#include "emit/shell.h"
#include "oracle/small_programs.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"

namespace tinyc {
namespace {

void write_files(const Folder& dir, const Program& p) { write_all(dir, emit_c(p)); }

TEST_CASE("emitted files compile without warnings everywhere") {
  const Folder dir;
  write_files(dir, oracle::small_program());
  check_compiles(dir, "small", kCompilers);
}

TEST_CASE("emitted code needs only mem* and keeps no state") {
  const Folder dir;
  write_files(dir, oracle::small_program());
  std::vector<std::pair<std::string, std::string>> tools{{"gcc -fno-pic", "nm"}};
  if (installed("arm-none-eabi-gcc"))
    tools.emplace_back("arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb", "arm-none-eabi-nm");
  for (const auto& [cc, nm] : tools) {
    const auto [ok, out] =
        shell(dir, cc + " -O2 -std=c99 -c tinyc_rt.c -o rt.o && " + cc +
                       " -O2 -std=c++17 -x c++ -c small_data.cc -o data.o && " + nm + " rt.o data.o");
    INFO(out);
    REQUIRE(ok);
    std::istringstream lines(out);
    std::set<std::string> defined, undefined;
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::vector<std::string> w;
      for (std::string word; words >> word;) w.push_back(word);
      if (w.size() < 2) continue;
      const std::string type = w[w.size() - 2], name = w.back();
      if (type == "U") {
        undefined.insert(name);
      } else {
        defined.insert(name);
        CHECK((type == "T" || type == "t" || type == "r" || type == "R"));
      }
    }
    CHECK(defined.contains("small_invoke"));
    for (const auto& name : undefined)
      if (!defined.contains(name) && name != "_GLOBAL_OFFSET_TABLE_" && name.find("aeabi_l") == std::string::npos &&
          name.find("aeabi_i") == std::string::npos && name.find("aeabi_u") == std::string::npos)
        CHECK((name == "memcpy" || name == "memset" || name == "memmove" || name == "memcmp"));
  }
}

TEST_CASE("the emitted model computes on this machine what the executor computes") {
  const Folder dir;
  const Program p = oracle::small_program();
  write_files(dir, p);
  std::ofstream(dir.path / "main.c") << R"(#include "small_data.h"
#include <stdio.h>
static uint8_t arena[SMALL_ARENA_SIZE] __attribute__((aligned(16)));
void tinyc_trace(int layer, const void *out, uint32_t bytes);
static int traced;
void tinyc_trace(int layer, const void *out, uint32_t bytes) { (void)layer; (void)out; traced += bytes > 0; }
int main(void) {
  int i, k;
  if (small_input(arena, SMALL_NUM_INPUTS) || small_output(arena, -1)) return 2;
  for (i = 0; i < SMALL_INPUT_SIZE; i++) small_input(arena, 0)[i] = (int8_t)(i * 37 - 50);
  if (small_invoke(arena)) return 1;
  for (i = 0; i < SMALL_OUTPUT_SIZE; i++) printf("%d ", small_output(arena, 0)[i]);
  for (k = 0; k < SMALL_OUTPUT1_SIZE; k++) printf("%d ", small_output(arena, 1)[k]);
  printf("%d", traced);
  return 0;
}
)";
  const auto [ok, out] = shell(dir,
                               "gcc -O1 -g -fsanitize=address,undefined -std=c99 -DTINYC_TRACE main.c tinyc_rt.c -x c "
                               "small_data.cc -o main && ./main");
  INFO(out);
  REQUIRE(ok);
  const ProgramExecutor e(p);
  auto state = e.make_state();
  const auto in = e.input(state, 0);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::int8_t>(static_cast<int>(i) * 37 - 50);
  int complete = 0;
  e.run(state, [&](std::size_t, std::span<const std::int8_t>) { ++complete; });
  std::string expected;
  for (std::size_t k = 0; k < 2; ++k)
    for (const auto v : e.output(state, k)) expected += std::to_string(v) + " ";
  CHECK(out == expected + std::to_string(complete));
}

TEST_CASE("emission is deterministic, within 120 columns, and holds only the kernels in use") {
  const Program p = oracle::small_program();
  const auto files = emit_c(p);
  CHECK(files == emit_c(oracle::small_program()));
  const std::string& rt = files.at("tinyc_rt.c");
  CHECK(rt.find("tinyc_conv_2d.c") != std::string::npos);
  CHECK(rt.find("tinyc_run.c") != std::string::npos);
  CHECK(rt.find("#ifndef TINYC_RT_H") == std::string::npos);
  CHECK(rt.find("tinyc_transpose_conv.c") == std::string::npos);
  CHECK(rt.find("tinyc_resize_bilinear.c") == std::string::npos);
  std::istringstream lines(files.at("small_data.cc"));
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    CHECK((line.size() <= 120 || line.find("/*") != std::string::npos));
  }
}

TEST_CASE("names from a model stay inside their comments") {
  Program p = oracle::small_program();
  p.layers[0].name = "a*/ int evil; /* \n #error // \\";
  p.blobs[0].name = "*/ } ;";
  p.values[0].name = "/*/*\?\?/";
  const Folder dir;
  write_files(dir, p);
  check_runs(dir, std::string("g++ -std=c++11") + kStrict + "small_data.cc");
  CHECK(emit_c(p).at("small_data.cc").find("evil;") != std::string::npos);
  CHECK(c_comment("a*/b") == "a_/b");
  CHECK(c_comment("x\n\"y\"\\") == "x__y__");
}

TEST_CASE("numbers are spelled so that C reads them back") {
  CHECK(c_float(1.0f) == "1.0f");
  CHECK(c_float(0.0235294122f) == "0.0235294122f");
  CHECK(c_float(1e-10f) == "1.00000001e-10f");
  CHECK(c_int(-128) == "(-128)");
  CHECK(c_int(127) == "127");
  CHECK(c_int(INT32_MIN) == "(-2147483647 - 1)");
  Blob b;
  b.type = Blob::Type::i32;
  b.bytes = {0, 0, 0, 0x80, 0xff, 0xff, 0xff, 0xff, 7, 0, 0, 0};
  CHECK(c_elements(b) == "(-2147483647 - 1),-1,7,");
  b.type = Blob::Type::u8;
  b.bytes = {0, 255};
  CHECK(c_elements(b) == "0,255,");
  b.type = Blob::Type::i8;
  CHECK(c_elements(b) == "0,-1,");
}

TEST_CASE("names of models are C identifiers") {
  for (const char* good : {"kws", "_a", "Model2"}) CHECK(is_c_identifier(good));
  for (const char* bad : {"", "2d", "a-b", "a b", "int", "class", "new", "\xc3\xa4"}) CHECK_FALSE(is_c_identifier(bad));
  Program p = oracle::small_program();
  p.name = "my-model";
  CHECK_THROWS_AS(emit_c(p), Error);
}

TEST_CASE("a program brings the decoders of its codes and no others") {
  const auto runtime = [](const Program& p) { return emit_c(p).at("tinyc_rt.c"); };
  const auto has = [](const std::string& text, const char* what) { return text.find(what) != std::string::npos; };
  Program p = oracle::small_program();
  const std::string huffman = runtime(p);
  CHECK(has(huffman, "#define TINYC_HUFFMAN 1\n#define TINYC_RANGE 0\n"));
  CHECK(has(huffman, "int tinyc_huffman_next("));
  CHECK_FALSE(has(huffman, "int tinyc_range_next("));
  for (Blob& b : p.blobs)
    if (b.kind == Blob::Kind::tables && b.type == Blob::Type::u8) b.bytes = {0x80, 0, 1, 0};
  const std::string range = runtime(p);
  CHECK(has(range, "#define TINYC_HUFFMAN 0\n#define TINYC_RANGE 1\n"));
  CHECK_FALSE(has(range, "int tinyc_huffman_next("));
  CHECK(has(range, "int tinyc_range_next("));
  for (Layer& l : p.layers) l.codec = -1;
  const std::string raw = runtime(p);
  CHECK(has(raw, "#define TINYC_HUFFMAN 0\n#define TINYC_RANGE 0\n"));
  CHECK_FALSE(has(raw, "int tinyc_huffman_next("));
  CHECK_FALSE(has(raw, "int tinyc_range_next("));
}

TEST_CASE("a kernel brings the files that it calls and no others") {
  const auto conv = runtime_closure({"tinyc_conv_2d.c"});
  CHECK(conv.contains("tinyc_conv_2d.c"));
  CHECK_FALSE(conv.contains(kHuffmanSource));  // the program's codes tell
  CHECK_FALSE(conv.contains(kRangeSource));
  CHECK_FALSE(conv.contains("tinyc_run.c"));
  CHECK(runtime_closure({"tinyc_lut.c"}) == std::set<std::string>{"tinyc_lut.c"});
  CHECK_THROWS_AS(amalgamate({"no_such_file.c"}), Error);
}

}  // namespace
}  // namespace tinyc
