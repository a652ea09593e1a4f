/* ATmega328P under simavr: text over USART0; sleeping with interrupts off ends the simulation. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>

#include "board.h"
void board_print(const char* text) {
  UCSR0B = 1 << TXEN0;
  for (; *text; text++) {
    while (!(UCSR0A & (1 << UDRE0))) {
    }
    UDR0 = (uint8_t)*text;
  }
}

/* timer 1 at the CPU's clock; its overflows are counted */
static volatile uint16_t overflows;
ISR(TIMER1_OVF_vect) { ++overflows; }
uint32_t board_cycles(void) {
  TCCR1B = 1 << CS10;
  TIMSK1 = 1 << TOIE1;
  cli();
  uint16_t low = TCNT1, high = overflows;
  if ((TIFR1 & (1 << TOV1)) && low < 0x8000) ++high; /* it overflowed and could not tell yet */
  sei();
  return (uint32_t)high << 16 | low;
}

__attribute__((destructor)) static void stop(void) {
  for (volatile uint16_t i = 0; i < 2000; i++) {
  }
  cli();
  sleep_enable();
  sleep_cpu();
}
