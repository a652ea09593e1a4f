// Streams: coding with a serialized table or header, and decoding with the runtime's readers.
#include "tinyc/codec.h"

#include <algorithm>
#include <limits>

#include "codec/list.h"
#include "codec/pairs.h"
#include "codec/range.h"
#include "codec/table.h"
#include "tinyc/error.h"
#include "tinyc_rt/tinyc_rt.h"

namespace tinyc {
namespace {

constexpr std::uint32_t kMaxFilter = 65535;  // weights, as kernels have it

class BitWriter {
 public:
  void put(std::uint32_t value, int length) {
    for (int i = length; i-- > 0;) {
      if (used_ == 0) bytes_.push_back(0);
      bytes_.back() = static_cast<std::uint8_t>(bytes_.back() | (value >> i & 1) << (7 - used_));
      used_ = (used_ + 1) & 7;
    }
  }
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
  int used_ = 0;  // bits of the last byte
};

/// A code by symbol; length 0 where it has none.
struct Book {
  Codeword literal[256]{}, run[256]{};
  explicit Book(const PrefixCode& code) {
    for (const Codeword& w : code.words) {
      Codeword& slot = (w.run ? run : literal)[w.symbol];
      if (slot.length == 0) slot = w;
    }
  }
};

class Encoder {
 public:
  explicit Encoder(const Codes& codes)
      : exact_(codes.exact), turns_(codes.codes.size() > 1), first_(codes.codes[0]), second_(codes.codes.back()) {}

  void pair(std::uint32_t run, std::int8_t w) {
    zeros(run);
    put(second_.literal[static_cast<std::uint8_t>(w)]);
  }

  /// In a table of one code, short runs may be cheaper zero by zero.
  void zeros(std::uint32_t run) {
    const RunSymbol r = run_symbol(run, exact_);
    const Codeword &symbol = first_.run[r.symbol], &zero = first_.literal[0];
    if (!turns_ && (symbol.length == 0 || (zero.length != 0 && run * std::uint64_t{zero.length} <=
                                                                   symbol.length + std::uint64_t{r.extra_bits}))) {
      for (std::uint32_t i = 0; i < run; ++i) put(zero);
      return;
    }
    put(symbol);
    out_.put(r.extra, r.extra_bits);
  }

  Bytes take() { return out_.take(); }

 private:
  void put(const Codeword& w) {
    if (w.length == 0) throw Error(ErrorCode::defect, "a weight has no codeword in its decode table");
    out_.put(w.bits, w.length);
  }

  int exact_;
  bool turns_;  // runs and literals in turn, each with its own code
  Book first_, second_;
  BitWriter out_;
};

Error damaged() { return {ErrorCode::damaged_program, "a coded weight stream is damaged or too short"}; }

std::vector<std::int8_t> decode_huffman(const tinyc_layer& layer, std::size_t n) {
  // a symbol has at least one bit and stands for at most kMaxRun weights
  if (n / kMaxRun > 8 * std::size_t{layer.stream_bytes}) throw damaged();
  tinyc_huffman reader;
  tinyc_huffman_init(&reader, &layer);
  std::vector<std::int8_t> weights(n);
  if (tinyc_huffman_next(&reader, weights.data(), static_cast<std::uint32_t>(n)) != TINYC_OK) throw damaged();
  return weights;
}

std::vector<std::int8_t> decode_range(const tinyc_layer& layer, std::size_t n, const FilterShape& f) {
  // a tensor of one value needs none, but offsets from null are undefined
  std::vector<std::uint32_t> scratch(tinyc_range_bytes(layer.codec, f.channels) / 4 + 1);
  tinyc_range reader;
  tinyc_range_init(&reader, &layer, reinterpret_cast<std::uint8_t*>(scratch.data()), f.channels, f.taps, f.step);
  std::vector<std::int8_t> weights;
  const std::size_t piece = f.step == 1 ? 65536 : n;  // a damaged length is found out before it gets its memory
  while (weights.size() < n) {
    const std::size_t at = weights.size(), count = std::min(piece, n - at);
    weights.resize(at + count);
    if (tinyc_range_next(&reader, weights.data() + at, static_cast<std::uint32_t>(count)) != TINYC_OK) throw damaged();
  }
  return weights;
}
}  // namespace

Bytes encode(const CodeTable& table, std::span<const std::int8_t> weights, const FilterShape& shape) {
  if (is_range(table.bytes)) {
    std::optional<Bytes> stream = range_encode(RangeHeader::parse(table.bytes), weights, shape);
    if (!stream) throw Error(ErrorCode::defect, "a range coder's header has no place for a weight");
    return std::move(*stream);
  }
  if (is_list(table.bytes)) return list_encode(parse_list_header(table.bytes), weights);
  Encoder e(parse_table(table.bytes));
  for_each_pair(
      weights, [&](std::uint32_t run, std::int8_t w) { e.pair(run, w); }, [&](std::uint32_t run) { e.zeros(run); });
  return e.take();
}

std::vector<std::int8_t> decode(const CodeTable& table, std::span<const std::uint8_t> stream, std::size_t n,
                                const FilterShape& shape) {
  verify_table(table.bytes);
  if (n > std::numeric_limits<std::uint32_t>::max()) throw damaged();
  if (shape.channels < 1 || shape.taps < 1 || shape.step < 1 || shape.channels > kMaxFilter / shape.taps ||
      (shape.step > 1 && std::uint64_t{shape.channels} * shape.taps * shape.step != n))
    throw Error(ErrorCode::damaged_program, "the filters of a coded tensor do not fit its size");
  if (is_list(table.bytes)) return list_decode(parse_list_header(table.bytes), stream, n);
  tinyc_layer layer{};
  layer.weights = reinterpret_cast<const std::int8_t*>(stream.data());
  layer.codec = table.bytes.data();
  layer.stream_bytes = static_cast<std::uint32_t>(stream.size());
  return is_range(table.bytes) ? decode_range(layer, n, shape) : decode_huffman(layer, n);
}

bool is_range(std::span<const std::uint8_t> table) noexcept { return !table.empty() && table[0] >= kRangeKind; }

void verify_table(std::span<const std::uint8_t> table) {
  if (is_list(table)) {
    parse_list_header(table);
  } else if (is_range(table)) {
    RangeHeader::parse(table);
  } else {
    parse_table(table);
  }
}

std::uint32_t reader_bytes(std::span<const std::uint8_t> table, const FilterShape& shape) {
  return is_range(table) ? tinyc_range_bytes(table.data(), shape.channels) : 0;
}

}  // namespace tinyc
