// What the printer and the parser of the text form must agree on.
//
//   graph "kws" float                                       # optional; default: "model", float
//   code_table hex"..."                                     # one for each of Graph::code_tables
//   %x = input f32[1,8,8,3] range(-1,1)
//   %w = const f32[2] [1, 2.5] quant(0.5) coded(0, hex"..")  # or hex"little-endian bytes"
//   %c = conv_2d(%x, %w, _) stride=2,2 act=relu : f32[1,4,4,4] quant(0.5:3)
//   %t = unused f32[4]                                      # a tensor that nothing writes
//   output %c
//
// A name is `%identifier` or `%"quoted"`; `#N` after it tells tensors of one name apart and is not part of the name.
// `@N` after a name being defined is the tensor's id; without it the id follows the one defined before. Line breaks
// are white space. Attributes equal to their defaults are omitted; `name=` and `source=` are the node's own fields.
// Per-channel scales: quant(axis=0, 0.5, 0.25:3), a zero point of 0 is omitted.
#pragma once
#include <array>
#include <string_view>

#include "tinyc/graph.h"

namespace tinyc::text {

inline constexpr std::array<std::string_view, 4> kActs = {"none", "relu", "relu6", "relu_n1_to_1"};
inline constexpr std::array<DType, 6> kTypes = {DType::f32, DType::i8,  DType::i16,
                                                DType::i32, DType::i64, DType::boolean};
inline constexpr std::array<Stage, 3> kStages = {Stage::Float, Stage::Quantized, Stage::Coded};
inline constexpr std::size_t kShortList = 8;  ///< payloads up to this many elements print as a list

/// Characters of a name that needs no quotes, and of keywords.
inline bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '/' || c == '-';
}

}  // namespace tinyc::text
