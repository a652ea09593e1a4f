/* What the examples need of a board: text. The board calls main() and ends the emulation with its result. */
#ifndef BOARD_H
#define BOARD_H
#include <stdint.h>
void print(const char* text);
void print_number(int32_t v);
#endif
