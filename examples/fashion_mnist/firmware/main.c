/* Firmware of the example: classifies pictures on a Cortex-M4 and prints what it sees. */
#include <stdint.h>

#include "board.h"
#include "fashion_data.h"
#include "pictures.h"

static uint8_t arena[FASHION_ARENA_SIZE] __attribute__((aligned(16)));
static const char* const names[10] = {"T-shirt", "Trouser", "Pullover", "Dress", "Coat",
                                      "Sandal",  "Shirt",   "Sneaker",  "Bag",   "Boot"};

int main(void) {
  int right = 0;
  for (int i = 0; i < PICTURES; i++) {
    int8_t* in = fashion_input(arena, 0);
    for (int k = 0; k < FASHION_INPUT_SIZE; k++) in[k] = fashion_quantize((float)pictures[i][k] / 255.0f);
    if (fashion_invoke(arena) != 0) {
      print("invoke failed\n");
      return 1;
    }
    const int8_t* out = fashion_output(arena, 0);
    int best = 0;
    for (int k = 1; k < FASHION_OUTPUT_SIZE; k++)
      if (out[k] > out[best]) best = k;
    right += best == labels[i];
    print("picture ");
    print_number(i);
    print(": ");
    print(names[best]);
    if (best != labels[i]) {
      print("   (is: ");
      print(names[labels[i]]);
      print(")");
    }
    print("\n");
  }
  print_number(right);
  print(" of ");
  print_number(PICTURES);
  print(" pictures right on the emulated Cortex-M4\n");
  return 0;
}
