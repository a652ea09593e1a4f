// What quantize_int8 refuses.
#include "catch.h"
#include "tinyc/error.h"
#include "tinyc/pass.h"
#include "tinyc/text.h"

using namespace tinyc;

TEST_CASE("values whose scales would be infinite are refused", "[quantize_int8]") {
  const Pass* pass = find_pass("quantize_int8");
  REQUIRE(pass);
  const char* const graphs[] = {
      // an activation's range
      "%x = input f32[1,2] range(-3e38,3e38)\n%y = relu(%x) : f32[1,2] range(0,1)\noutput %y\n",
      // a bias over a tiny input scale
      "%x = input f32[1,1] range(0,1e-35)\n%y = fully_connected(%x, f32[1,1] [1], f32[1] [1e30]) : f32[1,1] "
      "range(0,1)\noutput %y\n",
      // a bias scale: input times weights
      "%x = input f32[1,1] range(0,1e30)\n%y = fully_connected(%x, f32[1,1] [1e30], f32[1] [1]) : f32[1,1] "
      "range(0,1)\noutput %y\n"};
  for (const char* text : graphs) {
    Graph g = parse(text);
    CAPTURE(text);
    try {
      pass->run(g, {});
      FAIL("accepted");
    } catch (const Error& e) {
      REQUIRE(e.kind() == ErrorKind::unsupported);
    }
  }
}
