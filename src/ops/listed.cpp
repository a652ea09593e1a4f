#include "ops/listed.h"

namespace tinyc {
namespace {

constexpr std::size_t kSmall = 2048;  // bytes of a list that are few whatever they stand for

/// Instructions, about, measured on single layers.
struct Work {
  double product, output, value;  ///< of the kernel that visits all weights; value: of each pixel's window
  double entry, filter, column;   ///< of a list, each time it is walked; column: four channels of a pixel of the band
};

Work conv_2d_work(Family f, bool dsp, bool words) {
  if (f == Family::dsp && dsp) return {0.77, 9, words ? 3.0 : 10.0, 12.5, 44, 12};
  switch (f) {
    case Family::dsp: return {3.5, 30, 3, 55, 160, 20};
    case Family::mve: return {0.2, 7, 1, 55, 160, 20};
    case Family::pair: return {2.7, 30, 6, 70, 200, 30};
    case Family::portable: break;
  }
  return {3.5, 30, 3, 70, 200, 30};
}

Work fully_connected_work(Family f, bool dsp) {
  if (f == Family::dsp && dsp) return {1.3, 36, 0, 9.5, 23, 0};
  switch (f) {
    case Family::dsp: return {3.5, 30, 0, 24, 40, 0};
    case Family::mve: return {0.2, 7, 0, 24, 40, 0};
    case Family::pair:
    case Family::portable: break;
  }
  return {3.5, 30, 0, 30, 50, 0};
}

/// How often each part is done.
struct Times {
  double pixels, walks, columns;
};

/// Kernels for the DSP extension saturate, they do not clamp.
bool fits_dsp(const Layer& l, const ProgramBuilder& out, const ScaleFacts& facts) {
  return out.options().family == Family::dsp && facts.fits_dsp() && l.record.act_min == -128 && l.record.act_max == 127;
}

/// A list of a layer's weights and what it costs.
struct List {
  CodeTable header;
  Bytes stream;
  double entries = 0;

  List(const ListLayout& layout, CodeTable h, std::span<const std::int8_t> weights)
      : header(std::move(h)), stream(encode(header, weights)) {
    const std::size_t filters = weights.size() / (layout.taps.size() * layout.channels),
                      count = (stream.size() / 4 - filters) / (layout.group == 4 ? 3 : 6);
    entries = static_cast<double>(count);
  }
};

/// Bytes that a list may take.
std::size_t most_bytes(const Tensor& w, const ProgramBuilder& out) {
  if (out.options().fast) return std::max(2 * w.bytes(), kSmall);
  return w.coded ? w.coded->stream->size() : w.bytes();
}

/// Whether a list of `each` bytes a weight at least is too large before it is made; or the layer was not pruned: what a
/// list then saves is not worth its bytes and its kernel's.
bool too_many(const Tensor& w, const ProgramBuilder& out, std::size_t each) {
  const auto weights = w.as<std::int8_t>();
  const auto nonzero = weights.size() - static_cast<std::size_t>(std::ranges::count(weights, std::int8_t{0}));
  return 5 * nonzero > 4 * weights.size() || each * nonzero > most_bytes(w, out);
}

/// The list where it saves instructions.
std::optional<List> worth(const Tensor& w, const Layer& l, const ProgramBuilder& out, const ListLayout& layout,
                          const Work& work, const Times& times) {
  std::optional<CodeTable> header = list_header(layout);
  if (!header) return std::nullopt;
  List list(layout, std::move(*header), w.as<std::int8_t>());
  const double filters = l.record.out_c, all = static_cast<double>(w.bytes()),
               listed = times.walks * (list.entries * work.entry + filters * work.filter) + times.columns * work.column,
               dense = times.pixels * (all * work.product + filters * work.output + all / filters * work.value);
  if (listed >= dense) return std::nullopt;
  if (list.stream.size() > most_bytes(w, out)) return std::nullopt;
  return list;
}

void point(Layer& l, ProgramBuilder& out, const Tensor& w, List list, const Kernel& kernel, std::uint32_t scratch) {
  l.kernel = &kernel;
  l.record.stream_bytes = static_cast<std::uint32_t>(list.stream.size());
  l.weights = out.blob(Blob::Kind::weights, Blob::Type::i8, w.name, std::move(list.stream));
  l.codec = out.blob(Blob::Kind::tables, Blob::Type::u8, "header of a list", std::move(list.header.bytes));
  l.weight_count = static_cast<std::uint32_t>(w.bytes());
  l.scratch_bytes = scratch;
  l.record.block = narrow16(std::min(l.record.out_c, 32767), "the block");
}

}  // namespace

bool list_conv_2d(const Graph& g, Layer& l, ProgramBuilder& out, TensorId id, const ScaleFacts& facts,
                  const ListKernels& kernels) {
  const Tensor& w = g.at(id);
  const tinyc_layer& r = l.record;
  if (r.p[0] != r.in_c || r.p[4] != 0 || too_many(w, out, 3)) return false;
  // see src/rt/tinyc_conv_2d_list.c
  const bool strips = r.p[1] != 0 && r.stride_h == 1 && r.stride_w == 1;
  std::vector<std::uint32_t> starts = list_starts(w.as<std::int8_t>(), static_cast<std::uint32_t>(r.in_c));
  const std::int32_t phases = r.k_w > 1 ? r.stride_w : 1, fours = (r.out_w + 3) / 4,
                     columns = strips ? (out.options().fast ? 16 : 4) : 4 * fours + (r.k_w - 1) * r.dil_w / r.stride_w,
                     groups = static_cast<std::int32_t>(starts.size());
  const std::int64_t step = 8 * std::int64_t{columns} * phases, row = groups * step, band = r.k_h * row;
  if (band > 65535) return false;
  ListLayout layout{4, static_cast<std::uint32_t>(r.in_c), static_cast<std::uint32_t>(step), std::move(starts), {}};
  for (std::int32_t y = 0; y < r.k_h; ++y)
    for (std::int32_t x = 0; x < r.k_w; ++x) {
      const std::int32_t column = x * r.dil_w;
      layout.taps.push_back(static_cast<std::uint32_t>(y * row) +
                            8u * static_cast<std::uint32_t>(column % phases * columns + column / r.stride_w));
    }
  const bool dsp = fits_dsp(l, out, facts);
  const std::int64_t scratch = band + (dsp ? 16 * std::int64_t{r.out_c} + 4 : 0);
  if (!out.options().fast && scratch > out.room()) return false;
  const double rows = static_cast<double>(r.n) * r.out_h, pixels = rows * r.out_w;
  const Times times = strips ? Times{pixels, pixels / 4, pixels * groups}
                             : Times{pixels, rows * fours, rows * columns * phases * groups * r.k_h};
  std::optional<List> list = worth(w, l, out, layout, conv_2d_work(out.options().family, dsp, r.in_c % 4 == 0), times);
  if (!list) return false;
  point(l, out, w, std::move(*list), dsp ? *kernels.dsp : *kernels.portable, static_cast<std::uint32_t>(scratch));
  l.record.p[1] = strips ? 1 : 0;
  l.record.p[2] = columns;
  l.record.p[3] = phases;
  return true;
}

bool list_fully_connected(const Graph& g, Layer& l, ProgramBuilder& out, TensorId id, const ScaleFacts& facts,
                          const ListKernels& kernels) {
  const Tensor& w = g.at(id);
  const tinyc_layer& r = l.record;
  if (r.p[4] != 0 || too_many(w, out, 6)) return false;
  const bool dsp = fits_dsp(l, out, facts);
  std::optional<List> list =
      worth(w, l, out, {1, static_cast<std::uint32_t>(r.in_c), 1, {}, {0}},
            fully_connected_work(out.options().family, dsp), {static_cast<double>(r.n), static_cast<double>(r.n), 0});
  if (!list) return false;
  point(l, out, w, std::move(*list), dsp ? *kernels.dsp : *kernels.portable, 0);
  return true;
}

}  // namespace tinyc
