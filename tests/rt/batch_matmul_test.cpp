#include "oracle/batch_matmul.h"

#include "catch.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("batch_matmul with one constant operand equals its definition", "[batch_matmul]") {
  Random r(8);
  for (int i = 0; i < 400; ++i) {
    const std::int32_t m = r.in(1, 9), k = r.in(1, i % 8 ? 20 : 400), n = r.in(1, 9), batch = r.in(1, 3);
    WeightedCase c;
    const BatchMatmul o{r.in(0, 1) == 1, r.in(0, 1) == 1};
    c.op = o;
    c.constant_first = r.in(0, 1) == 1;
    const std::int32_t constants = r.in(0, 1) ? batch : 1;
    Shape a{c.constant_first ? constants : batch, o.adj_x ? k : m, o.adj_x ? m : k};
    Shape b{c.constant_first ? batch : constants, o.adj_y ? n : k, o.adj_y ? k : n};
    if (c.constant_first) std::swap(a, b);
    randomize(r, c, a, b, 1, 0, k, r.in(0, 3) == 0);
    c.bias.reset();
    CAPTURE(i, to_string(c.x.shape), to_string(c.w.shape), c.constant_first, o.adj_x, o.adj_y, c.coded);
    const Int8s y = run(c);
    REQUIRE(y == batch_matmul(c, y.shape));
  }
}

TEST_CASE("batch_matmul of two activations has no int8 form", "[batch_matmul]") {
  Random r(9);
  REQUIRE(lower_rejects(BatchMatmul{}, {{r.int8s({2, 3})}, {r.int8s({3, 2})}}, {}));
}
