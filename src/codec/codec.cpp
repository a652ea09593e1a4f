// Streams: coding with a serialized table, and decoding with the runtime's reader.
#include "tinyc/codec.h"

#include <limits>

#include "codec/pairs.h"
#include "codec/table.h"
#include "tinyc/error.h"
#include "tinyc_rt/tinyc_rt.h"

namespace tinyc {
namespace {

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
    if (w.length == 0) throw Error(ErrorKind::internal, "a weight has no codeword in its decode table");
    out_.put(w.bits, w.length);
  }

  int exact_;
  bool turns_;  // runs and literals in turn, each with its own code
  Book first_, second_;
  BitWriter out_;
};
}  // namespace

Bytes encode(const CodeTable& table, std::span<const std::int8_t> weights) {
  Encoder e(parse_table(table.bytes));
  for_each_pair(
      weights, [&](std::uint32_t run, std::int8_t w) { e.pair(run, w); }, [&](std::uint32_t run) { e.zeros(run); });
  return e.take();
}

std::vector<std::int8_t> decode(const CodeTable& table, std::span<const std::uint8_t> stream, std::size_t n) {
  verify_table(table.bytes);
  const auto damaged = [] { return Error(ErrorKind::input, "a coded weight stream is damaged or too short"); };
  // a symbol has at least one bit and stands for at most kMaxRun weights
  if (n / kMaxRun > 8 * stream.size() || n > std::numeric_limits<std::uint32_t>::max()) throw damaged();
  tinyc_layer layer{};
  layer.weights = reinterpret_cast<const std::int8_t*>(stream.data());
  layer.codec = table.bytes.data();
  layer.stream_bytes = static_cast<std::uint32_t>(stream.size());
  tinyc_reader reader;
  tinyc_reader_init(&reader, &layer);
  std::vector<std::int8_t> weights(n);
  if (tinyc_reader_next(&reader, weights.data(), static_cast<std::uint32_t>(n)) != TINYC_OK) throw damaged();
  return weights;
}

void verify_table(std::span<const std::uint8_t> table) { parse_table(table); }

}  // namespace tinyc
