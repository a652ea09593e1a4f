// Mutated streams and tables. The oracle says what each must give; the sanitizer build says that nothing is touched
// outside of the exact allocations.
#include <memory>

#include "catch.h"
#include "naive_decoder.h"
#include "naive_range_decoder.h"
#include "tinyc/codec.h"
#include "tinyc/error.h"
#include "weights.h"

using namespace tinyc;
using namespace tinyc::test;

namespace {
struct Sample {
  CodeTable table;
  Bytes stream;
  std::size_t weights;
};

std::vector<Sample> samples() {
  std::vector<Sample> out;
  for (const double zeros : {0.0, 0.4, 0.75, 0.97})
    for (const double sigma : {0.8, 6.0, 40.0}) {
      const Weights w = normal(300, sigma, zeros, 41);
      for (const double share : {1.0 / 512, 4.0}) {  // with small lookups and with the largest
        const std::span<const std::int8_t> s = w;
        const CodeTable t = build_table({&s, 1}, share);
        out.push_back({t, encode(t, w), w.size()});
      }
    }
  return out;
}

void mutate(Bytes& b, std::mt19937& rng) {
  switch (b.empty() ? 3 : rng() % 4) {
    case 0: b[rng() % b.size()] = static_cast<std::uint8_t>(rng()); break;
    case 1: b[rng() % b.size()] ^= static_cast<std::uint8_t>(1u << rng() % 8); break;
    case 2: b.resize(rng() % b.size()); break;
    default:
      b.insert(b.begin() + static_cast<std::ptrdiff_t>(rng() % (b.size() + 1)), static_cast<std::uint8_t>(rng()));
  }
  b.shrink_to_fit();
}

/// The reader must agree with the oracle: the same weights, or a refusal.
bool agrees(const CodeTable& t, const Bytes& stream, std::size_t n) {
  // a mutated table may have become a header
  const auto expected =
      is_range(t.bytes) ? NaiveRangeDecoder(t.bytes, stream, {}).decode(n) : NaiveDecoder(t.bytes, stream).decode(n);
  try {
    return decode(t, stream, n) == expected;
  } catch (const Error& e) {
    return !expected && e.kind() == ErrorKind::input;
  }
}
}  // namespace

TEST_CASE("10,000 mutated streams") {
  const auto all = samples();
  std::mt19937 rng(51);
  std::size_t wrong = 0, refused = 0;
  for (int i = 0; i < 10000; ++i) {
    Sample s = all[rng() % all.size()];
    for (std::uint32_t k = 1 + rng() % 4; k-- > 0;) mutate(s.stream, rng);
    const std::size_t n = rng() % 8 ? s.weights : s.weights * (1 + rng() % 500);
    wrong += !agrees(s.table, s.stream, n);
    refused += !NaiveDecoder(s.table.bytes, s.stream).decode(n);
  }
  CHECK(wrong == 0);
  CHECK(refused > 1000);  // or the mutations are too gentle to tell anything
}

TEST_CASE("more weights than a stream can hold are refused before they get memory") {
  const Sample s = samples()[0];
  const Bytes zeros(10000, 0);
  CHECK_THROWS_AS(decode(s.table, zeros, (std::size_t{1} << 32) + 1), Error);
  CHECK_THROWS_AS(decode(s.table, {zeros.data(), 1}, std::size_t{1} << 60), Error);
}

TEST_CASE("10,000 mutated tables") {
  const auto all = samples();
  std::mt19937 rng(52);
  std::size_t wrong = 0, passed = 0;
  for (int i = 0; i < 10000; ++i) {
    Sample s = all[rng() % all.size()];
    for (std::uint32_t k = 1 + rng() % 2; k-- > 0;) mutate(s.table.bytes, rng);
    bool good = true;
    try {
      verify_table(s.table.bytes);
    } catch (const Error& e) {
      good = false;
      wrong += e.kind() != ErrorKind::input;
    }
    passed += good;
    if (!good) continue;
    wrong += !agrees(s.table, s.stream, s.weights);
    mutate(s.stream, rng);
    wrong += !agrees(s.table, s.stream, s.weights);
  }
  CHECK(wrong == 0);
  CHECK(passed > 100);  // other symbols in a sound structure: these reach the reader
}

TEST_CASE("random bytes as a table") {
  std::mt19937 rng(53);
  for (int i = 0; i < 5000; ++i) {
    Bytes b(rng() % 120);
    for (auto& x : b) x = static_cast<std::uint8_t>(rng());
    if (is_range(b)) b[0] &= 0x7f;  // of the headers many are sound
    CHECK_THROWS_AS(verify_table(b), Error);
  }
}
