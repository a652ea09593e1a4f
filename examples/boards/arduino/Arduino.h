/* As much of Arduino's core as the sketches here use, on an Arduino Uno's ATmega328P. */
#ifndef ARDUINO_H
#define ARDUINO_H
#include <avr/io.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

void setup();
void loop();
void delay(unsigned long milliseconds);
unsigned long micros();
void pinMode(uint8_t pin, uint8_t mode);
void analogWrite(uint8_t pin, int value); /* pin 9 */
enum { INPUT, OUTPUT };

struct SerialPort {
  void begin(unsigned long baud);
  void print(const char* text);
  void print(char c);
  void print(unsigned long number);
  void print(long number);
  void print(int number) { print((long)number); }
  template <class T>
  void println(T value) {
    print(value);
    print("\r\n");
  }
};
extern SerialPort Serial;
#endif
