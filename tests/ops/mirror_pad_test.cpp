#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float mirror_pad by hand", "[mirror_pad]") {
  const Floats in{{2, 3}, {1, 2, 3, 4, 5, 6}};
  REQUIRE(run_float(MirrorPad{{1, 2}, {0, 1}, true}, {in})[0] ==
          Floats{{3, 6}, {6, 5, 4, 5, 6, 5, 3, 2, 1, 2, 3, 2, 6, 5, 4, 5, 6, 5}});
  REQUIRE(run_float(MirrorPad{{1, 2}, {0, 1}, false}, {in})[0] ==
          Floats{{3, 6}, {2, 1, 1, 2, 3, 3, 2, 1, 1, 2, 3, 3, 5, 4, 4, 5, 6, 6}});
}

TEST_CASE("mirror_pad's border fits what it mirrors", "[mirror_pad]") {
  REQUIRE(infer_message(MirrorPad{{2}, {2}, true}, {{3}}) == "[7]");
  REQUIRE(infer_message(MirrorPad{{3}, {3}, false}, {{3}}) == "[9]");
  REQUIRE(infer_rejects(MirrorPad{{3}, {0}, true}, {{3}}));
  REQUIRE(infer_rejects(MirrorPad{{0}, {4}, false}, {{3}}));
  REQUIRE(infer_rejects(MirrorPad{{-1}, {0}, true}, {{3}}));
  REQUIRE(infer_rejects(MirrorPad{{1}, {0, 0}, true}, {{3}}));
  REQUIRE(infer_rejects(MirrorPad{{}, {}, true}, {Shape{}}));
}
