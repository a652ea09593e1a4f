/* An Arduino Uno's ATmega328P: text over the serial port. Sleeping with interrupts off ends simavr's emulation. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>

#include "board.h"

void print(const char* text) {
  UCSR0B = 1 << TXEN0;
  for (; *text; text++) {
    while (!(UCSR0A & (1 << UDRE0))) {
    }
    UDR0 = (uint8_t)*text;
  }
}

__attribute__((destructor)) static void stop(void) {
  for (volatile uint16_t i = 0; i < 2000; i++) {
  }
  cli();
  sleep_enable();
  sleep_cpu();
}
