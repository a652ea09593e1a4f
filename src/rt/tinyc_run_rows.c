/* Layers that run row by row: of every tensor between them only a band of rows is kept (line buffers; depth-first
 * execution, Alwani et al., "Fused-layer CNN accelerators", 2016), so that the large tensors never exist and nothing is
 * computed twice. A group's last layer asks for its next rows; what is missing for them is asked of the layers before,
 * and the last layer that can run, runs. Each step is an ordinary kernel on a record whose picture is the band.
 *
 * Numbers of a group: its first layer, how many (stages), the arena offset (low half, high half) of a step's record and
 * of the states behind it; then of each stage, TINYC_ROWS_NUMBERS numbers, named below. A group with first layer -1
 * ends the list. */
#include "tinyc_rt.h"

#define TINYC_ROWS_KIND 0   /* 0: element by element, 1: windows, 2: sums of all rows */
#define TINYC_ROWS_STEP 1   /* most rows of a step */
#define TINYC_ROWS_FROM0 2  /* the stage that writes in0; -1: it is whole */
#define TINYC_ROWS_FROM1 3  /* the same for in1 */
#define TINYC_ROWS_BAND 4   /* the stage whose band the output is in: its own number, or that of an operand's */
#define TINYC_ROWS_CAP 5    /* rows of the band */
#define TINYC_ROWS_HEIGHT 6 /* rows that the stage makes in all; of sums, that it takes */
#define TINYC_ROWS_ROW 7    /* bytes of one; 0 for sums */
#define TINYC_ROWS_STRIDE 8
#define TINYC_ROWS_PAD 9
#define TINYC_ROWS_EXTENT 10 /* rows under a window */
#define TINYC_ROWS_INPUT 11  /* rows of in0 */

static int tinyc_rows_number(const int16_t* stages, int stage, int number) {
  return tinyc_ld16(stages + stage * TINYC_ROWS_NUMBERS + number);
}

/* The row behind the last one of in0 that rows up to `end` need. */
static int tinyc_rows_need(const int16_t* stages, int stage, int end) {
  const int need = (end - 1) * tinyc_rows_number(stages, stage, TINYC_ROWS_STRIDE) -
                   tinyc_rows_number(stages, stage, TINYC_ROWS_PAD) +
                   tinyc_rows_number(stages, stage, TINYC_ROWS_EXTENT);
  const int rows = tinyc_rows_number(stages, stage, TINYC_ROWS_INPUT);
  return need < rows ? need : rows;
}

/* The first row of in0 that the stage will still read; -1 stands for no more. */
static int tinyc_rows_keep(const int16_t* stages, const tinyc_rows_state* s, int stage) {
  const int first = s[stage].next * tinyc_rows_number(stages, stage, TINYC_ROWS_STRIDE) -
                    tinyc_rows_number(stages, stage, TINYC_ROWS_PAD);
  return s[stage].next >= tinyc_rows_number(stages, stage, TINYC_ROWS_HEIGHT) ? -1 : first < 0 ? 0 : first;
}

int tinyc_rows_next(const int16_t* stages, int count, tinyc_rows_state* s) {
  int stage = count - 1, operand;
  if (s[stage].next >= tinyc_rows_number(stages, stage, TINYC_ROWS_HEIGHT)) return -1;
  if (s[stage].want <= s[stage].next) s[stage].want = (int16_t)(s[stage].next + 1);
  for (; stage >= 0; --stage) {
    int end, step, need, ready = 1;
    if (s[stage].want <= s[stage].next) continue;
    step = tinyc_rows_number(stages, stage, TINYC_ROWS_STEP);
    end = stage == count - 1 ? tinyc_rows_number(stages, stage, TINYC_ROWS_HEIGHT) : s[stage].want;
    if (end > s[stage].next + step) end = s[stage].next + step;
    need = tinyc_rows_need(stages, stage, end);
    for (operand = TINYC_ROWS_FROM0; operand <= TINYC_ROWS_FROM1; ++operand) {
      const int from = tinyc_rows_number(stages, stage, operand);
      if (from < 0 || s[from].next >= need) continue;
      if (s[from].want < need) s[from].want = (int16_t)need;
      ready = 0;
    }
    s[stage].rows = (int16_t)(end - s[stage].next);
    if (ready) return stage;
  }
  return -1;
}

/* Removes the rows of the stage's band that nobody reads any more. */
static void tinyc_rows_drop(const tinyc_layer* layers, const int16_t* stages, int count, tinyc_rows_state* s, int stage,
                            uint8_t* arena) {
  const int row = tinyc_rows_number(stages, stage, TINYC_ROWS_ROW), start = s[stage].start;
  int reader, operand, keep = s[stage].next;
  if (tinyc_rows_number(stages, stage, TINYC_ROWS_CAP) >= tinyc_rows_number(stages, stage, TINYC_ROWS_HEIGHT)) return;
  for (reader = stage + 1; reader < count; ++reader)
    for (operand = TINYC_ROWS_FROM0; operand <= TINYC_ROWS_FROM1; ++operand) {
      const int from = tinyc_rows_number(stages, reader, operand);
      if (from >= 0 && tinyc_rows_number(stages, from, TINYC_ROWS_BAND) == stage) {
        const int first = tinyc_rows_keep(stages, s, reader);
        if (first >= 0 && first < keep) keep = first;
      }
    }
  s[stage].start = (int16_t)keep;
  if (arena && keep > start) {
    uint32_t band;
    tinyc_load(&band, &layers[stage].out, sizeof band, 1);
    memmove(arena + band, arena + band + (uint32_t)(keep - start) * (uint32_t)row,
            (size_t)(s[stage].next - keep) * (size_t)row);
  }
}

/* The first row in the band of the stage that writes an operand. */
static int tinyc_rows_start(const int16_t* stages, const tinyc_rows_state* s, int stage, int operand) {
  const int from = tinyc_rows_number(stages, stage, operand);
  return from < 0 ? 0 : s[tinyc_rows_number(stages, from, TINYC_ROWS_BAND)].start;
}

void tinyc_rows_begin(const tinyc_layer* layers, const int16_t* stages, const tinyc_rows_state* s, int stage,
                      tinyc_layer* l) {
  const int band = tinyc_rows_number(stages, stage, TINYC_ROWS_BAND), y = s[stage].next, rows = s[stage].rows;
  const int kind = tinyc_rows_number(stages, stage, TINYC_ROWS_KIND);
  const int32_t row = tinyc_rows_number(stages, stage, TINYC_ROWS_ROW);
  int32_t in_row = row;
  int first = y;
  tinyc_load(l, layers + stage, sizeof *l, 1);
  if (kind == 0) {
    l->p[0] = rows * row;
    l->in1 += (uint32_t)((y - tinyc_rows_start(stages, s, stage, TINYC_ROWS_FROM1)) * row);
  } else {
    in_row = (int32_t)l->in_w * l->in_c;
    if (kind == 1) {
      const int top = y * l->stride_h - l->pad_t;
      first = top < 0 ? 0 : top;
      l->pad_t = (int16_t)(first - top);
      l->out_h = (int16_t)rows;
      l->in_h = (int16_t)(tinyc_rows_need(stages, stage, y + rows) - first);
    } else {
      l->pad_t = (int16_t)-y;
      l->in_h = (int16_t)rows;
    }
  }
  l->in0 += (uint32_t)((first - tinyc_rows_start(stages, s, stage, TINYC_ROWS_FROM0)) * in_row);
  l->out += (uint32_t)((y - s[band].start) * row);
}

void tinyc_rows_end(const tinyc_layer* layers, const int16_t* stages, int count, tinyc_rows_state* s, int stage,
                    uint8_t* arena) {
  int operand;
  s[stage].next = (int16_t)(s[stage].next + s[stage].rows);
  for (operand = TINYC_ROWS_FROM0; operand <= TINYC_ROWS_FROM1; ++operand) {
    const int from = tinyc_rows_number(stages, stage, operand);
    if (from >= 0) tinyc_rows_drop(layers, stages, count, s, tinyc_rows_number(stages, from, TINYC_ROWS_BAND), arena);
  }
}

int tinyc_run_group(const tinyc_layer* layers, const int16_t* group, uint8_t* arena) {
  const int count = tinyc_ld16(group + 1);
  const uint32_t at = (uint32_t)(uint16_t)tinyc_ld16(group + 2) | (uint32_t)(uint16_t)tinyc_ld16(group + 3) << 16;
  uint8_t* const place = arena + at;
  tinyc_layer* const record = (tinyc_layer*)(void*)(place + (sizeof(void*) == 8 ? (uintptr_t)place & 4 : 0));
  tinyc_rows_state* const s = (tinyc_rows_state*)(void*)(arena + at + TINYC_ROWS_RECORD);
  const int16_t* const stages = group + TINYC_ROWS_GROUP;
  int stage, rc = TINYC_OK;
  memset(s, 0, (size_t)count * sizeof *s);
  layers += tinyc_ld16(group);
  while (rc == TINYC_OK && (stage = tinyc_rows_next(stages, count, s)) >= 0) {
    tinyc_rows_begin(layers, stages, s, stage, record);
    rc = record->run(record, arena);
    tinyc_rows_end(layers, stages, count, s, stage, arena);
  }
  return rc;
}

int tinyc_run_rows(const tinyc_layer* layers, int count, const int16_t* groups, uint8_t* arena) {
  int i = 0, rc = TINYC_OK;
  while (i < count && rc == TINYC_OK) {
    int last = i;
    if (i == tinyc_ld16(groups)) {
      rc = tinyc_run_group(layers, groups, arena);
      last = i + tinyc_ld16(groups + 1) - 1;
      groups += TINYC_ROWS_GROUP + TINYC_ROWS_NUMBERS * (last - i + 1);
    } else {
#if defined(__AVR__)
      tinyc_layer copy;
      const tinyc_layer* l = &copy;
      memcpy_P(&copy, &layers[i], sizeof copy);
#else
      const tinyc_layer* l = &layers[i];
#endif
      rc = l->run(l, arena);
    }
#ifdef TINYC_TRACE
    {
      tinyc_layer l;
      tinyc_load(&l, &layers[last], sizeof l, 1);
      if (rc == TINYC_OK && l.out_bytes > 0) tinyc_trace(last, arena + l.out, l.out_bytes);
    }
#endif
    i = last + 1;
  }
  return rc;
}
