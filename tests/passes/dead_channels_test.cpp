// eliminate_dead_channels on random networks: whatever it removes, outputs stay.
#include "outputs.h"
#include "random_net.h"
#include "tinyc/dataset.h"
#include "tinyc/pass.h"
#include "tinyc/text.h"

using namespace tinyc;

namespace {

std::size_t channels(const Graph& g) {
  std::size_t total = 0;
  for (const Node& n : g.nodes) total += static_cast<std::size_t>(g.at(n.outputs[0]).shape.back());
  return total;
}

}  // namespace

TEST_CASE("random float networks keep their outputs without dead channels") {
  std::size_t before = 0, after = 0, compared = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    const Graph original = RandomNet(seed, seed % 4 ? RandomNet::Kind::dead : RandomNet::Kind::dead_any).take();
    if (!depends_on_inputs(original)) continue;
    INFO("seed " << seed);
    Graph g = original;
    find_pass("eliminate_dead_channels")->run(g, {});
    REQUIRE_NOTHROW(verify(g));
    check_same_outputs(original, g, seed);
    before += channels(original);
    after += channels(g);
    ++compared;
  }
  CHECK(compared > 150);
  CHECK(after < before * 9 / 10);
}

TEST_CASE("random int8 networks keep every output integer without dead channels") {
  std::size_t before = 0, after = 0, compared = 0;
  for (unsigned seed = 1000; seed < 1300; ++seed) {
    Graph original = RandomNet(seed, seed % 4 ? RandomNet::Kind::dead : RandomNet::Kind::dead_any).take();
    const Dataset samples = synthetic_dataset(original, 4, seed);
    PassOptions options;
    options.calibration = &samples;
    find_pass("calibrate")->run(original, options);
    find_pass("quantize_int8")->run(original, options);
    verify(original);
    if (!depends_on_inputs(original)) continue;
    INFO("seed " << seed);
    Graph g = original;
    find_pass("eliminate_dead_channels")->run(g, {});
    REQUIRE_NOTHROW(verify(g));
    check_same_outputs(original, g, seed);
    before += channels(original);
    after += channels(g);
    ++compared;
  }
  CHECK(compared > 100);
  CHECK(after < before * 9 / 10);
}

TEST_CASE("weights below 1e-20 count as zero, absolutely and against the layer's largest",
          "[eliminate_dead_channels]") {
  const auto removed = [](const std::string& largest, const std::string& smallest) {
    Graph g = parse(
        "%x = input f32[1,2]\n%a = fully_connected(%x, f32[2,2] [1, 2, 3, 4])\n%y = fully_connected(%a, f32[1,2] [" +
        largest + ", " + smallest + "])\noutput %y\n");
    find_pass("eliminate_dead_channels")->run(g, {});
    return g.at(g.nodes.at(0).outputs.at(0)).shape == Shape{1, 1};
  };
  for (const char* largest : {"1", "1000"}) {
    CHECK(removed(largest, "0.5e-20"));
    CHECK(removed(largest, "-0.5e-20"));
    CHECK_FALSE(removed(largest, "2e-20"));
    CHECK_FALSE(removed(largest, "-2e-20"));
  }
  CHECK(removed("1e-10", "0.5e-30"));
  CHECK_FALSE(removed("1e-10", "2e-30"));
  CHECK(removed("-1e-10", "0.5e-30"));
  CHECK_FALSE(removed("-1e-10", "-2e-30"));
}
