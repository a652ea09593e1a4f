// What fuse_activation counts, and clamps that it must leave.
#include "catch.h"
#include "tinyc/pass.h"
#include "tinyc/text.h"

using namespace tinyc;

namespace {

PassResult fuse(Graph& g) { return find_pass("fuse_activation")->run(g, {}); }

}  // namespace

TEST_CASE("a run of clamps counts as one activation, whatever its length", "[fuse_activation]") {
  for (const char* text :
       {"%x = input f32[1,4]\n%a = fully_connected(%x, random(1) f32[2,4])\n%y = relu(%a)\noutput %y\n",
        "%x = input f32[1,4]\n%a = fully_connected(%x, random(1) f32[2,4])\n%b = relu(%a)\n%c = maximum(%b, f32[] "
        "[-1])\n"
        "%d = minimum(%c, f32[] [9])\n%y = relu6(%d)\noutput %y\n",
        "%x = input f32[1,4]\n%b = relu(%x)\n%c = maximum(%b, f32[] [-1])\n%y = relu6(%c)\noutput %y\n"}) {
    Graph g = parse(text);
    CAPTURE(text);
    CHECK(fuse(g).notes == std::vector<std::string>{"1 activations fused"});
    CHECK(g.nodes.size() == 1);
  }
}

TEST_CASE("clamps that must stay", "[fuse_activation]") {
  for (const char* text :
       {// bounds that are not one number, or not constant
        "%x = input f32[1,2]\n%a = fully_connected(%x, random(1) f32[2,2])\n%y = maximum(%a, f32[2] [0, 1])\noutput "
        "%y\n",
        "%x = input f32[1,2]\n%a = fully_connected(%x, random(1) f32[2,2])\n%y = maximum(%a, %x)\noutput %y\n",
        // the bound has more elements than what it bounds
        "%x = input f32[1,1]\n%a = neg(%x)\n%y = maximum(%a, f32[1,3] [0, 0, 0])\noutput %y\n",
        // not overlapping: the result is a constant
        "%x = input f32[1,2]\n%a = relu(%x)\n%y = minimum(%a, f32[] [-1])\noutput %y\n",
        // an intermediate result is an output
        "%x = input f32[1,2]\n%a = fully_connected(%x, random(1) f32[2,2])\n%y = relu(%a)\noutput %y\noutput %a\n",
        // no activation of a concatenation
        "%x = input f32[1,2]\n%a = concatenation(%x, %x) axis=1\n%y = relu(%a)\noutput %y\n"}) {
    Graph g = parse(text);
    const Graph before = g;
    CAPTURE(text);
    const PassResult r = fuse(g);
    CHECK(g == before);
    CHECK_FALSE(r.changed);
    CHECK(r.notes.empty());
  }
}
