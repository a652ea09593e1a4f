/* What a test board offers. */
#ifndef BOARD_H
#define BOARD_H
#include <stdint.h>
void board_print(const char* text);
#endif
