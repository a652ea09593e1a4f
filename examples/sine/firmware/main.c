/* The sine by a neural network on an ATmega328P: a table of 13 angles, in thousandths. */
#include <math.h>
#include <stdlib.h>

#include "board.h"
#include "sine_data.h"

static uint8_t arena[SINE_ARENA_SIZE] __attribute__((aligned(16)));

static int8_t quantized(float x) {
  const long q = lroundf(x / SINE_INPUT_SCALE) + SINE_INPUT_ZERO_POINT;
  return (int8_t)(q > 127 ? 127 : q < -128 ? -128 : q);
}

int main(void) {
  int32_t worst = 0;
  for (int i = 0; i <= 12; i++) {
    const float x = 6.2831853f * (float)i / 12.0f;
    sine_input(arena, 0)[0] = quantized(x);
    if (sine_invoke(arena) != 0) {
      print("invoke failed\n");
      return 1;
    }
    const int32_t y = lroundf(1000.0f * SINE_OUTPUT_SCALE * (float)(sine_output(arena, 0)[0] - SINE_OUTPUT_ZERO_POINT));
    const int32_t error = labs(y - lroundf(1000.0f * sinf(x)));
    if (error > worst) worst = error;
    print("sine of ");
    print_number(30 * i);
    print(" degrees: ");
    print_number(y);
    print(" thousandths\n");
  }
  print("largest error: ");
  print_number(worst);
  print(" thousandths on the emulated ATmega328P\n");
  return 0;
}
