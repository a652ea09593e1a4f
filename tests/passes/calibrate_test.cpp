// Calibration by hand: samples whose histograms have an answer that can be worked out on paper.
#include <cmath>
#include <cstring>
#include <limits>

#include "catch.h"
#include "tinyc/error.h"
#include "tinyc/parallel.h"
#include "tinyc/pass.h"
#include "tinyc/text.h"

using namespace tinyc;

namespace {

using Method = PassOptions::CalibMethod;

Dataset samples(const std::vector<std::vector<float>>& rows) {
  Array a;
  a.name = "x";
  a.shape = {static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(rows.at(0).size())};
  for (const auto& row : rows) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(row.data());
    a.data.insert(a.data.end(), bytes, bytes + row.size() * sizeof(float));
  }
  Dataset d;
  d.inputs.push_back(std::move(a));
  return d;
}

/// Ranges of x and of y = -x, whose histogram is the mirror image.
std::vector<Range> ranges(const std::vector<std::vector<float>>& rows, PassOptions o) {
  Graph g = parse("%x = input f32[1," + std::to_string(rows[0].size()) + "] %y = neg(%x) output %y");
  const Dataset d = samples(rows);
  o.calibration = &d;
  find_pass("calibrate")->run(g, o);
  return {*g.at(g.inputs[0]).range, *g.at(g.outputs[0]).range};
}

void check(const std::vector<float>& x, PassOptions o, float min, float max) {
  const auto r = ranges({x}, o);
  CHECK(r[0].min == min);
  CHECK(r[0].max == max);
  CHECK(r[1].min == -max);
  CHECK(r[1].max == -min);
}

PassOptions with(Method m, float percentile = 99) {
  PassOptions o;
  o.calib_method = m;
  o.percentile = percentile;
  return o;
}

}  // namespace

TEST_CASE("calibrate: the extreme values of all samples, whatever the number of threads", "[calibrate]") {
  for (const int threads : {1, 3}) {
    set_thread_count(threads);
    std::vector<std::vector<float>> rows;
    for (int i = 0; i < 40; ++i) rows.push_back({0.5f, 1.0f + static_cast<float>(i)});
    rows[17][0] = -8;
    const auto all = ranges(rows, {});
    CHECK(all[0].min == -8);
    CHECK(all[0].max == 40);
    CHECK(all[1].min == -40);
    PassOptions few;
    few.calibration_samples = 17;
    CHECK(ranges(rows, few)[0].min == 0.5f);
    CHECK(ranges(rows, few)[0].max == 17);
    few.calibration_samples = 18;
    CHECK(ranges(rows, few)[0].min == -8);
    few.calibration_samples = 1000;
    CHECK(ranges(rows, few)[0].max == 40);
  }
  set_thread_count(0);
}

TEST_CASE("calibrate: a constant activation keeps its value under every method", "[calibrate]") {
  for (const Method m : {Method::minmax, Method::percentile, Method::mse, Method::kl}) check({2, 2, 2}, with(m), 2, 2);
}

TEST_CASE("calibrate refuses no samples, NaN and infinity", "[calibrate]") {
  const float inf = std::numeric_limits<float>::infinity();
  for (const float bad : {std::nanf(""), inf, -inf})
    for (const Method m : {Method::minmax, Method::percentile}) try {
        ranges({{0, 1}, {1, bad}}, with(m));
        FAIL("accepted");
      } catch (const Error& e) {
        CHECK(e.kind() == ErrorKind::data);
        CHECK(std::string(e.what()).find("'x'") != std::string::npos);
      }
  Graph g = parse("%x = input f32[1,2] %y = neg(%x) output %y");
  CHECK_THROWS_AS(find_pass("calibrate")->run(g, {}), Error);
  const Dataset none;
  PassOptions o;
  o.calibration = &none;
  CHECK_THROWS_AS(find_pass("calibrate")->run(g, o), Error);
}

TEST_CASE("calibrate: percentile cuts whole bins that hold at most half the tail each", "[calibrate]") {
  std::vector<float> x;  // one value a bin of width 1
  for (int b = 0; b < 2048; ++b) x.push_back(static_cast<float>(b) + 0.5f);
  x[0] = 0, x[2047] = 2048;
  check(x, with(Method::percentile, 100), 0, 2048);
  check(x, with(Method::percentile, 99), 10, 2038);           // 10.24 values at each end
  check(x, with(Method::percentile, 99.21875f), 8, 2040);     // exactly 8
  const auto one = ranges({x}, with(Method::percentile, 0));  // the ends meet: one bin is left
  CHECK(one[0].min == 1024);
  CHECK(one[0].max == 1025);
  for (int i = 0; i < 100; ++i) x.push_back(0.5f);  // a full first bin stays
  const auto r = ranges({x}, with(Method::percentile, 99));
  CHECK(r[0].min == 0);
  CHECK(r[0].max == 2038);
}

TEST_CASE("calibrate: percentile counts every sample, whatever the number of threads", "[calibrate]") {
  for (const int threads : {1, 3}) {
    set_thread_count(threads);
    std::vector<std::vector<float>> rows;
    for (int b = 0; b < 2048; ++b) rows.push_back({static_cast<float>(b) + 0.5f});
    rows[0] = {0}, rows[2047] = {2048};
    const auto r = ranges(rows, with(Method::percentile, 99));
    CHECK(r[0].min == 10);
    CHECK(r[0].max == 2038);
  }
  set_thread_count(0);
}

TEST_CASE("calibrate: mse weighs one far value against the rounding of all others", "[calibrate]") {
  // 65536 values near 0 and one at the end: with h bins kept the error is (2047.5 - h)^2 + 65536 (h / 255)^2 / 12,
  // least at h = 1889; the search moves by 16 bins
  std::vector<float> x(65536);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 64) / 4;
  x.push_back(2048);
  check(x, with(Method::mse), 0, 1888);
  x.resize(8192);  // the same without the far value: nothing to clip but its own ends
  const auto r = ranges({x}, with(Method::mse));
  CHECK(r[0].min == 0);
  CHECK(r[0].max == 15.75f);
}

TEST_CASE("calibrate: where both ends gain the same the upper one shrinks first", "[calibrate]") {
  // a mirror-symmetric histogram from which one step of 16 bins is worth cutting, and no second
  std::vector<float> x{0, 2048};
  for (int i = 0; i < 1410; ++i) x.insert(x.end(), {1023.5f, 1024.5f});
  const auto r = ranges({x}, with(Method::mse));
  CHECK(r[0].min == 0);
  CHECK(r[0].max == 2032);
  CHECK(r[1].min == -2048);
  CHECK(r[1].max == -16);
}

TEST_CASE("calibrate: kl keeps what 256 levels describe and clips a far value otherwise", "[calibrate]") {
  // counts that alternate between 10 and 30 are seen only when a level is as fine as a bin: the shortest clipping wins
  std::vector<float> x{0};
  for (int b = 0; b < 256; ++b)
    for (int i = 0; i < (b % 2 ? 30 : 10); ++i) x.push_back(static_cast<float>(b) + 0.5f);
  x.push_back(2048);
  check(x, with(Method::kl), 0, 272);
  // equal counts are described by any level: nothing is gained by clipping
  std::vector<float> even{0};
  for (int b = 0; b < 256; ++b)
    for (int i = 0; i < 20; ++i) even.push_back(static_cast<float>(b) + 0.5f);
  even.push_back(2048);
  check(even, with(Method::kl), 0, 2048);
}
