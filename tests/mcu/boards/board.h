/* What a test board offers. */
#ifndef BOARD_H
#define BOARD_H
#include <stdint.h>
void board_print(const char* text);
uint32_t board_cycles(void); /* AVR: a counter of clock cycles; 0 on others, whose emulators have no notion of them */
/* A binary file of the emulator's host; 32-bit boards only. board_read: how many bytes could not be read. */
int board_open(const char* name);
int board_read(int file, void* to, uint32_t bytes);
#endif
