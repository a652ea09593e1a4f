#include "emit/selftest.h"

#include <algorithm>
#include <cstring>

#include "emit/c_text.h"
#include "tinyc/executor.h"

namespace tinyc {
namespace {

std::string golden(const char* what, std::size_t k, Bytes bytes) {
  const Blob b{Blob::Kind::params, Blob::Type::i8, "", std::move(bytes)};
  return "static const int8_t golden_" + std::string(what) + std::to_string(k) + "[" +
         std::to_string(std::max<std::size_t>(1, b.bytes.size())) + "] TINYC_FLASH = {\n" +
         (b.bytes.empty() ? "0" : c_elements(b)) + "\n};\n";
}

// @i@: number of the input or output; @k@: the same in macros, where the first has none.
std::string of_number(const char* text, std::size_t i) {
  const std::string number = std::to_string(i);
  return filled(text, {{"@i@", number}, {"@k@", i ? number : ""}});
}

constexpr const char* kFill = "  tinyc_load(@n@_input(arena, @i@), golden_input@i@, @N@_INPUT@k@_SIZE, 1);\n";

constexpr const char* kCompare = R"(  for (k = 0; k < @N@_OUTPUT@k@_SIZE; ++k)
    if (@n@_output(arena, @i@)[k] != tinyc_ld8(golden_output@i@ + k)) return @N@_NUM_LAYERS;
)";

// Layers are run one by one and not through tinyc_run: so each can be judged without -DTINYC_TRACE.
constexpr const char* kLayers = R"(  for (i = 0; i < @N@_NUM_LAYERS; ++i) {
    tinyc_layer l;
    uint32_t hash = 2166136261u; /* FNV-1a */
    @run@    for (k = 0; k < l.out_bytes; ++k) hash = (hash ^ arena[l.out + k]) * 16777619u;
    if (l.out_bytes > 0 && hash != (uint32_t)tinyc_ld32(golden_hashes + i)) return i + 1;
  }
)";

constexpr const char* kRunLayer = R"(tinyc_load(&l, &layers[i], sizeof l, 1);
    if (l.run(&l, arena) != TINYC_OK) return i + 1;
)";
// Of layers that run row by row, the last one's output is whole in the end.
constexpr const char* kRunGroup = R"(if (i == tinyc_ld16(group)) {
      const int first = i, count = tinyc_ld16(group + 1);
      if (tinyc_run_group(layers, group, arena) != TINYC_OK) return first + 1;
      group += TINYC_ROWS_GROUP + TINYC_ROWS_NUMBERS * count;
      i += count - 1;
      tinyc_load(&l, &layers[i], sizeof l, 1);
    } else {
      tinyc_load(&l, &layers[i], sizeof l, 1);
      if (l.run(&l, arena) != TINYC_OK) return i + 1;
    }
)";

}  // namespace

std::string selftest_function(const Program& p, const std::vector<Bytes>& inputs) {
  const ProgramExecutor executor(p);
  auto state = executor.make_state();
  for (std::size_t k = 0; k < inputs.size(); ++k) std::ranges::copy(inputs[k], executor.input(state, k).begin());
  Blob hashes{Blob::Kind::params, Blob::Type::i32, "", Bytes(4 * p.layers.size())};
  executor.run(state, [&](std::size_t layer, std::span<const std::int8_t> out) {
    std::uint32_t hash = 2166136261u;
    for (const std::int8_t v : out) hash = (hash ^ static_cast<std::uint8_t>(v)) * 16777619u;
    std::memcpy(hashes.bytes.data() + 4 * layer, &hash, 4);
  });

  std::string out =
      "\n/* What @n@_selftest repeats: inputs, outputs, and hashes of what each complete layer gives. */\n";
  std::string fill, compare;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    out += golden("input", k, inputs[k]);
    fill += of_number(kFill, k);
  }
  for (std::size_t k = 0; k < p.outputs.size(); ++k) {
    const auto bytes = executor.output(state, k);
    out += golden("output", k, {bytes.begin(), bytes.end()});
    compare += of_number(kCompare, k);
  }
  const bool any = !p.layers.empty();
  if (any)
    out += "static const int32_t golden_hashes[@N@_NUM_LAYERS] TINYC_FLASH = {\n" + c_elements(hashes) + "\n};\n";
  return out + "\nint @n@_selftest(uint8_t *arena) {\n" + (any ? "  int i;\n" : "") +
         (p.rows.empty() ? "" : "  const int16_t *group = rows;\n") + "  uint32_t k;\n" + fill +
         (any ? filled(kLayers, {{"@run@", std::string(p.rows.empty() ? kRunLayer : kRunGroup)}}) : "") + compare +
         "  return 0;\n}\n";
}

}  // namespace tinyc
