// What a program tells of itself: sizes, bits against entropy, histograms.
#include <algorithm>
#include <sstream>

#include "tinyc/codec.h"
#include "tinyc/cost.h"
#include "tinyc/report.h"

namespace tinyc {
namespace {

const Blob* blob(const Program& p, BlobId id) { return id < 0 ? nullptr : &p.blobs[static_cast<std::size_t>(id)]; }

std::vector<std::int8_t> weights_of(const Program& p, const Layer& l) {
  const Blob* stored = blob(p, l.weights);
  if (!stored || stored->kind != Blob::Kind::weights) return {};
  if (const Blob* table = blob(p, l.codec))
    return decode({table->bytes}, stored->bytes, l.weight_count, filter_shape(l));
  return {stored->bytes.begin(), stored->bytes.end()};
}

LayerReport describe_layer(const Program& p, std::size_t index, const std::string& target) {
  const Layer& l = p.layers[index];
  LayerReport r;
  r.index = static_cast<int>(index);
  r.op = name_of(l.op);
  r.name = l.name;
  r.macs = l.macs;
  r.instructions = layer_instructions(p, l, target);
  for (const BlobId id : {l.weights, l.bias, l.mult, l.shift, l.table})
    if (const Blob* b = blob(p, id)) r.bytes += b->bytes.size();
  const std::vector<std::int8_t> w = weights_of(p, l);
  const Blob* codec = blob(p, l.codec);
  r.coding = w.empty()                ? "none"
             : !codec                 ? "raw"
             : is_list(codec->bytes)  ? "list"
             : is_range(codec->bytes) ? "range"
                                      : "huffman";
  if (w.empty()) return r;
  r.weights = static_cast<std::int64_t>(w.size());
  r.nonzero = r.weights - std::count(w.begin(), w.end(), std::int8_t{0});
  r.bits_per_weight = 8.0 * static_cast<double>(blob(p, l.weights)->bytes.size()) / static_cast<double>(w.size());
  r.entropy_bits_per_weight = entropy_bits(w);
  const auto decoding = decoding_instructions(p, l, target);
  if (decoding && r.instructions && *r.instructions > *decoding)
    r.decode_share = static_cast<double>(*decoding) / static_cast<double>(*r.instructions - *decoding);
  const Blob* bias = blob(p, l.bias);
  r.float_bytes = 4 * w.size() + (bias ? bias->bytes.size() : 0);
  r.histogram.assign(32, 0);
  for (const auto v : w) ++r.histogram[static_cast<std::size_t>((v + 128) / 8)];
  return r;
}

}  // namespace

double Report::ratio() const noexcept {
  const auto after = flash.weights + flash.tables;
  return after ? static_cast<double>(float_weight_bytes) / static_cast<double>(after) : 0.0;
}

std::optional<std::uint64_t> Report::instructions() const noexcept {
  std::uint64_t sum = 0;
  for (const LayerReport& l : layers) {
    if (!l.instructions) return std::nullopt;
    sum += static_cast<std::uint64_t>(*l.instructions);
  }
  return sum;
}

void describe(const Program& p, Report& r) {
  r.flash = flash_bytes(p);
  r.arena = p.arena_bytes;
  r.lower_bound = p.arena_lower_bound;
  r.macs = 0;
  r.layers.clear();
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    r.layers.push_back(describe_layer(p, i, r.target));
    r.macs += p.layers[i].macs;
  }
}

namespace {

/// The lines that a core without special instructions compiles, without comments.
std::string portable_lines(const std::string& source) {
  std::string plain, out;
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source.compare(i, 2, "/*") != 0) {
      plain += source[i];
      continue;
    }
    const auto end = source.find("*/", i + 2);
    if (end == std::string::npos) break;
    i = end + 1;
  }
  std::vector<std::uint8_t> taken{1};  // by nesting: whether this branch is compiled
  std::istringstream lines(plain);
  for (std::string line; std::getline(lines, line);) {
    const auto begins = [&](const char* word) { return line.starts_with(word); };
    const bool special = line.find("defined(__") != std::string::npos || line.find("TINYC_DSP") != std::string::npos ||
                         line.find("TINYC_MVE") != std::string::npos || line.find("TINYC_ARMV") != std::string::npos ||
                         line.find("TINYC_AVR") != std::string::npos;
    if (begins("#if")) {
      taken.push_back(!special || begins("#if !"));
    } else if (begins("#elif") || begins("#else")) {
      if (taken.size() > 1) taken.back() = !taken.back() && !(begins("#elif") && special);
    } else if (begins("#endif")) {
      if (taken.size() > 1) taken.pop_back();
    } else if (std::ranges::all_of(taken, [](std::uint8_t t) { return t != 0; })) {
      out += line;
    }
  }
  return out;
}

}  // namespace

std::uint64_t estimate_code_bytes(const std::string& source) {
  // fitted on all kernels together; short kernels that inline much cost more, long plain ones less
  constexpr double kBytesPerCharacter = 0.6;
  const std::string text = portable_lines(source);
  const auto characters = std::ranges::count_if(text, [](char c) { return c > ' '; });
  return static_cast<std::uint64_t>(kBytesPerCharacter * static_cast<double>(characters));
}

}  // namespace tinyc
