// The int8 pools, bit for bit against every window written out.
#include <numeric>

#include "catch.h"
#include "oracle/elem_oracle.h"

using namespace tinyc;
using namespace oracle;

namespace {

template <class Op>
void random_rounds(std::uint64_t seed, const std::function<std::int64_t(const std::vector<int>&)>& f) {
  Random r(seed);
  for (int round = 0; round < 200; ++round) {
    const Int8In in{r.int8s({r.in(1, 2), r.in(1, 12), r.in(1, 12), r.in(1, 9)}), random_scale(r, -5, 1)};
    const Shape& s = in.data.shape;
    Op op;
    op.kernel = {r.in(1, std::min(s[1], 5)), r.in(1, std::min(s[2], 5))};
    op.stride = {r.in(1, 3), r.in(1, 3)};
    op.pad = {r.in(0, op.kernel.h - 1), r.in(0, op.kernel.h - 1), r.in(0, op.kernel.w - 1), r.in(0, op.kernel.w - 1)};
    op.act = static_cast<Act>(r.in(0, 3));
    const auto [lo, hi] = act_bounds(op.act, in.q);
    const Int8s expected =
        pool(in.data, op.kernel, op.stride, op.pad,
             [&, low = lo, high = hi](const std::vector<int>& w) { return clamped(f(w), low, high); });
    CAPTURE(s, op.kernel.h, op.kernel.w, op.stride.h, op.stride.w, op.pad.top, op.pad.bottom, op.pad.left,
            op.pad.right);
    REQUIRE(run_int8(op, {in}, in.q) == expected);
  }
}

}  // namespace

TEST_CASE("int8 average pool rounds half away from zero and leaves padding out", "[average_pool_2d]") {
  random_rounds<AveragePool2D>(31, [](const std::vector<int>& w) {
    return std::llround(static_cast<double>(std::accumulate(w.begin(), w.end(), 0)) / static_cast<double>(w.size()));
  });
  const Int8In in{{{1, 1, 2, 2}, {1, -1, 2, -2}}, {}};
  REQUIRE(run_int8(AveragePool2D{{1, 2}, {1, 1}, {}, Act::none}, {in}, in.q).values == std::vector<std::int8_t>{2, -2});
}

TEST_CASE("int8 max pool", "[max_pool_2d]") {
  random_rounds<MaxPool2D>(32, [](const std::vector<int>& w) { return *std::max_element(w.begin(), w.end()); });
}

TEST_CASE("pools keep the quantization", "[average_pool_2d][max_pool_2d]") {
  const Int8In in{{{1, 1, 2, 1}, {1, 2}}, {0.5f, 3}};
  REQUIRE(lower_rejects(AveragePool2D{}, {in}, {0.5f, 4}));
  REQUIRE(lower_rejects(AveragePool2D{}, {in}, {0.6f, 3}));
  REQUIRE(lower_rejects(MaxPool2D{}, {in}, {0.5f, 4}));
  REQUIRE(lower_rejects(MaxPool2D{}, {in}, {0.6f, 3}));
}
