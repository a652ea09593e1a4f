// Channel pruning as part of the whole job.
#include <algorithm>
#include <cmath>

#include "catch.h"
#include "pipeline/compress.h"
#include "tinyc/channel_groups.h"
#include "tinyc/text.h"

using namespace tinyc;

namespace {

const char* const kNet =
    "%x = input f32[1,8,8,3]\n%a = conv_2d(%x, random(1) f32[16,3,3,3], random(2) f32[16]) act=relu\n"
    "%b = conv_2d(%a, random(3) f32[16,1,1,16], random(4) f32[16])\n%s = add(%a, %b) act=relu\n"
    "%m = mean(%s) axes=[1,2]\n%y = fully_connected(%m, random(5) f32[4,16], random(6) f32[4])\noutput %y\n";

Compressed compressed(float fraction, const Dataset* calibration) {
  Import model;
  model.graph = parse(kNet);
  CompressSettings s;
  s.int8 = true;
  s.pass_options.prune_channels = {fraction, PassOptions::PruneChannels::Of::macs};
  return compress({&model, calibration, nullptr}, s);
}

const PassRecord* record_of(const Compressed& c) {
  const auto& passes = c.report.passes;
  const auto at = std::ranges::find(passes, "prune_channels", &PassRecord::name);
  return at == passes.end() ? nullptr : &*at;
}

}  // namespace

TEST_CASE("channels are pruned when asked for, and the record says how many", "[prune_channels]") {
  const Graph g = parse(kNet);
  const Dataset samples = synthetic_dataset(g, 16, 3);
  CHECK(record_of(compressed(0, &samples)) == nullptr);
  const Compressed c = compressed(0.5f, &samples);
  REQUIRE(record_of(c) != nullptr);
  CHECK(record_of(c)->changed);
  CHECK(channel_cost(c.graph, PassOptions::PruneChannels::Of::macs) * 2 <=
        channel_cost(g, PassOptions::PruneChannels::Of::macs));
  const auto& notes = record_of(c)->notes;
  REQUIRE(notes.size() == 4);
  CHECK(notes[0].starts_with("24832 -> "));
  CHECK(notes[0].find("MACs (") != std::string::npos);
  CHECK(notes[0].find("752 -> ") != std::string::npos);
  CHECK(notes[1].starts_with("a: 16 -> "));
}

TEST_CASE("made-up samples say nothing about importance: weights alone decide", "[prune_channels]") {
  const Graph g = parse(kNet);
  const Dataset samples = synthetic_dataset(g, 16, 3);
  const auto pruned = [&](const Dataset* d, bool made_up) {
    PassOptions o;
    o.prune_channels = {0.3f, PassOptions::PruneChannels::Of::macs};
    o.calibration = d;
    o.made_up_samples = made_up;
    Graph p = g;
    find_pass("prune_channels")->run(p, o);
    return p;
  };
  const Graph alone = pruned(nullptr, false);
  CHECK(pruned(&samples, true) == alone);
  CHECK_FALSE(pruned(&samples, false) == alone);
  // compress without calibration data is that case: its weights are slices of the original ones, not adjusted
  const auto scales = [](const Compressed& c) { return c.graph.at(c.graph.nodes.back().inputs[1]).quant->scale; };
  float largest = 0;
  for (const float w : alone.at(alone.nodes.back().inputs[1]).as<float>()) largest = std::max(largest, std::fabs(w));
  const auto without = scales(compressed(0.3f, nullptr));
  CHECK(*std::ranges::max_element(without) == largest / 127);
  CHECK(scales(compressed(0.3f, &samples)) != without);
}
