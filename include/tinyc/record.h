// The number fields of a layer record, for whoever writes, reads or compares records.
#pragma once
#include <cstdint>

#include "tinyc_rt/tinyc_rt.h"

namespace tinyc {

/// Pointers at the start of a record, the kernel included.
inline constexpr int kRecordPointers = 7;

/// Calls `visit` with each number of the record in the order of declaration; `p` as one array. The binding names every
/// field, so this does not compile when the record gets another one.
template <class Record, class Visit>
void visit_numbers(Record& record, Visit&& visit) {
  auto& [run, weights, codec, bias, mult, shift, table, in0, in1, out, scratch, out_bytes, stream_bytes, n, in_c, out_c,
         p, in_h, in_w, out_h, out_w, k_h, k_w, stride_h, stride_w, dil_h, dil_w, pad_t, pad_l, in0_zp, in1_zp, out_zp,
         act_min, act_max, block] = record;
  static_assert(sizeof run + sizeof weights + sizeof codec + sizeof bias + sizeof mult + sizeof shift + sizeof table ==
                kRecordPointers * sizeof(void*));
  const auto all = [&](auto&... fields) { (visit(fields), ...); };
  all(in0, in1, out, scratch, out_bytes, stream_bytes, n, in_c, out_c, p, in_h, in_w, out_h, out_w, k_h, k_w, stride_h,
      stride_w, dil_h, dil_w, pad_t, pad_l, in0_zp, in1_zp, out_zp, act_min, act_max, block);
}

}  // namespace tinyc
