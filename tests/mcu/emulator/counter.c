/* Plugin for QEMU: how often each block of guest code ran between two addresses, the first of them included.
 *
 *   -plugin libcounter.so,begin=ADDRESS,end=ADDRESS,out=FILE[,mark=ADDRESS,marks=FILE]
 *
 * FILE: a line "ADDRESS INSTRUCTIONS RUNS TAKEN" for each block that ran; TAKEN: how often control went elsewhere than
 * to the next address. Counts are exact: a block of guest code is entered at its start only. The file of marks: a line
 * for each time that control came to `mark`, with the instructions up to there. Declared here is the part
 * of QEMU's interface (docs/devel/tcg-plugins.rst) that is used; it has not changed since its first version, but QEMU
 * loads only plugins of versions it knows: compiled with PLUGIN_VERSION. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*translated)(uint64_t, struct qemu_plugin_tb*));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb*, void (*executed)(unsigned, void*), int flags, void*);
void qemu_plugin_register_atexit_cb(uint64_t id, void (*exits)(uint64_t, void*), void*);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb*);
struct qemu_plugin_insn* qemu_plugin_tb_get_insn(const struct qemu_plugin_tb*, size_t);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn*);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn*);

#define EXPORTED __attribute__((visibility("default")))
EXPORTED int qemu_plugin_version = PLUGIN_VERSION;

struct block {
  struct block* next;
  uint64_t address, behind, instructions, runs, taken;
};
static struct block *blocks, *previous;
static uint64_t begin, end, mark, total;
static int counting;
static const char *path, *marks_path;
static FILE* marks;

static void executed(unsigned cpu, void* data) {
  struct block* b = data;
  (void)cpu;
  if (b->address == begin) counting = 1;
  if (b->address == end) counting = 0;
  if (!counting) {
    previous = 0;
    return;
  }
  if (marks && b->address == mark) fprintf(marks, "%" PRIu64 "\n", total);
  total += b->instructions;
  b->runs++;
  if (previous && previous->behind != b->address) previous->taken++;
  previous = b;
}

static void translated(uint64_t id, struct qemu_plugin_tb* tb) {
  const size_t n = qemu_plugin_tb_n_insns(tb);
  const struct qemu_plugin_insn* last = qemu_plugin_tb_get_insn(tb, n - 1);
  struct block* b = calloc(1, sizeof *b);
  (void)id;
  if (!b) abort();
  b->next = blocks;
  b->address = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));
  b->behind = qemu_plugin_insn_vaddr(last) + qemu_plugin_insn_size(last);
  b->instructions = n;
  blocks = b;
  qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, 0, b);
}

static void leave(uint64_t id, void* data) {
  FILE* out = fopen(path, "w");
  (void)id, (void)data;
  if (!out) abort();
  for (const struct block* b = blocks; b; b = b->next)
    if (b->runs)
      fprintf(out, "%" PRIx64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", b->address, b->instructions, b->runs, b->taken);
  fclose(out);
  if (marks) fclose(marks);
}

EXPORTED int qemu_plugin_install(uint64_t id, const void* info, int count, char** values) {
  (void)info;
  for (int i = 0; i < count; ++i) {
    if (!strncmp(values[i], "begin=", 6)) begin = strtoull(values[i] + 6, 0, 16);
    if (!strncmp(values[i], "end=", 4)) end = strtoull(values[i] + 4, 0, 16);
    if (!strncmp(values[i], "out=", 4)) path = strdup(values[i] + 4);
    if (!strncmp(values[i], "mark=", 5)) mark = strtoull(values[i] + 5, 0, 16);
    if (!strncmp(values[i], "marks=", 6)) marks_path = strdup(values[i] + 6);
  }
  if (!path || (marks_path && !(marks = fopen(marks_path, "w")))) return -1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, leave, 0);
  return 0;
}
