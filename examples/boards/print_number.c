#include "board.h"

void print_number(int32_t v) {
  char digits[12], *p = digits + 11;
  uint32_t rest = v < 0 ? 0u - (uint32_t)v : (uint32_t)v;
  *p = 0;
  do *--p = (char)('0' + rest % 10);
  while (rest /= 10);
  if (v < 0) *--p = '-';
  print(p);
}
