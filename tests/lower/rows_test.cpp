// Layers that run row by row: their outputs are those of whole layers, for every family, whatever the arena held
// before; and a program file that claims what its layers cannot do is refused.
#include "lower/rows.h"

#include <algorithm>

#include "catch.h"
#include "oracle/small_programs.h"
#include "oracle/weighted_oracle.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"
#include "tinyc/text.h"

namespace tinyc {
namespace {

using oracle::Random;

constexpr Family kFamilies[] = {Family::portable, Family::pair, Family::dsp, Family::mve};

/// The text of a net of convolutions, depthwise ones, pools, and sums with what came before.
class Net {
 public:
  explicit Net(Random& r) : r_(r), h_(r.in(6, 20)), w_(r.in(3, 11)), c_(r.in(1, 6)) {
    text_ = "%x = input f32[1," + number(h_) + "," + number(w_) + "," + number(c_) + "] ";
    for (int layers = r.in(2, 7); layers > 0; --layers) add_layer();
    if (r.in(0, 1)) add("average_pool_2d(%" + last_ + ") kernel=" + number(h_) + "," + number(w_));
    text_ += "output %" + last_;
  }
  const std::string& text() const { return text_; }

 private:
  static std::string number(int v) { return std::to_string(v); }
  std::string random(const std::string& shape) { return "random(" + number(++seed_) + ") f32[" + shape + "]"; }
  void add(const std::string& call) {
    last_ = "t" + number(++seed_);
    text_ += "%" + last_ + " = " + call + " ";
  }
  /// Attributes of a window of h by w, and the picture's new size.
  std::string window(int h, int w, int stride, bool same) {
    const auto pad = [&](int size, int k) { return std::max(0, ((size - 1) / stride) * stride + k - size); };
    const int ph = same ? pad(h_, h) : 0, pw = same ? pad(w_, w) : 0;
    h_ = (h_ + ph - h) / stride + 1;
    w_ = (w_ + pw - w) / stride + 1;
    std::string pads;
    if (ph + pw > 0)
      pads = " pad=" + number(ph / 2) + "," + number(ph - ph / 2) + "," + number(pw / 2) + "," + number(pw - pw / 2);
    return " stride=" + number(stride) + "," + number(stride) + pads;
  }
  void add_layer() {
    const int stride = h_ >= 6 && w_ >= 4 && r_.in(0, 3) == 0 ? 2 : 1;
    const bool same = h_ < 5 || w_ < 5 || r_.in(0, 3) > 0;
    const std::string input = "(%" + last_ + ", ", act = r_.in(0, 1) ? " act=relu" : "";
    switch (r_.in(0, 5)) {
      case 0:
      case 1: {
        const int k = r_.in(0, 1) ? 3 : 1, out = r_.in(0, 1) ? 4 * r_.in(1, 4) : r_.in(1, 9);
        const std::string weights = random(number(out) + "," + number(k) + "," + number(k) + "," + number(c_));
        add("conv_2d" + input + weights + ", " + random(number(out)) + ")" + window(k, k, stride, same) + act);
        c_ = out;
        break;
      }
      case 2: {
        const std::string weights = random("1,3,3," + number(c_));
        add("depthwise_conv_2d" + input + weights + ", " + random(number(c_)) + ")" + window(3, 3, stride, same) + act);
        break;
      }
      case 3: add("max_pool_2d(%" + last_ + ") kernel=2,2" + window(2, 2, stride, same)); break;
      case 4: add("tanh(%" + last_ + ")"); break;
      default: {  // a convolution with a way around it
        const std::string before = last_, weights = random(number(c_) + ",3,3," + number(c_));
        add("conv_2d" + input + weights + ", " + random(number(c_)) + ")" + window(3, 3, 1, true) + act);
        add(r_.in(0, 1) ? "add(%" + last_ + ", %" + before + ")" : "add(%" + before + ", %" + last_ + ")");
      }
    }
  }

  Random& r_;
  int h_, w_, c_, seed_ = 0;
  std::string text_, last_ = "x";
};

struct Outputs {
  std::vector<std::vector<std::int8_t>> layers;  // by layer
  std::vector<std::int8_t> last;
  bool operator==(const Outputs&) const = default;
};

Outputs run(const Program& p, std::uint8_t fill) {
  const ProgramExecutor e(p);
  auto s = e.make_state();
  std::fill_n(s.arena, p.arena_bytes, fill);
  const auto in = e.input(s, 0);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::int8_t>(i * 73 % 251);
  Outputs out;
  out.layers.resize(p.layers.size());
  e.run(s, [&](std::size_t layer, std::span<const std::int8_t> values) {
    out.layers[layer].assign(values.begin(), values.end());
  });
  const auto values = e.output(s, 0);
  out.last.assign(values.begin(), values.end());
  return out;
}

Program make(const std::string& text, const LowerOptions& options) {
  return lower(oracle::quantized(text.c_str()), options);
}

}  // namespace

TEST_CASE("layers run row by row with the outputs of whole layers, each of them, in any arena") {
  Random r(7);
  int groups = 0, in_place = 0;
  std::size_t all = 0, complete = 0;
  for (int i = 0; i < 60; ++i) {
    const std::string text = Net(r).text();
    for (const Family family : kFamilies) {
      const Program whole = make(text, {family, r.in(0, 1) == 1});
      const Outputs expected = run(whole, 0);
      const auto layers = static_cast<std::int32_t>(whole.layers.size());
      const std::int32_t first = r.in(0, layers - 1), count = r.in(1, layers - first), step = r.in(1, 4);
      CAPTURE(i, static_cast<int>(family), text, first, count, step);
      if (!can_run_by_rows(whole, first, count)) continue;
      Program by_rows = whole;
      run_by_rows(by_rows, first, count, step);
      plan(by_rows);
      REQUIRE_NOTHROW(verify(by_rows));
      const Outputs got = run(by_rows, 0);
      REQUIRE(got.last == expected.last);
      REQUIRE(run(by_rows, 0x5A) == got);
      for (std::size_t k = 0; k < got.layers.size(); ++k) {
        if (!got.layers[k].empty()) REQUIRE(got.layers[k] == expected.layers[k]);
        complete += !got.layers[k].empty();
      }
      all += got.layers.size();
      ++groups;
      for (std::int32_t k = first; k < first + count; ++k) {
        const Layer& l = by_rows.layers[static_cast<std::size_t>(k)];
        in_place += l.out == l.in0 || l.out == l.in1;
      }
    }
  }
  CHECK(groups > 60);
  CHECK(in_place > 10);
  CHECK(complete > all * 9 / 10);  // windows that leave the last rows out are few
}

TEST_CASE("where rows make the arena smaller, groups are found") {
  Random r(11);
  int smaller = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string text = Net(r).text();
    for (const Family family : kFamilies) {
      CAPTURE(i, static_cast<int>(family), text);
      const Program whole = make(text, {family, false}), by_rows = make(text, {family, false, true});
      REQUIRE(run(by_rows, 0xA5).last == run(whole, 0).last);
      REQUIRE_NOTHROW(verify(by_rows));
      CHECK(by_rows.arena_bytes <= whole.arena_bytes + whole.arena_bytes / 16);
      smaller += by_rows.arena_bytes < whole.arena_bytes;
    }
  }
  CHECK(smaller > 40);
}

TEST_CASE("an average over the whole picture is summed up row by row") {
  const std::string text =
      "%x = input f32[1,24,10,1] %a = conv_2d(%x, random(1) f32[32,3,3,1], random(2) f32[32]) pad=1,1,1,1 stride=1,2 "
      "%b = depthwise_conv_2d(%a, random(3) f32[1,3,3,32], random(4) f32[32]) pad=1,1,1,1 "
      "%c = conv_2d(%b, random(5) f32[30,1,1,32], random(6) f32[30]) act=relu "
      "%d = average_pool_2d(%c) kernel=24,5 %y = fully_connected(%d, random(7) f32[5,30], random(8) f32[5]) output %y";
  for (const Family family : kFamilies) {
    const Program whole = make(text, {family}), by_rows = make(text, {family, false, true});
    CAPTURE(static_cast<int>(family));
    REQUIRE(by_rows.rows.size() == 1);
    CHECK(by_rows.rows[0].count == 4);
    CHECK(by_rows.layers[3].kernel->bands == Bands::sums);
    CHECK(by_rows.arena_bytes < 3000);  // a whole tensor has 3,840 bytes
    REQUIRE_NOTHROW(verify(by_rows));
    CHECK(run(by_rows, 0x5A).last == run(whole, 0).last);
    CHECK(run(by_rows, 0x5A).layers == run(whole, 0).layers);
  }
}

TEST_CASE("a chain of convolutions keeps three rows of each tensor between them") {
  const std::string text =
      "%x = input f32[1,16,8,4] %a = conv_2d(%x, random(1) f32[4,3,3,4], random(2) f32[4]) pad=1,1,1,1 "
      "%b = conv_2d(%a, random(3) f32[4,3,3,4], random(4) f32[4]) pad=1,1,1,1 "
      "%c = depthwise_conv_2d(%b, random(5) f32[1,3,3,4], random(6) f32[4]) pad=1,1,1,1 output %c";
  Program p = make(text, {});
  REQUIRE(can_run_by_rows(p, 0, 3));
  run_by_rows(p, 0, 3, 1);
  plan(p);
  const auto bytes = [&](std::size_t layer) { return p.values[static_cast<std::size_t>(p.layers[layer].out)].bytes; };
  CHECK(bytes(0) == 3 * 32);
  CHECK(bytes(1) == 3 * 32);
  CHECK(bytes(2) == 16 * 32);
  CHECK(row_steps(p, p.rows[0]) == 48);
  // the output lies over the input, some rows behind what is read
  CHECK(p.arena_bytes < 16 * 32 + 6 * 32 + 3 * 32 + row_state_bytes(3) + p.layers[0].scratch_bytes + 16);
}

TEST_CASE("what somebody else reads, and kernels that need the whole, are in no group") {
  const Program p = oracle::small_program();  // its sum is read by a mean and by an output
  const auto layers = static_cast<std::int32_t>(p.layers.size());
  CHECK_FALSE(can_run_by_rows(p, 0, 3));  // the sum reads the first convolution too
  CHECK(can_run_by_rows(p, 0, 4));
  CHECK(can_run_by_rows(p, 1, 3));
  CHECK_FALSE(can_run_by_rows(p, 0, 5));
  for (std::int32_t first = 0; first <= layers; ++first) CHECK_FALSE(can_run_by_rows(p, first, layers));
  CHECK_FALSE(can_run_by_rows(p, -1, 2));
  CHECK_FALSE(can_run_by_rows(p, 0, 0));
}

TEST_CASE("a program file keeps its groups, and changed ones are refused") {
  Program p = oracle::small_program();
  run_by_rows(p, 0, 4, 2);
  plan(p);
  const Program again = read_program(write_program(p), "p.tinyc");
  CHECK(again.rows == p.rows);
  CHECK(run(again, 1) == run(p, 0));
  const auto refused = [&](auto change) {
    Program other = p;
    change(other);
    try {
      verify(other);
    } catch (const Error& e) {
      return e.code() == ErrorCode::damaged_program;
    }
    return false;
  };
  CHECK_FALSE(refused([](Program&) {}));
  CHECK(refused([](Program& q) { q.rows[0].first = 1; }));
  CHECK(refused([](Program& q) { q.rows[0].count = 3; }));
  CHECK(refused([](Program& q) { q.rows[0].count = 1000; }));
  CHECK(refused([](Program& q) { q.rows[0].step = 0; }));
  CHECK(refused([](Program& q) { q.rows[0].step = 3; }));  // its bands are too small for that
  CHECK(refused([](Program& q) { q.rows[0].state = q.layers[0].out; }));
  CHECK(refused([](Program& q) { q.rows[0].state = 1000; }));
  CHECK(refused([](Program& q) { q.rows.push_back(q.rows[0]); }));
  CHECK(refused([](Program& q) { q.rows.clear(); }));
  CHECK(refused([](Program& q) {  // the state where a band is
    const auto at = [&](ValueId id) -> Value& { return q.values[static_cast<std::size_t>(id)]; };
    at(q.rows[0].state).offset = at(q.layers[0].out).offset;
  }));
}

}  // namespace tinyc
