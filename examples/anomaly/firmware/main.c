/* Watches a machine: an autoencoder rebuilds each spectrum, and what it cannot rebuild is an anomaly. */
#include "anomaly_data.h"
#include "board.h"
#include "spectra.h"

#define LIMIT 25 /* mean squared error in ten thousandths above which the machine is not well */

static uint8_t arena[ANOMALY_ARENA_SIZE] __attribute__((aligned(16)));

int main(void) {
  int right = 0, count = (int)sizeof labels;
  for (int i = 0; i < count; i++) {
    anomaly_write_input(arena, spectra[i]);
    if (anomaly_invoke(arena) != 0) {
      print("invoke failed\n");
      return 1;
    }
    float out[ANOMALY_OUTPUT_SIZE], error = 0;
    anomaly_read_output(arena, out);
    for (int k = 0; k < 32; k++) {
      const float d = out[k] - spectra[i][k];
      error += d * d / 32;
    }
    const int32_t score = (int32_t)(10000 * error);
    right += (score > LIMIT) == labels[i];
    print("spectrum ");
    print_number(i);
    print(": error ");
    print_number(score);
    print(score > LIMIT ? ", anomaly" : ", well");
    print((score > LIMIT) == labels[i] ? "\n" : "   (wrong)\n");
  }
  print_number(right);
  print(" of ");
  print_number(count);
  print(" spectra right on the emulated Cortex-M4\n");
  return 0;
}
