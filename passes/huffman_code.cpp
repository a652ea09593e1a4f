// Entropy-codes the int8 weights where that pays: which tensors, and which of them share a decode table.
//
// What pays is decided by bytes, tables counted. Under `balanced` time counts too: a weight is decoded once an
// inference, whether a convolution uses it a thousand times or a fully connected layer once.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <string>

#include "tinyc/codec.h"
#include "tinyc/parallel.h"
#include "tinyc/pass.h"

namespace tinyc {
namespace {
using Weights = std::span<const std::int8_t>;

constexpr std::int64_t kDecodeCost = 14;     // instructions a weight, about
constexpr std::int64_t kMacCost = 3;         // instructions a multiply-accumulate, about
constexpr std::int64_t kDecodePercent = 15;  // of a layer's work that decoding may add under `balanced`
constexpr double kStrongBits = 2.5;          // a weight: what `balanced` takes whatever the time
constexpr std::uint64_t kReaderBytes = 600;  // code of the runtime's reader: what coding must gain to be worth it

/// What the size of a code depends on, added up over tensors: cheap to merge, unlike the codes themselves.
struct Counts {
  std::array<std::uint32_t, 256> literals{};  ///< zeros included
  std::array<std::uint32_t, 17> runs{};       ///< zeros before each other literal, by bit width
  std::uint64_t extra_bits = 0;               ///< of those runs

  static Counts of(Weights weights) {
    Counts c;
    std::uint32_t run = 0;
    const auto end_run = [&] {
      const auto octave = static_cast<std::uint32_t>(std::bit_width(std::min(run, 65535u)));
      ++c.runs[octave];
      c.extra_bits += octave ? octave - 1 : 0;
      run = 0;
    };
    for (const std::int8_t w : weights) {
      ++c.literals[static_cast<std::uint8_t>(w)];
      if (w == 0) {
        ++run;
      } else {
        end_run();
      }
    }
    if (run) end_run();
    return c;
  }
  Counts operator+(const Counts& o) const {
    Counts c = *this;
    for (std::size_t i = 0; i < literals.size(); ++i) c.literals[i] += o.literals[i];
    for (std::size_t i = 0; i < runs.size(); ++i) c.runs[i] += o.runs[i];
    c.extra_bits += o.extra_bits;
    return c;
  }
};

/// Bits of an ideal code, and bytes of its table.
double ideal_cost(std::span<const std::uint32_t> counts) {
  double total = 0, bits = 0;
  std::uint32_t symbols = 0;
  for (const std::uint32_t c : counts) {
    if (c == 0) continue;
    ++symbols;
    total += c;
    bits -= c * std::log2(static_cast<double>(c));
  }
  if (symbols) bits += total * std::log2(total);
  return bits + 8.0 * (symbols + 40.0);
}

/// Estimated bits of the best code for these counts with its table.
double estimate(const Counts& c) {
  const double plain = ideal_cost(c.literals);
  const double in_turns =
      ideal_cost(std::span(c.literals).subspan(1)) + ideal_cost(c.runs) + static_cast<double>(c.extra_bits);
  return std::min(plain, in_turns);
}

struct Item {
  TensorId id;
  Weights weights;
};

/// Tensors under one table.
struct Group {
  std::vector<std::size_t> members;  ///< indexes of items
  Counts counts;
  double cost = 0;
};

Group merged(const Group& a, const Group& b) {
  const Counts counts = a.counts + b.counts;
  Group g{a.members, counts, estimate(counts)};
  g.members.insert(g.members.end(), b.members.begin(), b.members.end());
  std::ranges::sort(g.members);
  return g;
}

/// Each tensor, the largest first, joins the group where it costs least or opens its own; then groups join while
/// that makes the whole smaller.
std::vector<Group> group(const std::vector<Item>& items) {
  std::vector<std::size_t> order(items.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, [&](auto a, auto b) { return items[a].weights.size() > items[b].weights.size(); });
  std::vector<Group> groups;
  for (const std::size_t i : order) {
    check_interrupt();
    const Counts counts = Counts::of(items[i].weights);
    const Group own{{i}, counts, estimate(counts)};
    double best_gain = 0;
    std::size_t best = groups.size();
    Group joined;
    for (std::size_t k = 0; k < groups.size(); ++k) {
      Group both = merged(groups[k], own);
      const double gain = groups[k].cost + own.cost - both.cost;
      if (gain > best_gain) best_gain = gain, best = k, joined = std::move(both);
    }
    if (best < groups.size()) {
      groups[best] = std::move(joined);
    } else {
      groups.push_back(own);
    }
  }
  for (bool again = true; again;) {
    again = false;
    for (std::size_t a = 0; a < groups.size(); ++a)
      for (std::size_t b = groups.size(); b-- > a + 1;) {
        Group both = merged(groups[a], groups[b]);
        if (both.cost >= groups[a].cost + groups[b].cost) continue;
        groups[a] = std::move(both);
        groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(b));
        again = true;
      }
  }
  return groups;
}

/// One finished table with its tensors' streams.
struct Coding {
  CodeTable table;
  std::vector<std::size_t> members;
  std::vector<Bytes> streams;
  std::uint64_t bytes = 0;  ///< table and streams
  std::uint64_t raw = 0;    ///< of the same tensors
};

/// Codes a group; tensors that would not become smaller leave it. Empty when the group as a whole gains nothing.
Coding code(const std::vector<Item>& items, std::vector<std::size_t> members, double lookup_share) {
  while (!members.empty()) {
    Coding c;
    std::vector<Weights> weights;
    weights.reserve(members.size());
    for (const std::size_t i : members) weights.push_back(items[i].weights);
    c.table = build_table(weights, lookup_share);
    c.bytes = c.table.bytes.size();
    for (const std::size_t i : members) {
      Bytes stream = encode(c.table, items[i].weights);
      if (stream.size() >= items[i].weights.size()) continue;
      c.members.push_back(i);
      c.bytes += stream.size();
      c.raw += items[i].weights.size();
      c.streams.push_back(std::move(stream));
    }
    if (c.members.size() == members.size()) return c.bytes < c.raw ? c : Coding{};
    members = c.members;
  }
  return {};
}

std::uint64_t saved(const std::vector<Coding>& codings) {
  std::uint64_t sum = 0;
  for (const Coding& c : codings) sum += c.raw - c.bytes;
  return sum;
}

/// The better of shared tables and a single one.
std::vector<Coding> choose(const std::vector<Item>& items, double lookup_share) {
  const std::vector<Group> groups = group(items);
  std::vector<Coding> several(groups.size());
  parallel_for(groups.size(), [&](std::size_t i, int) { several[i] = code(items, groups[i].members, lookup_share); });
  std::erase_if(several, [](const Coding& c) { return c.members.empty(); });
  if (groups.size() > 1) {
    std::vector<std::size_t> all(items.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    std::vector<Coding> single{code(items, all, lookup_share)};
    if (saved(single) > saved(several)) return single;
  }
  return several;
}

/// Under `balanced`: the tensor shrinks to a third, as after pruning or clustering, or decoding it is a small part of
/// the work of the layers that use it. (Who asks for fewer bits than 8 has asked for the small form too.)
bool balanced(const Graph& g, Weights weights, const std::vector<std::size_t>& users) {
  if (entropy_bits(weights) <= kStrongBits) return true;
  std::int64_t work = 0;
  for (const std::size_t n : users) work += kMacCost * macs(g, g.nodes[n]);
  const auto decoded = static_cast<std::int64_t>(weights.size() * users.size());
  return kDecodeCost * decoded * 100 <= work * kDecodePercent;
}

std::string grouped(std::uint64_t v) {
  std::string s = std::to_string(v);
  for (std::size_t i = s.size(); i > 3;) s.insert(i -= 3, ",");
  return s;
}

PassResult run(Graph& g, const PassOptions& o) {
  using Choice = PassOptions::Coding;
  using Optimize = PassOptions::Optimize;
  PassResult result;
  g.stage = Stage::Coded;

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

  std::vector<Item> items;
  std::uint64_t raw_bytes = 0, tensors = 0;
  for (TensorId id = 0; id < static_cast<TensorId>(g.tensors.size()); ++id) {
    const Tensor& t = g.at(id);
    const auto at = static_cast<std::size_t>(id);
    if (!t.is_const() || t.dtype != DType::i8 || t.coded || users[at].empty() || other_use[at]) continue;
    raw_bytes += t.bytes();
    ++tensors;
    const Weights weights = t.as<std::int8_t>();
    const bool wanted = o.coding == Choice::huffman ||
                        (o.coding == Choice::automatic &&
                         (o.optimize == Optimize::size || (o.optimize == Optimize::balanced &&
                                                           (o.weight_bits < 8 || balanced(g, weights, users[at])))));
    if (wanted) items.push_back({id, weights});
  }
  if (tensors == 0) return result;

  const double lookup_share = o.optimize == Optimize::size ? 1.0 / 512 : 1.0 / 64;
  std::vector<Coding> codings = choose(items, lookup_share);
  if (o.coding == Choice::automatic && saved(codings) <= kReaderBytes) codings.clear();
  std::size_t coded = 0;
  std::uint64_t bytes = raw_bytes - saved(codings);
  for (Coding& c : codings) {
    const auto table = static_cast<std::int32_t>(g.code_tables.size());
    g.code_tables.push_back(std::make_shared<const Bytes>(std::move(c.table.bytes)));
    for (std::size_t k = 0; k < c.members.size(); ++k)
      g.at(items[c.members[k]].id).coded = Coded{std::make_shared<const Bytes>(std::move(c.streams[k])), table};
    coded += c.members.size();
  }
  result.changed = coded != 0;
  if (coded == 0) {
    result.notes.push_back("all " + std::to_string(tensors) + " weight tensors stay raw, " + grouped(raw_bytes) + " B");
  } else {
    result.notes.push_back("coded " + std::to_string(coded) + " of " + std::to_string(tensors) + " tensors with " +
                           std::to_string(codings.size()) + (codings.size() == 1 ? " table, " : " tables, ") +
                           grouped(raw_bytes) + " -> " + grouped(bytes) + " B");
  }
  return result;
}
}  // namespace

extern const Pass pass_huffman_code;
const Pass pass_huffman_code{
    "huffman_code", "entropy-code weights where that pays", Stage::Quantized, Stage::Coded, false, true, run};

}  // namespace tinyc
