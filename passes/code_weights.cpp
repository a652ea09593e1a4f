// Entropy-codes the int8 weights where that pays: which tensors, and with which coder.
//
// What pays is decided by bytes: streams, tables, and a decoder's code once a model. Under `balanced` time counts too:
// a weight is decoded once an inference, whether a convolution uses it a thousand times or a fully connected layer
// once.
#include <algorithm>
#include <string>

#include "tinyc/pass.h"
#include "weight_coding.h"

namespace tinyc {
namespace {
using Weights = std::span<const std::int8_t>;
using Choice = PassOptions::Coding;
using Optimize = PassOptions::Optimize;

constexpr double kDecodeShare = 0.05;  // of a layer's work that decoding may add under `balanced`
constexpr double kStrongBits = 2.5;    // a weight: what `balanced` Huffman-codes whatever the time
// code of the runtime's readers: what coding must gain to be worth it
constexpr std::uint64_t kHuffmanBytes = 600, kRangeBytes = 1300;

/// A weight tensor that may be coded.
struct Candidate {
  TensorId id = kNoTensor;
  FilterWeights tensor;
  bool huffman = true, range = true;  ///< whether the time it takes is allowed
};

/// Under `balanced`: decoding is a small part of the work of the layers that use the tensor, or it shrinks to a third,
/// as after pruning or clustering. (Who asks for fewer bits than 8 has asked for the small form too.)
void balance(const Graph& g, Candidate& c, const std::vector<std::size_t>& users, const PassOptions& o) {
  const Weights w = c.tensor.weights;
  double work = 0;
  for (const std::size_t n : users) work += o.mac_instructions * static_cast<double>(macs(g, g.nodes[n]));
  const auto small = [&](std::int64_t cost) {
    return static_cast<double>(cost) * static_cast<double>(users.size()) <= work * kDecodeShare;
  };
  c.huffman = o.weight_bits < 8 || entropy_bits(w) <= kStrongBits || small(huffman_instructions(w));
  c.range = small(range_instructions(w));
}

/// The int8 weights that nothing but layers with weights reads, in the same order of filters everywhere.
std::vector<Candidate> candidates(const Graph& g, const PassOptions& o) {
  std::vector<std::vector<std::size_t>> users(g.tensors.size());
  std::vector<std::uint8_t> other_use(g.tensors.size(), 0);
  for (const TensorId id : g.outputs) other_use[static_cast<std::size_t>(id)] = 1;
  for (std::size_t n = 0; n < g.nodes.size(); ++n)
    for (std::size_t i = 0; i < g.nodes[n].inputs.size(); ++i) {
      const TensorId id = g.nodes[n].inputs[i];
      if (id == kNoTensor) continue;
      if (static_cast<std::int32_t>(i) == traits(g.nodes[n].op).quant.weight) {
        users[static_cast<std::size_t>(id)].push_back(n);
      } else {
        other_use[static_cast<std::size_t>(id)] = 1;
      }
    }
  std::vector<Candidate> out;
  for (TensorId id = 0; id < static_cast<TensorId>(g.tensors.size()); ++id) {
    const Tensor& t = g.at(id);
    const auto at = static_cast<std::size_t>(id);
    if (!t.is_const() || t.dtype != DType::i8 || t.coded || users[at].empty() || other_use[at]) continue;
    const auto shape = [&](std::size_t n) { return filter_shape(kind(g.nodes[n].op), t.shape); };
    Candidate c{id, {t.as<std::int8_t>(), shape(users[at][0])}};
    if (o.coding == Choice::automatic && o.optimize == Optimize::balanced) balance(g, c, users[at], o);
    c.range &= std::ranges::all_of(users[at], [&](std::size_t n) { return shape(n) == c.tensor.shape; });
    out.push_back(c);
  }
  return out;
}

/// A coding of some candidates; its members index `all`.
template <class Code>
WeightCoding code_some(const std::vector<Candidate>& all, const std::vector<std::uint8_t>& taken,
                       bool Candidate::* allowed, Code code) {
  std::vector<FilterWeights> tensors;
  std::vector<std::size_t> index;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].*allowed && !taken[i]) {
      tensors.push_back(all[i].tensor);
      index.push_back(i);
    }
  WeightCoding c = code(tensors);
  for (auto& m : c.members) m.tensor = index[m.tensor];
  return c;
}

/// The codings to use together: of one coder, or of both.
std::vector<WeightCoding> choose(const std::vector<Candidate>& all, const PassOptions& o) {
  const double lookup_share = o.optimize == Optimize::size ? 1.0 / 512 : 1.0 / 64;
  std::vector<std::uint8_t> taken(all.size(), 0);
  const auto huffman = [&] {
    return code_some(all, taken, &Candidate::huffman, [&](const auto& t) { return code_huffman(t, lookup_share); });
  };
  const auto range = [&] { return code_some(all, taken, &Candidate::range, code_range); };
  if (o.coding == Choice::huffman) return {huffman()};
  if (o.coding == Choice::range) return {range()};
  // decoding takes time, and room in RAM
  if (o.coding == Choice::raw || o.optimize == Optimize::speed || o.optimize == Optimize::ram) return {};

  WeightCoding h = huffman(), r = range();
  for (const auto& m : r.members) taken[m.tensor] = 1;
  WeightCoding rest = huffman();
  const auto gain = [](const WeightCoding& c, std::uint64_t code) {
    return static_cast<std::int64_t>(c.saved) - static_cast<std::int64_t>(code);
  };
  const std::int64_t huffman_alone = gain(h, kHuffmanBytes), range_alone = gain(r, kRangeBytes),
                     both = range_alone + gain(rest, kHuffmanBytes);
  if (std::max({huffman_alone, range_alone, both}) <= 0) return {};
  if (huffman_alone >= std::max(range_alone, both)) return {std::move(h)};
  if (range_alone >= both) return {std::move(r)};
  return {std::move(r), std::move(rest)};
}

std::string grouped(std::uint64_t v) {
  std::string s = std::to_string(v);
  for (std::size_t i = s.size(); i > 3;) s.insert(i -= 3, ",");
  return s;
}

PassResult run(Graph& g, const PassOptions& o) {
  PassResult result;
  g.stage = Stage::Coded;
  const std::vector<Candidate> all = candidates(g, o);
  if (all.empty()) return result;
  std::uint64_t raw = 0, saved = 0;
  for (const Candidate& c : all) raw += c.tensor.weights.size();
  std::size_t coded = 0, tables = 0;
  for (WeightCoding& c : choose(all, o)) {
    const auto first = static_cast<std::int32_t>(g.code_tables.size());
    for (CodeTable& t : c.tables) g.code_tables.push_back(std::make_shared<const Bytes>(std::move(t.bytes)));
    for (auto& m : c.members)
      g.at(all[m.tensor].id).coded =
          Coded{std::make_shared<const Bytes>(std::move(m.stream)), first + static_cast<std::int32_t>(m.table)};
    saved += c.saved;
    coded += c.members.size();
    tables += c.tables.size();
  }
  result.changed = coded != 0;
  if (coded == 0) {
    result.notes.push_back("all " + std::to_string(all.size()) + " weight tensors stay raw, " + grouped(raw) + " B");
  } else {
    result.notes.push_back("coded " + std::to_string(coded) + " of " + std::to_string(all.size()) + " tensors with " +
                           std::to_string(tables) + (tables == 1 ? " table, " : " tables, ") + grouped(raw) + " -> " +
                           grouped(raw - saved) + " B");
  }
  return result;
}
}  // namespace

extern const Pass pass_code_weights;
const Pass pass_code_weights{
    "code_weights", "entropy-code weights where that pays", Stage::Quantized, Stage::Coded, false, true, run};

}  // namespace tinyc
