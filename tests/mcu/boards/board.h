/* What a test board offers. */
#ifndef BOARD_H
#define BOARD_H
#include <stdint.h>
void board_print(const char* text);
/* A binary file of the emulator's host; 32-bit boards only. board_read: how many bytes could not be read. */
int board_open(const char* name);
int board_read(int file, void* to, uint32_t bytes);
#endif
