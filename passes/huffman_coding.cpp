// Which tensors get a Huffman code, and which of them share a decode table.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "tinyc/parallel.h"
#include "weight_coding.h"

namespace tinyc {
namespace {
using Weights = std::span<const std::int8_t>;
using Item = FilterWeights;

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
}  // namespace

WeightCoding code_huffman(const std::vector<FilterWeights>& tensors, double lookup_share) {
  WeightCoding result;
  if (tensors.empty()) return result;
  std::vector<Coding> codings = choose(tensors, lookup_share);
  result.saved = saved(codings);
  for (Coding& c : codings) {
    for (std::size_t k = 0; k < c.members.size(); ++k)
      result.members.push_back({c.members[k], result.tables.size(), std::move(c.streams[k])});
    result.tables.push_back(std::move(c.table));
  }
  return result;
}

}  // namespace tinyc
