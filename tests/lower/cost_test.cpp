#include "tinyc/cost.h"

#include <limits>

#include "catch.h"
#include "oracle/small_programs.h"

using namespace tinyc;

TEST_CASE("every layer of a program has an estimate on every target that tinyc knows", "[cost]") {
  for (const char* target :
       {"any", "cortex-m0", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55", "rv32", "avr"}) {
    CAPTURE(target);
    const Program p = oracle::small_program();
    for (const Layer& l : p.layers) {
      CAPTURE(l.kernel->symbol);
      const auto all = layer_instructions(p, l, target), decoding = decoding_instructions(p, l, target);
      REQUIRE(all.has_value());
      CHECK(*all > 0);
      CHECK(decoding.has_value() == (l.codec >= 0));
      CHECK(*all > decoding.value_or(0));
      if (l.macs > 0) {  // no core multiplies more than sixteen at a time, only AVR takes a hundred cycles for one
        CHECK(*all > l.macs / 16);
        CHECK(*all - decoding.value_or(0) < (std::string_view(target) == "avr" ? 300 : 30) * l.macs + 20000);
      }
    }
  }
  Program p = oracle::small_program();
  CHECK_FALSE(layer_instructions(p, p.layers[0], "z80").has_value());
  p.layers[0].macs = std::numeric_limits<std::int64_t>::max();  // as a damaged file may say
  CHECK(*layer_instructions(p, p.layers[0], "cortex-m4") >= std::int64_t{1} << 53);
  CHECK(*layer_instructions(p, p.layers[0], "cortex-m4") < std::int64_t{1} << 54);
}

TEST_CASE("work is counted as kernels see it", "[cost]") {
  const Program p = oracle::small_program();
  const Work conv = work_of(p, p.layers[0]);
  CHECK(conv.calls == 1);
  CHECK(conv.positions == 64);
  CHECK(conv.outputs == 512);
  CHECK(conv.products == 64 * 8 * 27);
  CHECK(conv.window == 64 * 27);
  const Work depthwise = work_of(p, p.layers[1]);
  CHECK(depthwise.products == 512 * 9);
  CHECK(depthwise.window == 512);
}

TEST_CASE("layers that run row by row are called once a row, for the same work", "[cost]") {
  const Graph g = oracle::quantized(
      "%x = input f32[1,16,16,4] %a = conv_2d(%x, random(1) f32[8,3,3,4], random(2) f32[8]) pad=1,1,1,1 act=relu "
      "%b = conv_2d(%a, random(3) f32[8,3,3,8], random(4) f32[8]) pad=0,1,0,1 stride=2,2 output %b");
  const Program whole = lower(g, {}), rows = lower(g, {Family::portable, false, true, 0});
  REQUIRE(rows.rows.size() == 1);
  REQUIRE(rows.layers.size() == whole.layers.size());
  for (std::size_t i = 0; i < rows.layers.size(); ++i) {
    const Work a = work_of(whole, whole.layers[i]), b = work_of(rows, rows.layers[i]);
    CHECK(b.calls == rows.layers[i].record.out_h);
    CHECK(a.outputs == b.outputs);
    CHECK(a.products == b.products);
    CHECK(a.positions == b.positions);
    CHECK(*layer_instructions(rows, rows.layers[i], "cortex-m3") >
          *layer_instructions(whole, whole.layers[i], "cortex-m3") * 9 / 10);
  }
}

TEST_CASE("a list's zeros are no work", "[cost]") {
  const Graph g = [] {
    Graph q = oracle::quantized(
        "%x = input f32[1,64] %y = fully_connected(%x, random(1) f32[32,64], random(2) f32[32]) output %y");
    for (Tensor& t : q.tensors)
      if (t.is_const() && t.dtype == DType::i8) {
        Bytes thin = *t.data;
        for (std::size_t i = 0; i < thin.size(); ++i)
          if (i % 10) thin[i] = 0;
        t.data = std::make_shared<const Bytes>(thin);
      }
    return q;
  }();
  const Program p = lower(g, {Family::dsp, true});
  REQUIRE(p.layers[0].kernel->list);
  CHECK(work_of(p, p.layers[0]).products == Approx(32 * 64 / 10.0).epsilon(0.01));
}
