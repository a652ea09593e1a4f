// Which tensors are range-coded, and which of them share a header.
#include <algorithm>

#include "tinyc/parallel.h"
#include "weight_coding.h"

namespace tinyc {

WeightCoding code_range(const std::vector<FilterWeights>& tensors) {
  const std::vector<CodeTable> headers = range_headers(tensors);
  std::vector<Bytes> streams(tensors.size());
  parallel_for(tensors.size(), [&](std::size_t t, int) {
    if (!headers[t].bytes.empty()) streams[t] = encode(headers[t], tensors[t].weights, tensors[t].shape);
  });
  WeightCoding result;
  for (std::size_t first = 0; first < tensors.size(); ++first) {
    const Bytes& header = headers[first].bytes;
    const auto is_own = [&](const CodeTable& t) { return t.bytes == header; };
    if (header.empty() || std::ranges::any_of(result.tables, is_own)) continue;
    std::uint64_t saved = 0;
    const std::size_t before = result.members.size();
    for (std::size_t t = first; t < tensors.size(); ++t) {
      if (headers[t].bytes != header || streams[t].size() >= tensors[t].weights.size()) continue;
      saved += tensors[t].weights.size() - streams[t].size();
      result.members.push_back({t, result.tables.size(), streams[t]});
    }
    if (saved <= header.size()) {
      result.members.resize(before);
      continue;
    }
    result.saved += saved - header.size();
    result.tables.push_back({header});
  }
  return result;
}

}  // namespace tinyc
