// tinyc trace: which layer a dump gets wrong first, and what it takes for the cause.
#include "pipeline/trace.h"

#include <nlohmann/json.hpp>

#include "catch.h"
#include "oracle/small_programs.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"

namespace tinyc {
namespace {

const Bytes& sample() {
  static const Bytes bytes = [] {
    Bytes b(192);
    for (std::size_t i = 0; i < b.size(); ++i) b[i] = static_cast<std::uint8_t>(i * 37 + 11);
    return b;
  }();
  return bytes;
}

struct Device {
  std::uint32_t arena = 0x20000010;
  Bytes input = sample();
  int dump = -1;  ///< the layer whose bytes are printed
  bool dump_input = false;
  std::string prefix = "", end = "\n";
  int overwrites = -1;  ///< the arena is written to behind this layer
};

std::string hex(std::uint32_t v, int digits) {
  char text[12];
  std::snprintf(text, sizeof text, "%0*x", digits, v);
  return text;
}

/// What tinyc_trace.h would print.
std::string dump(const Program& p, const Device& d) {
  const ProgramExecutor e(p);
  auto state = e.make_state();
  std::string out = "booting" + d.end;
  const auto line = [&](const std::string& what, std::span<const std::uint8_t> bytes, std::uint32_t offset, bool all) {
    out += d.prefix + "tinyc: " + what + " bytes " + std::to_string(bytes.size()) + " hash " +
           hex(trace_hash(bytes), 8) + " at " + hex(d.arena + offset, 8) + d.end;
    for (std::size_t i = 0; all && i < bytes.size(); ++i) {
      if (i % 32 == 0) out += d.prefix + "tinyc: + ";
      out += hex(bytes[i], 2);
      if (i % 32 == 31 || i + 1 == bytes.size()) out += d.end;
    }
  };
  std::ranges::copy(d.input, e.input(state, 0).begin());
  line("input", d.input, p.values[static_cast<std::size_t>(p.inputs[0])].offset, d.dump_input);
  e.run(state, [&](std::size_t i, std::span<const std::int8_t> o) {
    const Bytes bytes(o.begin(), o.end());
    const auto at = p.layers[i].record.out;
    line("layer " + std::to_string(i), bytes, at, static_cast<int>(i) == d.dump);
    if (static_cast<int>(i) == d.overwrites) state.arena[at] ^= 0x40;
  });
  return out;
}

TraceReport compare(const std::string& text, const std::vector<Bytes>& inputs = {sample()}) {
  return compare_trace(oracle::small_program(), parse_trace(text, "dump.txt"), inputs);
}

bool mentions(const TraceReport& r, const std::string& part) {
  for (const auto& cause : r.causes)
    if (cause.find(part) != std::string::npos) return true;
  return false;
}

/// The number of the raw layer whose weights `p` then has damaged.
std::size_t flip_weight(Program& p) {
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    const Layer& l = p.layers[i];
    if (l.weights < 0 || l.codec >= 0 || l.op == OpKind::tanh) continue;
    p.blobs[static_cast<std::size_t>(l.weights)].bytes[5] ^= 0x40;
    return i;
  }
  return p.layers.size();
}

TEST_CASE("trace: a sound device, whatever its log adds") {
  const Program p = oracle::small_program();
  for (const Device& d :
       {Device{}, Device{.prefix = "[00:01.2] <inf> ", .end = "\r\n"}, Device{.dump = 2, .dump_input = true}}) {
    const TraceReport r = compare(dump(p, d));
    CHECK(r.first_bad == -1);
    CHECK(r.causes.empty());
    CHECK(to_text(p, r).find("all layers are the same on the device\n") != std::string::npos);
  }
  // of several inferences the first counts
  CHECK(compare(dump(p, {}) + dump(p, {.input = Bytes(192)})).first_bad == -1);
}

TEST_CASE("trace: one flipped weight names its layer, and its channel where the bytes were dumped") {
  Program p = oracle::small_program();
  const std::size_t layer = flip_weight(p);
  REQUIRE(layer < p.layers.size());
  const TraceReport r = compare(dump(p, {}));
  CHECK(r.first_bad == static_cast<int>(layer));
  REQUIRE_FALSE(r.causes.empty());
  CHECK(r.causes[0].find("the weights or parameters of layer " + std::to_string(layer)) == 0);
  CHECK(mentions(r, "-DTINYC_TRACE_DUMP=" + std::to_string(layer)));
  for (std::size_t i = 0; i < layer; ++i) CHECK(r.layers[i].state != TraceReport::State::differs);

  const TraceReport with_bytes = compare(dump(p, {.dump = static_cast<int>(layer)}));
  CHECK(with_bytes.causes[0].find("the weights or parameters of layer " + std::to_string(layer)) == 0);
  CHECK(with_bytes.layers[layer].how.find(", all in channel ") != std::string::npos);
  CHECK_FALSE(mentions(with_bytes, "TINYC_TRACE_DUMP"));
}

TEST_CASE("trace: memory that something else writes is not taken for a weight") {
  const Program p = oracle::small_program();
  // the first layer's output is overwritten once it is complete: what reads it goes wrong, and it itself was right
  const TraceReport r = compare(dump(p, {.overwrites = 0}));
  CHECK(r.first_bad == 1);
  CHECK(mentions(r, "something else writes to the arena"));
  // it is read twice: by the layer after it and by the shortcut, so that two layers are wrong by themselves
  const TraceReport exact = compare(dump(p, {.dump = 1, .overwrites = 0}));
  CHECK(exact.causes[0].find("not one weight, but memory") != std::string::npos);
}

TEST_CASE("trace: an arena that is not aligned") {
  const Program p = oracle::small_program();
  const std::string text = dump(p, {.arena = 0x20000013});
  const TraceReport whole = compare(text);
  CHECK(whole.first_bad == -1);  // this core did not mind
  REQUIRE(whole.causes.size() == 1);
  CHECK(whole.causes[0].find("the arena begins at 0x20000013, which is no multiple of 16") == 0);
  // and this one stopped
  const TraceReport cut = compare(text.substr(0, text.find("tinyc: layer 2")));
  CHECK(cut.first_bad == 2);
  CHECK(cut.causes[0].find("the arena begins at 0x20000013") == 0);
}

TEST_CASE("trace: a run that ends early") {
  const Program p = oracle::small_program();
  const std::string text = dump(p, {});
  const TraceReport r = compare(text.substr(0, text.find("tinyc: layer 2")));
  CHECK(r.first_bad == 2);
  CHECK(r.layers[2].state == TraceReport::State::missing);
  CHECK(mentions(r, "a fault or a reset in layer 2"));
  CHECK(mentions(r, "returned an error in layer 2") == (p.layers[2].codec >= 0));
  CHECK(to_text(p, r).find("first layer that is missing: 2 ") != std::string::npos);
}

TEST_CASE("trace: another input") {
  const Program p = oracle::small_program();
  const TraceReport r = compare(dump(p, {.input = Bytes(192, 3)}));
  CHECK(r.first_bad == 0);
  REQUIRE(r.causes.size() == 1);
  CHECK(r.causes[0].find("the device was given another input") == 0);
  // with its bytes the layers can be judged all the same
  const TraceReport known = compare(dump(p, {.input = Bytes(192, 3), .dump_input = true}));
  CHECK(known.first_bad == -1);
  CHECK(known.causes.size() == 1);
  CHECK(compare(dump(p, {.input = Bytes(192, 3), .dump_input = true}), {}).causes.empty());
  CHECK_THROWS_WITH(compare(dump(p, {}), {}), "neither the dump nor --input says what the device was given");
}

TEST_CASE("trace: another model, or another plan of the arena") {
  Program p = oracle::small_program();
  std::string text = dump(p, {});
  for (const auto& [from, to] : {std::pair{"tinyc: layer 0", "tinyc: layer 90"}, {"bytes 192", "bytes 193"}}) {
    std::string other = text;
    other.replace(other.find(from), std::string(from).size(), to);
    CHECK(mentions(compare(other), "another model, or another compression"));
  }
  const auto at = text.find(" at ", text.find("layer 1"));
  text.replace(at + 4, 8, "20004444");
  CHECK(mentions(compare(text), "another model, or another compression"));
}

TEST_CASE("trace: dumps that cannot be read") {
  const std::string good = dump(oracle::small_program(), {.dump = 0});
  CHECK_THROWS_WITH(parse_trace("hello\n", "dump.txt"), "'dump.txt' holds no line of tinyc_trace.h");
  std::string lost = good;
  lost.erase(lost.find(" hash "), 6);
  CHECK_THROWS_WITH(parse_trace(lost, "dump.txt"), "'dump.txt' line 2 is damaged");
  std::string garbled = good;
  garbled[garbled.find("+ ") + 3] = 'z';
  CHECK_THROWS_AS(parse_trace(garbled, "dump.txt"), Error);
  std::string changed = good;
  char& digit = changed[changed.find("+ ") + 3];
  digit = digit == '0' ? '1' : '0';
  CHECK_THROWS_WITH(parse_trace(changed, "dump.txt"),
                    "'dump.txt': the bytes of layer 0 are not those that its line counts");
}

TEST_CASE("trace: the answer as JSON") {
  Program p = oracle::small_program();
  const std::size_t layer = flip_weight(p);
  const auto j = nlohmann::json::parse(to_json(p, compare(dump(p, {}))));
  CHECK(j["status"] == "failed");
  CHECK(j["first_bad"] == layer);
  CHECK(j["layers"].size() == p.layers.size());
  CHECK(j["layers"][layer]["state"] == "differs");
  CHECK(j["layers"][layer]["host"] != j["layers"][layer]["device"]);
  CHECK(nlohmann::json::parse(to_json(p, compare(dump(oracle::small_program(), {}))))["status"] == "ok");
}

}  // namespace
}  // namespace tinyc
