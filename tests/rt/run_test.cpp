// tinyc_run: layers in order, each with its own record and the arena; the first error ends the run.
#include <string>

#include "catch.h"
#include "tinyc_rt.h"

namespace {

// Each "kernel" notes its number in the arena: arena[0] counts the calls.
int note(const tinyc_layer* l, uint8_t* arena) {
  arena[++arena[0]] = static_cast<uint8_t>(l->p[0]);
  return l->p[1];
}

tinyc_layer layer(int number, int result) {
  tinyc_layer l{};
  l.run = note;
  l.p[0] = number;
  l.p[1] = result;
  return l;
}

}  // namespace

TEST_CASE("tinyc_run runs every layer once, in order") {
  const tinyc_layer layers[] = {layer(7, TINYC_OK), layer(9, TINYC_OK), layer(8, TINYC_OK)};
  uint8_t arena[8]{};
  REQUIRE(tinyc_run(layers, 3, arena) == TINYC_OK);
  CHECK(arena[0] == 3);
  CHECK(arena[1] == 7);
  CHECK(arena[2] == 9);
  CHECK(arena[3] == 8);
  CHECK(tinyc_run(layers, 0, arena) == TINYC_OK);
  CHECK(arena[0] == 3);
}

TEST_CASE("tinyc_run stops at the first error and returns it") {
  const tinyc_layer layers[] = {layer(1, TINYC_OK), layer(2, TINYC_E_STREAM), layer(3, -77)};
  uint8_t arena[8]{};
  REQUIRE(tinyc_run(layers, 3, arena) == TINYC_E_STREAM);
  CHECK(arena[0] == 2);
  CHECK(arena[2] == 2);
}
