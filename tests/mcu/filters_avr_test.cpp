// The assembly for AVR: rows with filters from the products to the outputs, in a simulated ATmega328P.
#include <algorithm>
#include <sstream>

#include "catch.h"
#include "mcu/cores.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;
namespace fs = std::filesystem;

TEST_CASE("filters on AVR equal their definition") {
  if (!installed(std::string("avr-gcc")) || !installed(std::string("simavr"))) {
    WARN("skipped: avr-gcc or simavr is not installed");
    return;
  }
  constexpr int kWeights = 6000, kChannels = 1200, kTaps = 600, kFilters = 1030;
  Random r(17);
  std::ostringstream h;
  h << "#include \"tinyc_rt.h\"\n#define WEIGHTS " << kWeights << "\n#define CHANNELS " << kChannels
    << "\n#define MOST_TAPS " << kTaps << "\n#define MOST_FILTERS " << kFilters << "\n#define ROUNDS 2500\n";
  const auto table = [&](const char* type, const char* name, int count, auto&& value) {
    h << "static const " << type << " " << name << "[] TINYC_FLASH = {";
    for (int i = 0; i < count; ++i) h << value(i) << (i % 16 == 15 ? ",\n" : ", ");
    h << "};\n";
  };
  // a stretch of least weights: with least inputs, the greatest sums that 24 bits must hold
  table("int8_t", "weights", kWeights, [&](int i) { return i < 2200 ? -128 : r.in(-128, 127); });
  // each ninth channel near the end of 24 bits after its multiplier, each ninth with ties in the rounding
  table("int32_t", "biases", kChannels, [&](int i) {
    const std::int64_t wide = r.in(-2147483647, 2147483647), narrow = r.in(-300000, 300000), edge = r.in(0, 1200);
    return std::to_string(i % 9 == 0   ? wide
                          : i % 9 == 1 ? wide / 128
                          : i % 9 == 2 ? (i % 2 ? 16777216 - edge : edge - 16777216)
                          : i % 9 == 3 ? edge - 600
                                       : narrow);
  });
  table("int32_t", "multipliers", kChannels, [&](int i) {
    return i % 23 == 0 ? 0 : i % 9 == 2 ? 2147483647 : i % 9 == 3 ? 1 << 30 : r.in(1 << 30, 2147483647);
  });
  table("int8_t", "shifts", kChannels, [&](int i) {
    return i % 9 == 2 ? -2 : i % 9 == 3 ? -2 - i % 5 : i % 7 ? r.in(-15, -2) : i % 14 ? r.in(-31, -16) : r.in(-1, 8);
  });
  const fs::path dir = scratch_folder("filters_avr"), root = TINYC_SOURCE_DIR, boards = root / "tests/mcu/boards";
  write_file(dir / "filters.h", h.str());
  const std::string cd = "cd " + dir.string() + " && ",
                    cc = "avr-gcc -mmcu=atmega328p -Os -Wall -Wextra -Werror -ffunction-sections -fdata-sections "
                         "-Wl,--gc-sections -I. -I" +
                         boards.string() + " -I" + (root / "include/tinyc_rt").string() + " ",
                    rt = (root / "src/rt").string();
  REQUIRE(shell(cd + cc + "-std=gnu11 " + (boards / "filters_avr.c").string() + " " + (boards / "avr.c").string() +
                " " + rt + "/tinyc_filters.c " + rt + "/tinyc_filters_avr.c " + rt + "/tinyc_depthwise_conv_2d_avr.c " +
                rt +
                "/tinyc_avr.c -o filters.elf && timeout 300 simavr -m atmega328p -f "
                "16000000 filters.elf > out.txt 2>&1; grep -q 'all equal' out.txt") == 0);
}
