/* Two models in one firmware: the same pictures through an exact and a coarse version of the net, and one arena. */
#include "../fashion_mnist/firmware/pictures.h"
#include "board.h"
#include "coarse_data.h"
#include "exact_data.h"

#define LARGER(a, b) ((a) > (b) ? (a) : (b))
static uint8_t arena[LARGER(EXACT_ARENA_SIZE, COARSE_ARENA_SIZE)] __attribute__((aligned(16)));

static int8_t quantized(uint8_t pixel, float scale, int zero_point) { /* the float input is pixel / 255 */
  const int v = (int)((float)pixel / 255.0f / scale + 0.5f) + zero_point;
  return (int8_t)(v > 127 ? 127 : v);
}

static int largest(const int8_t* out, int count) {
  int best = 0;
  for (int k = 1; k < count; k++)
    if (out[k] > out[best]) best = k;
  return best;
}

int main(void) {
  int exact = 0, coarse = 0;
  for (int i = 0; i < PICTURES; i++) {
    int8_t* in = exact_input(arena, 0);
    for (int k = 0; k < EXACT_INPUT_SIZE; k++)
      in[k] = quantized(pictures[i][k], EXACT_INPUT_SCALE, EXACT_INPUT_ZERO_POINT);
    if (exact_invoke(arena) != 0) return 1;
    exact += largest(exact_output(arena, 0), EXACT_OUTPUT_SIZE) == labels[i];

    in = coarse_input(arena, 0);
    for (int k = 0; k < COARSE_INPUT_SIZE; k++)
      in[k] = quantized(pictures[i][k], COARSE_INPUT_SCALE, COARSE_INPUT_ZERO_POINT);
    if (coarse_invoke(arena) != 0) return 1;
    coarse += largest(coarse_output(arena, 0), COARSE_OUTPUT_SIZE) == labels[i];
  }
  print_number(PICTURES);
  print(" pictures; right: exact ");
  print_number(exact);
  print(", coarse ");
  print_number(coarse);
  print("\n");
  return 0;
}
