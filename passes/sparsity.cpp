#include "sparsity.h"

#include <algorithm>
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

/// The blocks of a layer with their mean energy, made comparable between layers; infinite for those beyond the share
/// that it may lose.
std::vector<Block> score(const PrunableLayer& l, std::uint32_t index, std::int64_t length, double limit) {
  std::vector<Block> blocks;
  for (std::size_t row = 0; row < l.w.size(); row += static_cast<std::size_t>(l.row)) {
    for (std::int64_t i = 0; i < l.row; i += length) {
      const std::size_t first = row + static_cast<std::size_t>(i),
                        size = static_cast<std::size_t>(std::min(length, l.row - i));
      double sum = 0;
      for (std::size_t k = first; k < first + size; ++k) sum += energy(l.w[k]);
      blocks.push_back({sum / static_cast<double>(size), index, static_cast<std::uint32_t>(first),
                        static_cast<std::uint32_t>(size)});
    }
  }
  std::vector<Block*> order;
  order.reserve(blocks.size());
  for (Block& b : blocks) order.push_back(&b);
  std::ranges::stable_sort(order, [](const Block* a, const Block* b) { return a->score > b->score; });
  // Blocks of equal energy are told apart by their position, as in the cut: the later one counts as the larger.
  double sum = 0;
  for (std::size_t i = 0; i < order.size();) {
    std::size_t next = i;
    while (next < order.size() && order[next]->score == order[i]->score) ++next;
    const double value = order[i]->score;
    for (std::size_t k = next; k-- > i;) {
      if (std::isinf(value)) continue;
      sum += value;
      order[k]->score = value > 0 ? value / sum : 0;
    }
    i = next;
  }
  const auto safe = static_cast<std::size_t>(std::ceil((1 - limit) * static_cast<double>(order.size()) - 1e-6));
  for (std::size_t i = 0; i < safe; ++i) order[i]->score = std::numeric_limits<double>::infinity();
  return blocks;
}

/// Zeroes whole blocks from the least important on, as many as fit into the fraction.
void prune_blocks(std::vector<PrunableLayer>& layers, std::vector<Block>& blocks, double fraction) {
  std::uint64_t total = 0;
  for (const Block& b : blocks) total += b.size;
  std::ranges::sort(blocks, [](const Block& a, const Block& b) {
    if (a.score != b.score) return a.score < b.score;
    return a.layer != b.layer ? a.layer < b.layer : a.first < b.first;
  });
  auto left = static_cast<std::uint64_t>(std::llround(fraction * static_cast<double>(total)));
  for (const Block& b : blocks) {
    if (b.size > left || std::isinf(b.score)) break;
    left -= b.size;
    std::fill_n(layers[b.layer].w.begin() + b.first, b.size, 0.0f);
  }
}

/// Keeps the n largest of every m consecutive weights, and of a shorter rest the same share, rounded up.
void prune_n_of_m(PrunableLayer& l, std::int64_t n, std::int64_t m) {
  std::vector<float*> group;
  for (std::size_t row = 0; row < l.w.size(); row += static_cast<std::size_t>(l.row)) {
    for (std::int64_t i = 0; i < l.row; i += m) {
      const std::int64_t size = std::min(m, l.row - i), keep = (n * size + m - 1) / m;
      group.clear();
      for (std::int64_t k = 0; k < size; ++k) group.push_back(&l.w[row + static_cast<std::size_t>(i + k)]);
      std::ranges::stable_sort(group, [](const float* a, const float* b) { return energy(*a) < energy(*b); });
      for (std::int64_t k = 0; k < size - keep; ++k) *group[static_cast<std::size_t>(k)] = 0.0f;
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
    throw Error(ErrorKind::usage, "the fraction of weights to prune must be at least 0 and below 1",
                "for example --prune 0.5");
  if (!(p.layer_limit >= p.fraction && p.layer_limit <= 1))
    throw Error(ErrorKind::usage, "the share that every layer may lose is below the one that all lose together",
                "raise --prune-limit or lower --prune");
  if (p.kind == Prune::Kind::n_m && (p.n < 1 || p.m < 1 || p.n > p.m))
    throw Error(ErrorKind::usage, "N:M pruning keeps N of every M weights, so N must be between 1 and M",
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
    const std::vector<Block> own = score(layers[i], i, p.kind == Prune::Kind::block4 ? 4 : 1, p.layer_limit);
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
