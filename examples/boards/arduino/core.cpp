/* Serial over USART0, time by timer 2, brightness by timer 1. With -DREPORT_RAM the bytes of RAM that nothing has
 * touched since reset are printed after each loop(): RAM is painted before any code runs. */
#include <Arduino.h>
#include <avr/interrupt.h>
#include <util/delay.h>

SerialPort Serial;

void SerialPort::print(char c) {
  while (!(UCSR0A & (1 << UDRE0))) {
  }
  UDR0 = (uint8_t)c;
}

void SerialPort::begin(unsigned long baud) {
  UBRR0 = (uint16_t)(F_CPU / 8 / baud - 1);
  UCSR0A = 1 << U2X0;
  UCSR0B = 1 << TXEN0;
}

void SerialPort::print(const char* text) {
  while (*text) print(*text++);
}

void SerialPort::print(unsigned long number) {
  char digits[11], *p = digits + 10;
  *p = 0;
  do *--p = (char)('0' + number % 10);
  while (number /= 10);
  print(p);
}

void SerialPort::print(long number) {
  if (number < 0) print('-');
  print(number < 0 ? 0ul - (unsigned long)number : (unsigned long)number);
}

static volatile unsigned long overflows; /* of timer 2, each of 256 half microseconds */
ISR(TIMER2_OVF_vect) { ++overflows; }

unsigned long micros() {
  const uint8_t status = SREG;
  cli();
  unsigned long whole = overflows;
  const uint8_t part = TCNT2;
  if ((TIFR2 & (1 << TOV2)) && part < 128) ++whole;
  SREG = status;
  return whole * 128 + part / 2;
}

void delay(unsigned long milliseconds) {
  while (milliseconds--) _delay_ms(1);
}

void pinMode(uint8_t pin, uint8_t mode) {
  if (pin == 9 && mode == OUTPUT) DDRB |= 1 << PB1;
}

void analogWrite(uint8_t pin, int value) {
  if (pin != 9) return;
  TCCR1A = 1 << COM1A1 | 1 << WGM10;
  TCCR1B = 1 << WGM12 | 1 << CS11;
  OCR1A = (uint8_t)value;
}

#ifdef REPORT_RAM
extern "C" uint8_t _end;
extern "C" void paint() __attribute__((naked, used, section(".init3")));
extern "C" void paint() {
  for (uint8_t* p = &_end; p < (uint8_t*)SP; p++) *p = 0xC5;
}
static void report() {
  const uint8_t* p = &_end;
  while (p < (const uint8_t*)RAMEND && *p == 0xC5) p++;
  Serial.print("untouched RAM: ");
  Serial.println((long)(p - &_end));
}
#endif

int main() {
  TCCR2B = 1 << CS21;
  TIMSK2 = 1 << TOIE2;
  sei();
  setup();
  for (;;) {
    loop();
#ifdef REPORT_RAM
    report();
#endif
  }
}
