// Kernels of every instruction set on their own emulated core: random single layers, lowered for the core's family with
// and without room for speed, against the operators' definitions.
//
// A program (boards/layers.c) reads the layers from a file, so that thousands need one build and one run. TINYC_LAYERS:
// how many for each operator, 200 by default.
#include <algorithm>
#include <cstring>
#include <sstream>

#include "catch.h"
#include "mcu/cores.h"
#include "oracle/conv_2d.h"
#include "oracle/depthwise_conv_2d.h"
#include "oracle/fully_connected.h"
#include "pipeline/targets.h"

using namespace tinyc;
using namespace oracle;
namespace fs = std::filesystem;

namespace {

// Shapes that reach every path of the special kernels: channels in words and not, one to many quads of pixels, borders.
std::int32_t channels(Random& r, std::int32_t largest) {
  return r.in(0, 2) ? 4 * r.in(1, largest / 4) : r.in(1, largest);
}

WeightedCase random_conv(Random& r) {
  const bool point = r.in(0, 2) == 0;
  const std::int32_t kh = point ? 1 : r.in(1, 4), kw = point ? 1 : r.in(1, 4), groups = r.in(0, 5) == 0 ? 2 : 1;
  const std::int32_t ic = channels(r, point ? 72 : 20), oc = groups * (r.in(0, 1) ? 2 * r.in(1, 12) : r.in(1, 20));
  Conv2D o;
  o.stride = {r.in(1, 2), r.in(1, 2)};
  if (r.in(0, 4) == 0) o.dilation = {r.in(1, 2), r.in(1, 2)};
  if (r.in(0, 2) && !point) o.pad = {r.in(0, 2), r.in(0, 2), r.in(0, 2), r.in(0, 2)};
  o.act = static_cast<Act>(r.in(0, 3));
  WeightedCase c;
  c.op = o;
  randomize(r, c,
            {r.in(0, 5) ? 1 : 2, r.in(0, 6) + (kh - 1) * o.dilation.h + 1, r.in(0, 9) + (kw - 1) * o.dilation.w + 1,
             ic * groups},
            {oc, kh, kw, ic}, oc, 0, kh * kw * ic, false);
  return c;
}

WeightedCase random_depthwise(Random& r) {
  const std::int32_t ic = channels(r, 24), multiplier = r.in(0, 3) ? 1 : r.in(2, 5), k = r.in(0, 5) ? 3 : r.in(1, 5);
  DepthwiseConv2D o;
  o.stride = {r.in(1, 2), r.in(1, 2)};
  if (r.in(0, 5) == 0) o.dilation = {r.in(1, 2), r.in(1, 2)};
  if (r.in(0, 3)) o.pad = {r.in(0, 2), r.in(0, 2), r.in(0, 2), r.in(0, 2)};
  o.act = static_cast<Act>(r.in(0, 4) ? 0 : r.in(1, 3));
  WeightedCase c;
  c.op = o;
  randomize(
      r, c,
      {r.in(0, 5) ? 1 : 2, r.in(0, 12) + (k - 1) * o.dilation.h + 1, r.in(0, 12) + (k - 1) * o.dilation.w + 1, ic},
      {1, k, k, ic * multiplier}, ic * multiplier, 3, k * k, false);
  return c;
}

WeightedCase random_fully_connected(Random& r) {
  const std::int32_t in = channels(r, r.in(0, 3) ? 80 : 640), out = r.in(1, 21);
  WeightedCase c;
  c.op = FullyConnected{false, static_cast<Act>(r.in(0, 3))};
  randomize(r, c, {r.in(0, 2) ? 1 : r.in(2, 4), in}, {out, in}, out, 0, in, false);
  return c;
}

/// Makes a third of the layers sparse enough for a list: most blocks of four channels, or most weights, are zero.
void thin(Random& r, WeightedCase& c) {
  if (r.in(0, 2)) return;
  c.coded = false;
  const auto row = static_cast<std::size_t>(c.w.shape.back()), block = std::size_t{r.in(0, 2) ? 4u : 1u};
  const int rarity = r.in(2, 20);
  for (std::size_t first = 0; first < c.w.values.size(); first += row)
    for (std::size_t i = 0; i < row; i += block)
      if (r.in(0, rarity))
        for (std::size_t k = i; k < std::min(i + block, row); ++k) c.w.values[first + k] = 0;
}

struct Case {
  WeightedCase layer;
  Int8s expected;
};

std::vector<Case> random_cases(std::size_t count) {
  Random r(2026);
  std::vector<Case> cases;
  const auto add = [&](WeightedCase c, auto definition) {
    thin(r, c);
    if (r.in(0, 3) == 0) c.in.zero_point = -128;
    if (r.in(0, 3) == 0) c.out.zero_point = r.in(0, 1) ? -128 : 127;
    const Shape y = graph_of(c).at(graph_of(c).outputs[0]).shape;
    cases.push_back({c, definition(c, y)});
  };
  for (std::size_t i = 0; i < count; ++i) {
    add(random_conv(r), [](const WeightedCase& c, const Shape& y) { return conv_2d(c, y, false); });
    add(random_depthwise(r), [](const WeightedCase& c, const Shape& y) { return depthwise_conv_2d(c, y, false); });
    add(random_fully_connected(r), [](const WeightedCase& c, const Shape& y) { return fully_connected(c, y); });
  }
  return cases;
}

/// A layer as it is for bands of one row: kernels that spare RAM, and those for short rows.
Program lower_for_rows(const Graph& g, Family family) {
  Program p;
  ProgramBuilder builder(g, p, {family, false, true});
  builder.set_room(0, false, 1);
  p.inputs.push_back(builder.value(g.inputs[0]));
  traits(g.nodes[0].op).lower(g, g.nodes[0], builder);
  p.outputs.push_back(builder.value(g.outputs[0]));
  plan(p);
  return p;
}

/// The file that boards/layers.c reads.
class LayersFile {
 public:
  void add(const Case& c, const LowerOptions& options) {
    constexpr std::uint32_t kMargin = 16;
    const Program p =
        options.rows ? lower_for_rows(graph_of(c.layer), options.family) : lower(graph_of(c.layer), options);
    const Layer& l = p.layers.at(0);
    tinyc_layer record = l.record;
    for (auto* offset : {&record.in0, &record.out, &record.scratch}) *offset += kMargin;
    const auto [kernel, fresh] = kernels_.try_emplace(l.kernel->symbol, kernels_.size());
    if (fresh) names_.push_back(kernel->first);
    const auto blob = [&](BlobId id) { return id < 0 ? Bytes() : p.blobs[static_cast<std::size_t>(id)].bytes; };
    const std::size_t numbers = offsetof(tinyc_layer, block) + sizeof record.block - offsetof(tinyc_layer, in0);
    const std::vector<Bytes> parts{
        bytes(reinterpret_cast<const std::uint8_t*>(&record) + offsetof(tinyc_layer, in0), numbers),
        blob(l.weights),
        blob(l.codec),
        blob(l.bias),
        blob(l.mult),
        blob(l.shift),
        bytes(c.layer.x.values.data(), c.layer.x.values.size()),
        bytes(c.expected.values.data(), c.expected.values.size())};
    std::uint32_t total = 0;
    for (const Bytes& b : parts) total += padded(b.size());
    const auto size = [&](std::size_t i) { return static_cast<std::uint32_t>(parts[i].size()); };
    for (const std::uint32_t v : {total, static_cast<std::uint32_t>(kernel->second), size(1), size(2), size(3), size(4),
                                  size(5), p.arena_bytes + 2 * kMargin, size(6), l.scratch_bytes, size(0)})
      append(&v, sizeof v);
    for (const Bytes& b : parts) {
      append(b.data(), b.size());
      text_.resize(text_.size() + padded(b.size()) - b.size());
    }
  }
  void write(const fs::path& dir) const {
    std::string file = text_;
    file.resize(file.size() + 4 * 11);  // no more
    write_file(dir / "layers.bin", file);
    std::string header = "#include \"tinyc_rt.h\"\n";
    for (const auto& n : names_) header += "int " + n + "(const tinyc_layer*, uint8_t*);\n";
    header += "static const tinyc_kernel kernels[] = {";
    for (const auto& n : names_) header += n + ", ";
    write_file(dir / "layers.h", header + "};\n");
  }
  const std::vector<std::string>& kernels() const { return names_; }

 private:
  static std::uint32_t padded(std::size_t n) { return static_cast<std::uint32_t>((n + 15) / 16 * 16); }
  static Bytes bytes(const void* from, std::size_t count) {
    const auto* first = static_cast<const std::uint8_t*>(from);
    return {first, first + count};
  }
  void append(const void* from, std::size_t count) { text_.append(static_cast<const char*>(from), count); }
  std::string text_;
  std::map<std::string, std::size_t> kernels_;
  std::vector<std::string> names_;
};

}  // namespace

TEST_CASE("programs for every family run on the host, with the same outputs") {
  for (const Case& c : random_cases(200))
    for (const Family family : {Family::portable, Family::pair, Family::dsp, Family::mve})
      for (const bool fast : {false, true}) {
        CAPTURE(static_cast<int>(family), fast, to_string(c.layer.x.shape), to_string(c.layer.w.shape));
        REQUIRE(run_int8(graph_of(c.layer), {{c.layer.x, c.layer.in}}, {family, fast}) == c.expected);
      }
}

TEST_CASE("random layers equal their definitions on the cores that special kernels are for") {
  const char* wanted = std::getenv("TINYC_LAYERS");
  const std::vector<Case> cases = random_cases(wanted ? std::strtoul(wanted, nullptr, 10) : 200);
  const fs::path boards = fs::path(TINYC_SOURCE_DIR) / "tests/mcu/boards";
  for (const Core& core : kCores) {
    DYNAMIC_SECTION(core.name) {
      const std::string run = core.run, emulator = run.substr(0, run.find(' ')), cc = core.cc;
      if (!installed(cc) || !installed(emulator)) {
        WARN("skipped " << core.name << ": " << cc << " or " << emulator << " is not installed");
        continue;
      }
      const fs::path dir = scratch_folder(std::string("layers_") + core.name);
      LayersFile file;
      const Family family = find_target(core.name)->family;
      for (std::size_t i = 0; i < cases.size(); ++i) file.add(cases[i], {family, i / 3 % 3 == 1, i / 3 % 3 == 2});
      file.write(dir);
      const std::string suffix = family == Family::dsp ? "_dsp" : family == Family::mve ? "_mve" : "";
      for (const char* stem : {"tinyc_conv_2d", "tinyc_depthwise_conv_2d", "tinyc_fully_connected"})
        CHECK(std::ranges::count(file.kernels(), stem + suffix) == 1);  // else the special kernels would not be tested
      for (const char* kernel : {"tinyc_conv_2d_narrow_dsp", "tinyc_conv_2d_rest_dsp",
                                 "tinyc_depthwise_conv_2d_row_dsp", "tinyc_depthwise_conv_2d_taps_dsp"})
        CHECK(std::ranges::count(file.kernels(), kernel) == (family == Family::dsp ? 1 : 0));
      for (const char* stem : {"tinyc_conv_2d_list", "tinyc_fully_connected_list"}) {
        if (family != Family::mve)  // vectors are faster than all but the shortest lists
          CHECK(std::ranges::count(file.kernels(), stem) == 1);
        CHECK(std::ranges::count(file.kernels(), std::string(stem) + "_dsp") == (family == Family::dsp ? 1 : 0));
      }
      write_runtime(dir);
      const std::string flags = std::string(core.flags) +
                                " -O2 -ffunction-sections -fdata-sections -Wall -Wextra -Werror -I. -I" +
                                boards.string();
      const std::string cd = "cd " + dir.string() + " && ";
      REQUIRE(shell(cd + cc + " " + flags + " -std=c99 -c all_rt.c && " + cc + " " + flags + " -std=gnu11 -c " +
                    (boards / "layers.c").string() + " " + (boards / core.board).string()) == 0);
      REQUIRE(shell(cd + cc + " " + flags + " -nostartfiles " + (cc[0] == 'a' ? "--specs=nano.specs" : "") +
                    " -Wl,--gc-sections " + core.memory + " -T " + (boards / "board.ld").string() +
                    " *.o -o layers.elf") == 0);
      const std::string seconds = std::to_string(600 + cases.size() / 5);
      CHECK(shell(cd + "timeout " + seconds + " " + run + kQemuTail + "layers.elf") == 0);
      fs::remove_all(dir);
    }
  }
}
