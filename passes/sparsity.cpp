#include "sparsity.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdio>
#include <limits>

#include "tinyc/error.h"
#include "tinyc/parallel.h"

namespace tinyc {
namespace {

using Prune = PassOptions::Prune;

/// Consecutive weights that go or stay together.
struct Block {
  double score;
  std::uint32_t layer, first, size;
};

bool prunable(OpKind k) { return k == OpKind::conv_2d || k == OpKind::fully_connected || k == OpKind::transpose_conv; }

/// A weight that is not a number is never pruned, so that it stays visible.
double energy(float w) { return std::isnan(w) ? std::numeric_limits<double>::infinity() : static_cast<double>(w) * w; }

double importance(const PrunableLayer& l, std::size_t i) {
  const double of_weight = energy(l.w[i]);
  if (l.deviation.empty() || std::isinf(of_weight)) return of_weight;
  return of_weight * (static_cast<double>(l.deviation[i]) * static_cast<double>(l.deviation[i]));
}

/// Places of blocks by score, the greatest first, equal ones in turn. Digit by digit, since gradual pruning sorts all
/// weights many times: numbers that are not negative have the order of their bits.
std::vector<std::uint32_t> descending(const std::vector<Block>& blocks) {
  struct Key {
    std::uint64_t bits;
    std::uint32_t at;
  };
  constexpr int kDigit = 11;
  std::vector<Key> keys, sorted(blocks.size());
  keys.reserve(blocks.size());
  for (const Block& b : blocks)
    keys.push_back({~std::bit_cast<std::uint64_t>(b.score), static_cast<std::uint32_t>(keys.size())});
  for (int shift = 0; shift < 64; shift += kDigit) {
    std::array<std::uint32_t, (std::size_t{1} << kDigit) + 1> first{};
    const auto digit = [shift](const Key& k) { return k.bits >> shift & ((1u << kDigit) - 1); };
    for (const Key& k : keys) ++first[digit(k) + 1];
    for (std::size_t d = 1; d < first.size(); ++d) first[d] += first[d - 1];
    for (const Key& k : keys) sorted[first[digit(k)]++] = k;
    keys.swap(sorted);
  }
  std::vector<std::uint32_t> order;
  order.reserve(keys.size());
  for (const Key& k : keys) order.push_back(k.at);
  return order;
}

/// Gives each block its share of what is at least as important in its layer.
void balance(std::vector<Block>& blocks, std::span<const std::uint32_t> order) {
  // Blocks of equal importance are told apart by their position, as in the cut: the later one counts as the larger.
  double sum = 0;
  for (std::size_t i = 0; i < order.size();) {
    const double value = blocks[order[i]].score;
    std::size_t next = i;
    while (next < order.size() && blocks[order[next]].score == value) ++next;
    for (std::size_t k = next; k-- > i;) {
      if (std::isinf(value)) continue;
      sum += value;
      blocks[order[k]].score = value > 0 ? value / sum : 0;
    }
    i = next;
  }
}

/// The blocks of a layer with their mean importance, comparable between layers; infinite for those beyond the share
/// that it may lose.
std::vector<Block> score(const PrunableLayer& l, std::uint32_t index, std::int64_t length, const Prune& p) {
  std::vector<Block> blocks;
  blocks.reserve(l.w.size() / static_cast<std::size_t>(length));
  for (std::size_t row = 0; row < l.w.size(); row += static_cast<std::size_t>(l.row)) {
    for (std::int64_t i = 0; i < l.row; i += length) {
      const std::size_t first = row + static_cast<std::size_t>(i),
                        size = static_cast<std::size_t>(std::min(length, l.row - i));
      double sum = 0;
      for (std::size_t k = first; k < first + size; ++k) sum += importance(l, k);
      blocks.push_back({sum / static_cast<double>(size), index, static_cast<std::uint32_t>(first),
                        static_cast<std::uint32_t>(size)});
    }
  }
  const std::vector<std::uint32_t> order = descending(blocks);
  if (p.criterion != Prune::Criterion::taylor) balance(blocks, order);
  const auto safe = static_cast<std::size_t>(
      std::ceil((1 - static_cast<double>(p.layer_limit)) * static_cast<double>(blocks.size()) - 1e-6));
  for (std::size_t i = 0; i < safe; ++i) blocks[order[i]].score = std::numeric_limits<double>::infinity();
  return blocks;
}

/// Zeroes whole blocks from the least important on, as many as fit into the fraction.
void prune_blocks(std::vector<PrunableLayer>& layers, std::vector<Block>& blocks, double fraction) {
  std::uint64_t total = 0;
  for (const Block& b : blocks) total += b.size;
  auto left = static_cast<std::uint64_t>(std::llround(fraction * static_cast<double>(total)));
  const auto less = [](const Block& a, const Block& b) {
    if (a.score != b.score) return a.score < b.score;
    return a.layer != b.layer ? a.layer < b.layer : a.first < b.first;
  };
  // blocks of one size need no order, only the least of them
  const bool alike = std::ranges::all_of(blocks, [&](const Block& b) { return b.size == blocks[0].size; });
  if (alike && !blocks.empty())
    std::ranges::nth_element(blocks, blocks.begin() + static_cast<std::ptrdiff_t>(left / blocks[0].size), less);
  else
    std::ranges::sort(blocks, less);
  for (const Block& b : blocks) {
    if (b.size > left) break;
    if (std::isinf(b.score)) continue;
    left -= b.size;
    std::fill_n(layers[b.layer].w.begin() + b.first, b.size, 0.0f);
  }
}

/// Keeps the n largest of every m consecutive weights, and of a shorter rest the same share, rounded up.
void prune_n_of_m(PrunableLayer& l, std::int64_t n, std::int64_t m) {
  std::vector<std::size_t> group;
  for (std::size_t row = 0; row < l.w.size(); row += static_cast<std::size_t>(l.row)) {
    for (std::int64_t i = 0; i < l.row; i += m) {
      const std::int64_t size = std::min(m, l.row - i), keep = (n * size + m - 1) / m;
      group.clear();
      for (std::int64_t k = 0; k < size; ++k) group.push_back(row + static_cast<std::size_t>(i + k));
      std::ranges::stable_sort(group, {}, [&](std::size_t k) { return importance(l, k); });
      for (std::int64_t k = 0; k < size - keep; ++k) l.w[group[static_cast<std::size_t>(k)]] = 0.0f;
    }
  }
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  char text[64];
  std::snprintf(text, sizeof text, "%.1f %%", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
  return text;
}

}  // namespace

std::vector<PrunableLayer> prunable_layers(const Graph& g) {
  std::vector<std::string> name(g.tensors.size());
  std::vector<std::uint8_t> other_use(g.tensors.size(), 0);
  std::vector<TensorId> found;
  for (const TensorId id : g.outputs) other_use[static_cast<std::size_t>(id)] = 1;
  for (const Node& n : g.nodes) {
    for (std::size_t i = 0; i < n.inputs.size(); ++i) {
      const TensorId id = n.inputs[i];
      if (id == kNoTensor || !g.at(id).is_const()) continue;
      const auto at = static_cast<std::size_t>(id);
      if (!prunable(kind(n.op)) || static_cast<std::int32_t>(i) != traits(n.op).quant.weight ||
          g.at(id).dtype != DType::f32) {
        other_use[at] = 1;
      } else if (name[at].empty()) {
        name[at] = n.name.empty() ? g.at(id).name : n.name;
        found.push_back(id);
      }
    }
  }
  std::vector<PrunableLayer> layers;
  for (const TensorId id : found) {
    if (other_use[static_cast<std::size_t>(id)]) continue;
    const auto w = g.at(id).as<float>();
    layers.push_back({id, name[static_cast<std::size_t>(id)], {w.begin(), w.end()}, g.at(id).shape.back()});
  }
  return layers;
}

void check_prune(const PassOptions::Prune& p) {
  if (!(p.fraction >= 0 && p.fraction < 1))
    throw Error(ErrorCode::bad_value, "the fraction of weights to prune must be at least 0 and below 1",
                "for example --prune 0.5");
  if (!(p.layer_limit >= p.fraction && p.layer_limit <= 1))
    throw Error(ErrorCode::bad_value, "the share that every layer may lose is below the one that all lose together",
                "raise --prune-limit or lower --prune");
  if (p.kind == Prune::Kind::n_m && (p.n < 1 || p.m < 1 || p.n > p.m))
    throw Error(ErrorCode::bad_value, "N:M pruning keeps N of every M weights, so N must be between 1 and M",
                "for example --prune 0.5:2:4");
}

void zero_least_important(std::vector<PrunableLayer>& layers, const PassOptions::Prune& p, double fraction) {
  std::vector<Block> blocks;
  for (std::uint32_t i = 0; i < layers.size(); ++i) {
    check_interrupt();
    if (p.kind == Prune::Kind::n_m) {
      prune_n_of_m(layers[i], p.n, p.m);
      continue;
    }
    const std::vector<Block> own = score(layers[i], i, p.kind == Prune::Kind::block4 ? 4 : 1, p);
    blocks.insert(blocks.end(), own.begin(), own.end());
    if (p.per_layer) prune_blocks(layers, blocks, fraction), blocks.clear();
  }
  prune_blocks(layers, blocks, fraction);
}

std::vector<std::string> sparsity_notes(const std::vector<PrunableLayer>& layers) {
  std::vector<std::string> notes;
  std::uint64_t all_zeros = 0, all = 0;
  for (const PrunableLayer& l : layers) {
    const auto zeros = static_cast<std::uint64_t>(std::ranges::count(l.w, 0.0f));
    all_zeros += zeros;
    all += l.w.size();
    notes.push_back(printable(l.name) + ": " + std::to_string(zeros) + " of " + std::to_string(l.w.size()) +
                    " weights zero (" + percent(zeros, l.w.size()) + ")");
  }
  if (all)
    notes.insert(notes.begin(), std::to_string(all_zeros) + " of " + std::to_string(all) + " prunable weights zero (" +
                                    percent(all_zeros, all) + ")");
  return notes;
}

}  // namespace tinyc
