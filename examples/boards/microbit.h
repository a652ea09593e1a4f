/* What a micro:bit has beyond text. */
#ifndef MICROBIT_H
#define MICROBIT_H
#include <stdint.h>
/* Waits until this time has passed since the last call ended. */
void wait_until_next(uint32_t microseconds);
/* Bytes of the 16 KB that have been used since reset: variables and the deepest stack. */
uint32_t ram_used(void);
#endif
