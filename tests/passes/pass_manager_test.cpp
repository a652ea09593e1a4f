// The pass manager on passes that lie.
#include "catch.h"
#include "tinyc/error.h"
#include "tinyc/pass.h"
#include "tinyc/text.h"

using namespace tinyc;

namespace {

PassResult change_first_node(Graph& g, OpData op) {
  g.nodes[0].op = std::move(op);
  PassResult r;
  r.changed = true;
  return r;
}

constexpr Pass kNaN{"nan", "", Stage::Float, Stage::Float, false, true, [](Graph& g, const PassOptions&) {
                      return change_first_node(g, Log{});
                    }};
constexpr Pass kNothing{"nothing", "", Stage::Float, Stage::Float, false, true, [](Graph& g, const PassOptions&) {
                          return change_first_node(g, g.nodes[0].op);
                        }};

void run_one(const std::string& text, const Pass& pass) {
  Graph g = parse(text);
  const Pass* list[] = {&pass};
  run_passes(g, list, {}, {});
}

}  // namespace

TEST_CASE("an exact pass that makes NaN is caught, whatever the elements after it are") {
  const std::string text = "%x = input f32[1,8]\n%a = logistic(%x)\n%y = concatenation(%a, %x) axis=1\noutput %y\n";
  CHECK_NOTHROW(run_one(text, kNothing));
  CHECK_THROWS_AS(run_one(text, kNaN), Error);
}

TEST_CASE("NaN and infinity that were there before are no change") {
  CHECK_NOTHROW(run_one("%x = input f32[1,8]\n%a = log(%x)\n%y = concatenation(%a, %x) axis=1\noutput %y\n", kNothing));
  CHECK_NOTHROW(
      run_one("%x = input f32[1,8]\n%z = sub(%x, %x)\n%a = log(%z)\n%y = concatenation(%a, %x) axis=1\noutput %y\n",
              Pass{"same", "", Stage::Float, Stage::Float, false, true, [](Graph&, const PassOptions&) {
                     PassResult r;
                     r.changed = true;
                     return r;
                   }}));
}
