// The sine by a neural network: an LED on pin 9 brightens and dims, and the serial monitor shows what the network says,
// in thousandths, with the largest error of each turn.
#include <Arduino.h>
#include <sine_data.h>

static uint8_t arena[SINE_ARENA_SIZE] __attribute__((aligned(16)));
static int angle = 0, worst = 0;

void setup() {
  Serial.begin(115200);
  Serial.println(sine_selftest(arena) == 0 ? "self-test passed" : "self-test failed");
  pinMode(9, OUTPUT);
}

void loop() {
  const float x = (float)angle * 0.017453293f;
  float y;
  sine_write_input(arena, &x);
  if (sine_invoke(arena) != 0) {
    Serial.println("invoke failed");
    return;
  }
  sine_read_output(arena, &y);
  analogWrite(9, 128 + (int)(100 * y));

  const int thousandths = (int)lroundf(1000 * y);
  const int error = abs(thousandths - (int)lroundf(1000 * sinf(x)));
  if (error > worst) worst = error;
  Serial.print("sine of ");
  Serial.print(angle);
  Serial.print(" degrees: ");
  Serial.println(thousandths);
  angle += 30;
  if (angle > 360) {
    Serial.print("largest error: ");
    Serial.println(worst);
    angle = worst = 0;
  }
  delay(20);
}
