#include "cli/cli.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

int main(int argc, char** argv) {
#if defined(__GLIBC__)
  // workers reuse their buffers; a heap of its own for each would only reserve 64 MiB of addresses a thread
  ::mallopt(M_ARENA_MAX, 1);
  // activations come and go layer by layer: memory that went back to the system would be cleared each time it returns
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 512 << 20);
#endif
  return tinyc::run_cli(argc, argv);
}
