#include "codec/range.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <numeric>
#include <set>

#include "catch.h"
#include "naive_range_decoder.h"
#include "tinyc/error.h"
#include "tinyc_rt/tinyc_rt.h"
#include "weights.h"

using namespace tinyc;
using namespace tinyc::test;

namespace {

/// Memory that ends where touching anything more ends the program.
class Guarded {
 public:
  explicit Guarded(std::size_t bytes) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    size_ = (bytes + page - 1) / page * page + page;
    void* p = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(p != MAP_FAILED);
    base_ = static_cast<std::uint8_t*>(p);
    REQUIRE(mprotect(base_ + size_ - page, page, PROT_NONE) == 0);
    data = base_ + size_ - page - bytes;
  }
  explicit Guarded(const Bytes& b) : Guarded(b.size()) { std::ranges::copy(b, data); }
  ~Guarded() { munmap(base_, size_); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  std::uint8_t* data;

 private:
  std::uint8_t* base_;
  std::size_t size_;
};

/// What the shipped decoder makes of it, in memory without a byte to spare.
std::optional<Weights> decode_guarded(const Bytes& header, const Bytes& stream, std::size_t n, const FilterShape& f) {
  const Guarded h(header), s(stream), scratch(tinyc_range_bytes(header.data(), f.channels)), out(n);
  tinyc_layer layer{};
  layer.weights = reinterpret_cast<const std::int8_t*>(s.data);
  layer.codec = h.data;
  layer.stream_bytes = static_cast<std::uint32_t>(stream.size());
  tinyc_range reader;
  const std::int8_t* behind = tinyc_range_init(&reader, &layer, scratch.data, f.channels, f.taps, f.step);
  CHECK(reinterpret_cast<const std::uint8_t*>(behind) == scratch.data + tinyc_range_bytes(header.data(), f.channels));
  auto* to = reinterpret_cast<std::int8_t*>(out.data);
  if (tinyc_range_next(&reader, to, static_cast<std::uint32_t>(n)) != TINYC_OK) return std::nullopt;
  return Weights(to, to + n);
}

/// Codes with a found header; all three decoders agree. Bytes of stream and header.
std::size_t round_trip(const Weights& w, const FilterShape& f = {}) {
  const RangeHeader header = range_header(w, f);
  const CodeTable table{header.bytes()};
  CAPTURE(w.size(), f.channels, f.taps, f.step);
  REQUIRE_NOTHROW(verify_table(table.bytes));
  const Bytes stream = encode(table, w, f);
  REQUIRE(decode(table, stream, w.size(), f) == w);
  REQUIRE(NaiveRangeDecoder(table.bytes, stream, f).decode(w.size()) == w);
  REQUIRE(decode_guarded(table.bytes, stream, w.size(), f) == w);
  return stream.size() + table.bytes.size();
}

double entropy_bytes(const Weights& w) { return entropy_bits(w) * static_cast<double>(w.size()) / 8; }

/// A two-sided geometric source: P(v) falls by `ratio` with each step from 0.
Weights geometric(std::size_t n, double ratio, std::uint32_t seed) {
  std::mt19937 rng(seed);
  std::uniform_real_distribution<double> coin(0, 1);
  Weights w(n);
  for (auto& x : w) {
    int v = 0;
    while (v < 127 && coin(rng) < ratio) ++v;
    x = static_cast<std::int8_t>(rng() % 2 ? v : -v);
  }
  return w;
}

/// Draws from `values` with random frequencies.
Weights levels(std::size_t n, const std::vector<int>& values, std::uint32_t seed) {
  std::mt19937 rng(seed);
  std::vector<double> share;
  for (std::size_t i = 0; i < values.size(); ++i) share.push_back(1.0 + rng() % 30);
  std::discrete_distribution<std::size_t> pick(share.begin(), share.end());
  Weights w(n);
  for (auto& x : w) x = static_cast<std::int8_t>(values[pick(rng)]);
  return w;
}

/// Filters of normal weights, each scaled so that its largest weight is 127 or -127, as per-channel scales make them.
Weights scaled_filters(std::size_t filters, const FilterShape& f, std::uint32_t seed) {
  std::mt19937 rng(seed);
  std::normal_distribution<double> normal(0, 1);
  const std::size_t size = std::size_t{f.channels} * f.taps;
  Weights w(filters * size);
  for (std::size_t k = 0; k < filters; ++k) {
    std::vector<double> v(size);
    for (auto& x : v) x = normal(rng);
    double most = 0;
    for (const double x : v) most = std::max(most, std::abs(x));
    for (std::size_t j = 0; j < size; ++j)
      w[f.step == 1 ? k * size + j : j * filters + k] = static_cast<std::int8_t>(std::lround(v[j] / most * 127));
  }
  return w;
}
}  // namespace

TEST_CASE("range coder: weights of every kind come back") {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    std::mt19937 rng(seed);
    const FilterShape f{1 + static_cast<std::uint32_t>(rng() % 9), 1 + static_cast<std::uint32_t>(rng() % 9), 1};
    const std::size_t n = std::size_t{f.channels} * f.taps * (1 + rng() % 40);
    round_trip(normal(n, 0.3 + rng() % 50, (rng() % 101) / 100.0, seed), f);
    const auto filters = static_cast<std::uint32_t>(1 + rng() % 20);
    round_trip(normal(9 * filters, 20, 0.2, seed), {1, 9, filters});
  }
}

TEST_CASE("range coder: special tensors come back") {
  round_trip({});
  round_trip({0});
  round_trip({-128});
  round_trip(Weights(5000, 0));
  round_trip(Weights(777, 42));
  round_trip({1, 0});
  round_trip({-128, 127, -128, -128, 0});
  Weights all(256);
  std::iota(all.begin(), all.end(), std::int8_t{-128});
  round_trip(all);
  for (const std::int8_t v : {-128, -1, 1, 64, 127}) {
    Weights rare(70000, v);
    rare[69000] = 0;
    round_trip(rare);
  }
  round_trip(normal(1000, 30, 0, 3), {7, 3, 1});  // the last filter is not whole
}

TEST_CASE("range coder: every header that a tensor fits decodes alike everywhere") {
  std::mt19937 rng(5);
  std::size_t coded = 0;
  for (int i = 0; i < 600; ++i) {
    RangeHeader h;
    h.local = rng() % 2;
    h.channel = rng() % 2;
    h.peak = rng() % 2;
    h.skew = rng() % 2;
    h.limit = 5 + static_cast<int>(rng() % 4);
    h.depth = static_cast<int>(rng() % 4);
    h.shift = static_cast<int>(rng() % 8);
    const int spread = 1 << rng() % 8;
    h.zero = static_cast<std::uint8_t>(rng());
    h.top = spread + static_cast<int>(rng() % 3);
    Weights w(400);
    if (rng() % 3 == 0) {
      for (int v = 0; v < spread + 1; ++v) h.palette.push_back(static_cast<std::int8_t>(3 * v));
      h.zero = static_cast<std::uint8_t>(rng() % h.palette.size());
      for (auto& x : w) x = h.palette[rng() % h.palette.size()];
    } else {
      for (auto& x : w)
        x = static_cast<std::int8_t>(h.zero + static_cast<int>(rng() % static_cast<unsigned>(spread)) - spread / 2);
    }
    h.first = static_cast<int>(rng() % static_cast<unsigned>(h.octaves()));
    const FilterShape f = rng() % 2 ? FilterShape{4, 5, 1} : FilterShape{1, 20, 20};
    const Bytes header = h.bytes();
    REQUIRE(RangeHeader::parse(header).bytes() == header);
    const auto stream = range_encode(h, w, f);
    REQUIRE(stream);
    CHECK(decode_guarded(header, *stream, w.size(), f) == w);
    CHECK(NaiveRangeDecoder(header, *stream, f).decode(w.size()) == w);
    coded += stream->size();
  }
  CHECK(coded > 10000);
}

TEST_CASE("range coder: the format's example") {
  const CodeTable header{{0x80, 0x29, 0x03, 0x00}};
  const Bytes stream{0xa3, 0x08};
  const Weights w{3, 0, -2, 3};
  CHECK(decode(header, stream, 4) == w);
  CHECK(NaiveRangeDecoder(header.bytes, stream, {}).decode(4) == w);
  CHECK(encode(header, w) == stream);
}

TEST_CASE("range coder: at most 1.5 % and 64 bytes over the order-0 entropy") {
  std::vector<std::pair<std::string, Weights>> sources;
  for (const double ratio : {0.2, 0.5, 0.8, 0.93, 0.98}) sources.emplace_back("geometric", geometric(20000, ratio, 71));
  for (const double zeros : {0.5, 0.75, 0.9, 0.95, 0.98, 0.99})
    sources.emplace_back("sparse", normal(60000, 20, zeros, 72));
  for (const double sigma : {8.0, 20.0, 35.0, 60.0}) sources.emplace_back("normal", normal(20000, sigma, 0, 73));
  std::vector<int> even, odd;
  for (int v = -7; v <= 7; ++v) even.push_back(v), odd.push_back(v * v * v / 3 + 5);
  for (std::uint32_t seed = 74; seed < 78; ++seed) {
    sources.emplace_back("15 levels", levels(8000, even, seed));
    sources.emplace_back("15 values", levels(8000, odd, seed));
  }
  for (const auto& [name, w] : sources) {
    CAPTURE(name, entropy_bits(w));
    CHECK(static_cast<double>(round_trip(w)) <= 1.015 * entropy_bytes(w) + 64);
  }
}

TEST_CASE("range coder: below the order-0 entropy where the neighbours tell something") {
  Weights blocks = normal(60000, 20, 0, 13);  // zeros come in groups
  std::mt19937 rng(14);
  for (std::size_t i = 0; i < blocks.size(); i += 8)
    if (rng() % 4 != 0) std::fill_n(blocks.begin() + static_cast<std::ptrdiff_t>(i), 8, std::int8_t{0});
  CHECK(static_cast<double>(round_trip(blocks)) < 0.9 * entropy_bytes(blocks));
  Weights columns = normal(64 * 400, 40, 0, 15);  // input channels of different size
  for (std::size_t i = 0; i < columns.size(); ++i)
    columns[i] = static_cast<std::int8_t>(columns[i] / (1 << i % 64 / 11));
  CHECK(static_cast<double>(round_trip(columns, {64, 1, 1})) < 0.93 * entropy_bytes(columns));
}

TEST_CASE("range coder: the largest weight of a filter costs less when its place is told") {
  for (const FilterShape f : {FilterShape{1, 9, 64}, FilterShape{64, 1, 1}}) {
    const Weights w = scaled_filters(64, f, 16);
    RangeHeader h = range_header(w, f);
    CHECK(h.peak);
    h.peak = false;
    CHECK(range_encode(h, w, f)->size() > round_trip(w, f) + 8);
  }
}

TEST_CASE("range coder: pieces of any size, and scratch that says what it needs") {
  const FilterShape f{10, 5, 1};
  const Weights w = normal(5000, 15, 0.4, 21);
  RangeHeader h = range_header(w, f);
  h.local = h.channel = true;
  const Bytes header = h.bytes(), stream = *range_encode(h, w, f);
  CHECK(reader_bytes(header, f) == reader_bytes(header, {1, 1, 1}) - 4 + 12);
  CHECK(reader_bytes(table_of(w).bytes, f) == 0);
  std::vector<std::uint32_t> scratch(reader_bytes(header, f) / 4);
  tinyc_layer layer{};
  layer.weights = reinterpret_cast<const std::int8_t*>(stream.data());
  layer.codec = header.data();
  layer.stream_bytes = static_cast<std::uint32_t>(stream.size());
  tinyc_reader reader;
  const std::int8_t* rest =
      tinyc_reader_init(&reader, &layer, reinterpret_cast<std::uint8_t*>(scratch.data()), 10, 5, 1);
  CHECK(rest == reinterpret_cast<const std::int8_t*>(scratch.data() + scratch.size()));
  std::mt19937 rng(22);
  Weights got;
  while (got.size() < w.size()) {
    Weights piece(std::min<std::size_t>(1 + rng() % 70, w.size() - got.size()));
    REQUIRE(tinyc_reader_next(&reader, &layer, piece.data(), static_cast<std::uint32_t>(piece.size())) == TINYC_OK);
    got.insert(got.end(), piece.begin(), piece.end());
  }
  CHECK(got == w);
}

TEST_CASE("range coder: like tensors share a header") {
  std::vector<Weights> w;
  std::vector<FilterWeights> tensors;
  for (std::uint32_t i = 0; i < 12; ++i) w.push_back(scaled_filters(16, {1, 9, 16}, 90 + i));
  std::size_t own = 0, shared = 0;
  for (const Weights& x : w) tensors.push_back({x, {1, 9, 16}});
  std::set<Bytes> headers, own_headers;
  const auto tables = range_headers(tensors);
  REQUIRE(tables.size() == w.size());
  for (std::size_t i = 0; i < w.size(); ++i) {
    if (headers.insert(tables[i].bytes).second) shared += tables[i].bytes.size();
    shared += encode(tables[i], w[i], tensors[i].shape).size();
    const RangeHeader h = range_header(w[i], tensors[i].shape);
    if (own_headers.insert(h.bytes()).second) own += h.bytes().size();
    own += range_encode(h, w[i], tensors[i].shape)->size();
  }
  CHECK(shared < own);
  CHECK(headers.size() < own_headers.size());
}

TEST_CASE("range coder: a weight that the header does not know is an internal error") {
  CHECK_THROWS_AS(encode({{0x80, 0x00, 1, 0}}, Weights{1, 2}), Error);
  CHECK_THROWS_AS(encode({{0x90, 0x00, 1, 0, 1, 5, 9}}, Weights{5, 6}), Error);
}

TEST_CASE("range coder: damaged headers are refused") {
  const auto refused = [](const Bytes& b) {
    try {
      verify_table(b);
    } catch (const Error& e) {
      return e.kind() == ErrorKind::input;
    }
    return false;
  };
  CHECK_FALSE(refused({0x80, 0x00, 0, 0}));
  CHECK_FALSE(refused({0xff, 0xff, 255, 1, 1, 5, 9}));
  CHECK(refused({0x80}));
  CHECK(refused({0x80, 0x00, 1}));
  CHECK(refused({0x80, 0x00, 1, 0, 0}));        // a byte too many
  CHECK(refused({0x90, 0x00, 1, 0}));           // no palette
  CHECK(refused({0x90, 0x00, 1, 0, 1, 5}));     // half a palette
  CHECK(refused({0x90, 0x00, 1, 2, 1, 5, 9}));  // zero outside of it
  CHECK(refused({0x80, 0x20, 1, 0}));           // begins behind the last octave
  CHECK(refused({0x80, 0x20, 0, 0}));
  CHECK_FALSE(refused({0x80, 0x20, 2, 0}));
}

TEST_CASE("range coder: filters that do not fit their tensor are refused") {
  const CodeTable t{{0x80, 0, 0, 0}};
  CHECK_NOTHROW(decode(t, {}, 18, {1, 9, 2}));
  CHECK_THROWS_AS(decode(t, {}, 19, {1, 9, 2}), Error);
  CHECK_THROWS_AS(decode(t, {}, 18, {0, 9, 1}), Error);
  CHECK_THROWS_AS(decode(t, {}, 18, {1, 0, 1}), Error);
  CHECK_THROWS_AS(decode(t, {}, 18, {1, 9, 0}), Error);
  CHECK_THROWS_AS(decode(t, {}, 18, {65535, 2, 1}), Error);
}

TEST_CASE("range coder: 10,000 mutated streams and headers end, inside their memory, as the oracle says") {
  struct Sample {
    Bytes header, stream;
    FilterShape shape;
    std::size_t n;
  };
  std::vector<Sample> samples;
  for (const double zeros : {0.0, 0.5, 0.95})
    for (const double sigma : {0.8, 6.0, 40.0})
      for (const FilterShape f : {FilterShape{6, 5, 1}, FilterShape{1, 10, 30}}) {
        const Weights w = normal(300, sigma, zeros, 41);
        const RangeHeader h = range_header(w, f);
        samples.push_back({h.bytes(), *range_encode(h, w, f), f, w.size()});
      }
  const Weights few = levels(300, {-90, -7, 0, 3, 55, 56, 120}, 42);
  const RangeHeader h = range_header(few, {6, 5, 1});
  REQUIRE_FALSE(h.palette.empty());
  samples.push_back({h.bytes(), *range_encode(h, few, {6, 5, 1}), {6, 5, 1}, few.size()});

  std::mt19937 rng(51);
  const auto mutate = [&](Bytes& b) {
    switch (b.empty() ? 3 : rng() % 4) {
      case 0: b[rng() % b.size()] = static_cast<std::uint8_t>(rng()); break;
      case 1: b[rng() % b.size()] ^= static_cast<std::uint8_t>(1u << rng() % 8); break;
      case 2: b.resize(rng() % b.size()); break;
      default:
        b.insert(b.begin() + static_cast<std::ptrdiff_t>(rng() % (b.size() + 1)), static_cast<std::uint8_t>(rng()));
    }
  };
  std::size_t wrong = 0, refused = 0, passed = 0;
  for (int i = 0; i < 10000; ++i) {
    Sample s = samples[rng() % samples.size()];
    for (std::uint32_t k = 1 + rng() % 3; k-- > 0;) mutate(s.stream);
    if (rng() % 4 == 0) {
      mutate(s.header);
      try {
        verify_table(s.header);
        if (!is_range(s.header)) continue;
      } catch (const Error& e) {
        wrong += e.kind() != ErrorKind::input;
        continue;
      }
      ++passed;
    }
    const std::size_t n = s.shape.step == 1 ? s.n * (1 + rng() % 20) : s.n;
    const auto expected = NaiveRangeDecoder(s.header, s.stream, s.shape).decode(n);
    wrong += decode_guarded(s.header, s.stream, n, s.shape) != expected;
    refused += !expected;
  }
  CHECK(wrong == 0);
  CHECK(refused > 1000);
  CHECK(passed > 200);
}
