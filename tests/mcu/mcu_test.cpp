// Emitted code on emulated microcontrollers: every small model's outputs must equal the host's byte for byte.
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "catch.h"
#include "mcu/cores.h"
#include "mcu/models.h"
#include "pipeline/compress.h"
#include "tinyc/emit.h"
#include "tinyc/executor.h"
#include "tinyc/text.h"

using namespace tinyc;
namespace fs = std::filesystem;

namespace {

void write(const fs::path& file, const std::string& text) { write_file(file, text); }

struct Prepared {
  Program program;
  std::vector<std::vector<std::int8_t>> inputs, outputs;
};

Prepared prepare(const SmallModel& m, const std::string& name, PassOptions::Coding coding,
                 const char* rows_on = nullptr) {
  Import model;
  model.graph = parse(m.text);
  CompressSettings s;
  s.name = name;
  s.int8 = true;
  s.pass_options.coding = coding;
  if (rows_on) {  // layers run row by row, with the kernels of that target
    s.target = rows_on;
    s.pass_options.optimize = PassOptions::Optimize::ram;
  }
  Prepared p;
  p.program = compress({&model, nullptr, nullptr}, s).program;
  const ProgramExecutor e(p.program);
  auto state = e.make_state();
  std::uint32_t random = 12345;
  for (std::size_t i = 0; i < p.program.inputs.size(); ++i) {
    const auto in = e.input(state, i);
    for (auto& v : in) v = static_cast<std::int8_t>((random = random * 1103515245u + 12345u) >> 24);
    p.inputs.emplace_back(in.begin(), in.end());
  }
  e.run(state);
  for (std::size_t i = 0; i < p.program.outputs.size(); ++i) {
    const auto out = e.output(state, i);
    p.outputs.emplace_back(out.begin(), out.end());
  }
  return p;
}

std::string bytes(const std::vector<std::int8_t>& v) {
  std::string text = "{";
  for (const auto b : v) text += std::to_string(b) + ",";
  return text + "}";
}

// A C function `int check_NAME(void)`: 0 when the outputs are right.
std::string check_function(const Prepared& p) {
  const std::string& n = p.program.name;
  std::string text = "#include \"" + n + "_data.h\"\n";
  for (std::size_t i = 0; i < p.inputs.size(); ++i)
    text += "static const int8_t " + n + "_in" + std::to_string(i) + "[] PROGMEM = " + bytes(p.inputs[i]) + ";\n";
  for (std::size_t i = 0; i < p.outputs.size(); ++i)
    text += "static const int8_t " + n + "_out" + std::to_string(i) + "[] PROGMEM = " + bytes(p.outputs[i]) + ";\n";
  text += "static int check_" + n + "(void) {\n";
  for (std::size_t i = 0; i < p.inputs.size(); ++i)
    text += "  for (unsigned k = 0; k < sizeof " + n + "_in" + std::to_string(i) + "; k++) " + n + "_input(arena, " +
            std::to_string(i) + ")[k] = GET(" + n + "_in" + std::to_string(i) + " + k);\n";
  text += "  if (" + n + "_invoke(arena) != 0) return 1;\n";
  for (std::size_t i = 0; i < p.outputs.size(); ++i)
    text += "  for (unsigned k = 0; k < sizeof " + n + "_out" + std::to_string(i) + "; k++) if (" + n +
            "_output(arena, " + std::to_string(i) + ")[k] != GET(" + n + "_out" + std::to_string(i) +
            " + k)) return 1;\n";
  return text + "  return 0;\n}\n";
}

std::string test_program(const std::vector<Prepared>& models) {
  std::uint32_t arena = 16;
  for (const auto& m : models) arena = std::max(arena, m.program.arena_bytes);
  std::string text =
      "#include \"board.h\"\n#ifdef __AVR__\n#include <avr/pgmspace.h>\n#define GET(p) "
      "((int8_t)pgm_read_byte(p))\n#else\n#define PROGMEM\n#define GET(p) (*(p))\n#endif\n";
  text += "static uint8_t arena[" + std::to_string(arena) + "] __attribute__((aligned(16)));\n";
  for (const auto& m : models) text += check_function(m);
  text += "int main(void) {\n  int wrong = 0;\n";
  for (const auto& m : models)
    text += "  if (check_" + m.program.name + "()) { wrong++; board_print(\"WRONG " + m.program.name + "\\n\"); }\n";
  return text + "  board_print(wrong ? \"failed\\n\" : \"all equal\\n\");\n  return wrong;\n}\n";
}

std::string write_models(const fs::path& dir, const std::vector<Prepared>& models) {
  std::string sources;
  for (const auto& m : models)
    for (const auto& [file, text] : emit_c(m.program)) {
      if (file.rfind("tinyc_rt", 0) == 0) continue;
      write(dir / file, text);
      if (file.find("_data.cc") != std::string::npos) sources += " " + file;
    }
  write_runtime(dir);
  write(dir / "test.c", test_program(models));
  return sources;
}

constexpr std::pair<const char*, PassOptions::Coding> kCodings[] = {{"_raw", PassOptions::Coding::raw},
                                                                    {"_huffman", PassOptions::Coding::huffman},
                                                                    {"_range", PassOptions::Coding::range}};
}  // namespace

TEST_CASE("every operator's emitted code equals the host on emulated cores") {
  std::vector<Prepared> models;
  for (const auto& m : kSmallModels)
    for (const auto& [name, coding] : kCodings) models.push_back(prepare(m, std::string(m.name) + name, coding));
  const fs::path boards = fs::path(TINYC_SOURCE_DIR) / "tests/mcu/boards";
  for (const Core& core : kCores) {
    DYNAMIC_SECTION(core.name) {
      const std::string emulator = std::string(core.run).substr(0, std::string(core.run).find(' '));
      if (!installed(core.cc) || !installed(emulator)) {
        WARN("skipped " << core.name << ": " << core.cc << " or " << emulator << " is not installed");
        continue;
      }
      const fs::path dir = scratch_folder(core.name);
      std::vector<Prepared> all = models;
      for (const SmallModel& m : kRowModels) {
        all.push_back(prepare(m, m.name, PassOptions::Coding::automatic, core.name));
        REQUIRE(!all.back().program.rows.empty());
      }
      const std::string sources = write_models(dir, all);
      const std::string common = std::string(core.flags) +
                                 " -O2 -ffunction-sections -fdata-sections -Wall -Wextra -Werror -I. -I" +
                                 boards.string();
      const std::string cc = core.cc, cd = "cd " + dir.string() + " && ";
      REQUIRE(shell(cd + cc + " " + common + " -std=c++17 -fno-exceptions -fno-rtti -x c++ -c" + sources) == 0);
      REQUIRE(shell(cd + cc + " " + common + " -std=c99 -c all_rt.c && " + cc + " " + common +
                    " -std=gnu11 -c test.c " + (boards / core.board).string()) == 0);
      REQUIRE(shell(cd + cc + " " + common + " -nostartfiles " + (cc[0] == 'a' ? "--specs=nano.specs" : "") +
                    " -Wl,--gc-sections " + core.memory + " -T " + (boards / "board.ld").string() +
                    " *.o -o test.elf") == 0);
      CHECK(shell(cd + "timeout 120 " + core.run + kQemuTail + "test.elf") == 0);
      fs::remove_all(dir);
    }
  }
}

TEST_CASE("models run on an ATmega328P") {
  if (!installed("avr-gcc") || !installed("simavr")) {
    WARN("skipped: avr-gcc or simavr is not installed");
    return;
  }
  struct Run {
    const char* name;
    PassOptions::Coding coding;
    const SmallModel* model;
  };
  std::vector<Run> runs;
  for (const auto& [name, coding] : kCodings) runs.push_back({name, coding, &kAvrModels[0]});
  runs.push_back({"_raw", PassOptions::Coding::raw, &kAvrModels[1]});
  runs.push_back({"_rows", PassOptions::Coding::automatic, &kRowModels[0]});
  for (const auto& [name, coding, model] : runs) {
    CAPTURE(name, model->name);
    const bool rows = model == &kRowModels[0];
    const std::vector<Prepared> models{prepare(*model, "avr", coding, rows ? "avr" : nullptr)};
    REQUIRE(models[0].program.rows.empty() != rows);
    const fs::path dir = scratch_folder("avr"), boards = fs::path(TINYC_SOURCE_DIR) / "tests/mcu/boards";
    for (const auto& [file, text] : emit_c(models[0].program)) write(dir / file, text);
    write(dir / "test.c", test_program(models));
    const std::string
        cc = "avr-gcc -mmcu=atmega328p -Os -ffunction-sections -fdata-sections -Wall -Wextra -Werror -I. -I" +
             boards.string(),
        cd = "cd " + dir.string() + " && ";
    REQUIRE(shell(cd + cc + " -std=c++17 -x c++ -c avr_data.cc && " + cc + " -std=c99 -c tinyc_rt.c && " + cc +
                  " -std=gnu11 -c test.c " + (boards / "avr.c").string() + " && " + cc +
                  " -Wl,--gc-sections *.o -o test.elf") == 0);
    CHECK(shell(cd +
                "timeout 60 simavr -m atmega328p -f 16000000 test.elf > out.txt 2>&1; grep -q 'all equal' out.txt") ==
          0);
    fs::remove_all(dir);
  }
}
