#include "tinyc/cost.h"

#include <algorithm>

namespace tinyc {
namespace {

struct Factors {
  const char *target, *kernel;
  double call, position, output, product, window;
};
constexpr Factors kFactors[] = {
#define TINYC_COST(target, kernel, call, position, output, product, window) \
  {#target, #kernel, call, position, output, product, window},
#include "lower/costs.def"
#undef TINYC_COST
    {"", "", 0, 0, 0, 0, 0}};

// '-' is not part of a C name, so that a target stands in costs.def without.
bool is_target(std::string_view name, std::string_view target) {
  // cores with the same instructions, scheduled otherwise
  if (target == "cortex-m7" || target == "cortex-m33") target = "cortex-m4";
  return std::ranges::equal(name, target, [](char a, char b) { return a == (b == '-' ? '_' : b); });
}

const Factors* factors_of(std::string_view target, std::string_view kernel) {
  for (const Factors& f : kFactors)
    if (kernel == f.kernel && is_target(f.target, target)) return &f;
  return nullptr;
}

const Blob* blob(const Program& p, BlobId id) { return id < 0 ? nullptr : &p.blobs[static_cast<std::size_t>(id)]; }

const RowGroup* group_of(const Program& p, const Layer& l) {
  const auto index = &l - p.layers.data();
  for (const RowGroup& g : p.rows)
    if (index >= g.first && index < g.first + g.count) return &g;
  return nullptr;
}

}  // namespace

Work work_of(const Program& p, const Layer& l) {
  const tinyc_layer& r = l.record;
  const auto product = [](std::initializer_list<std::int32_t> factors) {
    double v = 1;
    for (const std::int32_t f : factors) v *= f;
    return v;
  };
  Work w;
  const RowGroup* group = group_of(p, l);
  const bool picture = r.out_h > 0 && r.out_w > 0;
  w.outputs = static_cast<double>(p.values[static_cast<std::size_t>(l.out)].elements());
  if (group) {
    // a band's bytes say how much of it there is at a time, the record's geometry how much there will be
    const bool elements = l.kernel->bands == Bands::elements;
    w.outputs = elements ? r.p[0] : product({r.n, r.out_h, r.out_w, r.out_c});
    w.calls = elements ? 1 : r.out_h;
  }
  w.positions = picture                                                       ? product({r.n, r.out_h, r.out_w})
                : l.op == OpKind::softmax || l.op == OpKind::l2_normalization ? r.p[0]
                : std::string_view(l.kernel->symbol) == "tinyc_copy_strided"  ? w.outputs / std::max(r.p[1], 1)
                                                                              : std::max(r.n, 1);
  if (l.weights >= 0 && l.macs > 0) {
    double share = 1;
    const Blob* codec = blob(p, l.codec);
    if (l.kernel->list && codec && l.weight_count) {
      const auto weights = decode({codec->bytes}, blob(p, l.weights)->bytes, l.weight_count, filter_shape(l));
      const auto zeros = std::count(weights.begin(), weights.end(), std::int8_t{0});
      share = 1 - static_cast<double>(zeros) / static_cast<double>(l.weight_count);
    }
    w.products = share * static_cast<double>(l.macs);
    w.window = r.k_h <= 0 || !picture              ? product({r.n, r.in_c})
               : l.op == OpKind::depthwise_conv_2d ? product({r.n, r.in_h, r.in_w, r.in_c})
                                                   : product({r.n, r.out_h, r.out_w, r.k_h, r.k_w, r.in_c});
  } else if (r.k_h > 0 && picture) {
    w.products = w.outputs * r.k_h * r.k_w;
  } else if (l.in0 >= 0) {
    w.products = static_cast<double>(p.values[static_cast<std::size_t>(l.in0)].elements());
  }
  return w;
}

std::optional<std::int64_t> decoding_instructions(const Program& p, const Layer& l, std::string_view target) {
  const Blob *codec = blob(p, l.codec), *stored = blob(p, l.weights);
  if (!codec || !stored || l.kernel->list || stored->kind != Blob::Kind::weights) return std::nullopt;
  const Factors* f = factors_of(target, is_range(codec->bytes) ? "tinyc_range" : "tinyc_huffman");
  if (!f) return std::nullopt;
  const auto weights = decode({codec->bytes}, stored->bytes, l.weight_count, filter_shape(l));
  return static_cast<std::int64_t>(f->call +
                                   f->product * static_cast<double>(decode_instructions(codec->bytes, weights)));
}

std::optional<std::int64_t> layer_instructions(const Program& p, const Layer& l, std::string_view target) {
  const Factors* f = factors_of(target, l.kernel->symbol);
  if (!f) return std::nullopt;
  const Work w = work_of(p, l);
  double sum = f->call * w.calls + f->position * w.positions + f->output * w.outputs + f->product * w.products +
               f->window * w.window;
  if (group_of(p, l))
    if (const Factors* step = factors_of(target, "tinyc_run_rows")) sum += step->call * w.calls;
  // numbers of a damaged program file may be anything, and sums of layers shall not overflow
  return static_cast<std::int64_t>(std::clamp(sum, 0.0, 0x1p53)) + decoding_instructions(p, l, target).value_or(0);
}

}  // namespace tinyc
