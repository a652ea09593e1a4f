// Coding the weights of a model with one coder: which tensors become smaller, and which share a table.
#pragma once
#include <vector>

#include "tinyc/codec.h"

namespace tinyc {

/// Tensors with their tables; those that would not become smaller are not in it.
struct WeightCoding {
  struct Member {
    std::size_t tensor = 0, table = 0;  ///< indexes
    Bytes stream;
  };
  std::vector<CodeTable> tables;
  std::vector<Member> members;  ///< in the order of the tables
  std::uint64_t saved = 0;      ///< bytes of raw weights, less tables and streams
};

/// With Huffman codes; like tensors share a table. `lookup_share`: see build_table.
WeightCoding code_huffman(const std::vector<FilterWeights>& tensors, double lookup_share);
/// With the range coder; equal headers are one table.
WeightCoding code_range(const std::vector<FilterWeights>& tensors);

}  // namespace tinyc
