#include "catch.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"
#include "tinyc/text.h"

using namespace tinyc;

TEST_CASE("dequantize is the identity on floats") {
  const Graph g = parse("%x = input f32[1,3] %y = dequantize(%x) output %y");
  const FloatExecutor e(g);
  auto s = e.make_state();
  const float values[] = {-1.5f, 0, 7};
  std::copy(std::begin(values), std::end(values), e.input(s, 0).begin());
  e.run(s);
  const auto y = e.value(s, g.outputs[0]);
  CHECK(std::equal(y.begin(), y.end(), std::begin(values)));
}

TEST_CASE("dequantize inside an int8 graph is refused with its name") {
  const Graph g = parse(
      "graph \"m\" quantized %x = input i8[1,3] quant(0.5:3) %y = dequantize(%x) : i8[1,3] quant(0.5:3) output %y");
  REQUIRE_THROWS_AS(lower(g), Error);
  CHECK_THROWS_WITH(lower(g), Catch::Contains("dequantize"));
}
