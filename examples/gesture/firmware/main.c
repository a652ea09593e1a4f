/* Tells gestures from accelerations, 25 a second, as long as the board has power. The accelerometer is a recording
 * here; on a real board accelerometer() asks the MMA8653 over I2C instead. */
#include "board.h"
#include "gesture_data.h"
#include "microbit.h"
#include "recording.h"

enum { AXES = 3, WINDOW = GESTURE_INPUT_SIZE / AXES, RECORDED = sizeof labels };

static uint8_t arena[GESTURE_ARENA_SIZE] __attribute__((aligned(16)));
static int8_t window[WINDOW][AXES]; /* a ring: accelerations as the model takes them */

static void accelerometer(uint32_t number, float a[AXES]) {
  wait_until_next(SAMPLE_US);
  for (int k = 0; k < AXES; k++) a[k] = recording[number / WINDOW % RECORDED][number % WINDOW * AXES + (uint32_t)k];
}

static int strongest(const int8_t* out) {
  int best = 0;
  for (int i = 1; i < GESTURE_OUTPUT_SIZE; i++)
    if (out[i] > out[best]) best = i;
  return best;
}

/* The gesture in the window, whose oldest acceleration is at `oldest`; -1: the model failed. */
static int gesture(uint32_t oldest) {
  int8_t* in = gesture_input(arena, 0);
  for (uint32_t t = 0; t < WINDOW; t++)
    for (int k = 0; k < AXES; k++) *in++ = window[(oldest + t) % WINDOW][k];
  return gesture_invoke(arena) == 0 ? strongest(gesture_output(arena, 0)) : -1;
}

int main(void) {
  static const char* const names[GESTURE_OUTPUT_SIZE + 1] = {"error", "rest", "shake", "circle", "lift"};
  int right = 0;
  print(gesture_selftest(arena) == 0 ? "self-test passed\n" : "self-test failed\n");
  for (uint32_t n = 0;; n++) {
    float a[AXES];
    accelerometer(n, a);
    for (int k = 0; k < AXES; k++) window[n % WINDOW][k] = gesture_quantize(a[k]);
    if (n % WINDOW != WINDOW - 1) continue;
    const uint32_t which = n / WINDOW % RECORDED;
    const int found = gesture(n + 1);
    right += found == labels[which];
    print(names[found + 1]);
    print(found == labels[which] ? "\n" : "   (wrong)\n");
    if (which != RECORDED - 1) continue;
    print_number(right);
    print(" of ");
    print_number(RECORDED);
    print(" gestures right on the emulated Cortex-M0\nRAM used: ");
    print_number((int32_t)ram_used());
    print(" of 16384 bytes\n");
    right = 0;
  }
}
