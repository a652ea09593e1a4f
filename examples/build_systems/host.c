/* Text on the machine that builds. */
#include <stdio.h>

#include "board.h"

void print(const char* text) { fputs(text, stdout); }
