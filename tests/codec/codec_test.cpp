#include "tinyc/codec.h"

#include <numeric>

#include "catch.h"
#include "codec/huffman.h"
#include "codec/pairs.h"
#include "naive_decoder.h"
#include "tinyc/error.h"
#include "tinyc_rt/tinyc_rt.h"
#include "weights.h"

using namespace tinyc;
using namespace tinyc::test;

namespace {
void round_trip(const Weights& w) {
  const CodeTable table = table_of(w);
  REQUIRE_NOTHROW(verify_table(table.bytes));
  const Bytes stream = encode(table, w);
  REQUIRE(decode(table, stream, w.size()) == w);
  REQUIRE(NaiveDecoder(table.bytes, stream).decode(w.size()) == w);
}

double bits_per_weight(const Weights& w) {
  return 8.0 * static_cast<double>(encode(table_of(w), w).size()) / static_cast<double>(w.size());
}
}  // namespace

TEST_CASE("weights of every kind come back") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    std::mt19937 rng(seed);
    const std::size_t n = 1 + rng() % 3000;
    round_trip(normal(n, 0.3 + rng() % 50, (rng() % 101) / 100.0, seed));
  }
}

TEST_CASE("special tensors come back") {
  round_trip({});
  round_trip({0});
  round_trip({-128});
  round_trip(Weights(5000, 0));
  round_trip(Weights(777, 42));
  round_trip({1, 0});
  round_trip({0, 1});
  Weights all(256);
  std::iota(all.begin(), all.end(), std::int8_t{-128});
  round_trip(all);
  Weights skewed;  // counts grow so fast that the length limit binds
  for (int s = 0, n = 1; s < 20; ++s, n = n * 8 / 5 + 1)
    skewed.insert(skewed.end(), static_cast<std::size_t>(n), static_cast<std::int8_t>(s + 1));
  round_trip(skewed);
}

TEST_CASE("runs at the limits of the run alphabet") {
  for (const std::size_t run : {1, 2, 3, 4, 31, 32, 63, 64, 65534, 65535, 65536, 65537, 131071, 200000}) {
    CAPTURE(run);
    Weights w(run, 0);
    round_trip(w);
    w.push_back(7);
    round_trip(w);
    w.insert(w.end(), run, 0);
    w.push_back(7);
    w.push_back(-7);
    round_trip(w);
  }
}

TEST_CASE("a table serves several tensors") {
  const Weights a = normal(4000, 20, 0.1, 5), b = normal(900, 5, 0.7, 6), c(300, 0);
  const std::span<const std::int8_t> spans[] = {a, b, c};
  const CodeTable table = build_table(spans);
  for (const Weights& w : {a, b, c}) CHECK(decode(table, encode(table, w), w.size()) == w);
  const std::span<const std::int8_t> other_order[] = {c, a, b};
  CHECK(build_table(other_order).bytes == table.bytes);
}

TEST_CASE("a weight that the table does not know is an internal error") {
  const CodeTable table = table_of({1, 2, 3, 1, 1});
  const Weights w{1, 4};
  CHECK_THROWS_AS(encode(table, w), Error);
}

TEST_CASE("dense weights take at most 1.5 % over their entropy") {
  for (const double sigma : {8.0, 20.0, 35.0, 60.0}) {
    const Weights w = normal(40000, sigma, 0, 11);
    CAPTURE(sigma, entropy_bits(w));
    CHECK(bits_per_weight(w) <= 1.015 * entropy_bits(w));
    CHECK(bits_per_weight(w) >= entropy_bits(w));
    CHECK(table_of(w).bytes.size() < 1000);
  }
}

TEST_CASE("sparse weights stay near their entropy, below one bit a weight too") {
  for (const double zeros : {0.8, 0.9, 0.95, 0.98, 0.995}) {
    const Weights w = normal(60000, 20, zeros, 12);
    CAPTURE(zeros, entropy_bits(w));
    CHECK(bits_per_weight(w) <= 1.025 * entropy_bits(w));
  }
}

TEST_CASE("zeros in blocks cost less than their order-0 entropy") {
  Weights w = normal(60000, 20, 0, 13);
  std::mt19937 rng(14);
  for (std::size_t i = 0; i < w.size(); i += 4)
    if (rng() % 4 != 0) std::fill_n(w.begin() + static_cast<std::ptrdiff_t>(i), 4, std::int8_t{0});
  CHECK(bits_per_weight(w) < 0.9 * entropy_bits(w));
}

TEST_CASE("small tensors get small tables") {
  CHECK(table_of(Weights(100, 0)).bytes.size() <= 24);
  CHECK(table_of({3, 3, -2, 0, 3, 7, 3, 0}).bytes.size() <= 20);
}

TEST_CASE("entropy") {
  CHECK(entropy_bits({}) == 0);
  CHECK(entropy_bits(Weights{5, 5, 5}) == 0);
  CHECK(entropy_bits(Weights{1, 2, 3, 4}) == Approx(2));
  CHECK(entropy_bits(Weights{0, 0, 0, 1}) == Approx(0.8112781));
}

TEST_CASE("weights may be read in pieces of any size") {
  for (const double zeros : {0.0, 0.6, 0.95}) {
    const Weights w = normal(5000, 15, zeros, 21);
    const CodeTable table = table_of(w);
    const Bytes stream = encode(table, w);
    tinyc_layer layer{};
    layer.weights = reinterpret_cast<const std::int8_t*>(stream.data());
    layer.codec = table.bytes.data();
    layer.stream_bytes = static_cast<std::uint32_t>(stream.size());
    tinyc_huffman reader;
    tinyc_huffman_init(&reader, &layer);
    std::mt19937 rng(22);
    Weights got;
    while (got.size() < w.size()) {
      Weights piece(std::min<std::size_t>(rng() % 70, w.size() - got.size()));
      REQUIRE(tinyc_huffman_next(&reader, piece.data(), static_cast<std::uint32_t>(piece.size())) == TINYC_OK);
      got.insert(got.end(), piece.begin(), piece.end());
    }
    CHECK(got == w);
  }
}

TEST_CASE("code lengths by hand") {
  using Lengths = std::vector<std::uint8_t>;
  const auto lengths = [](std::vector<std::uint64_t> f, int limit) { return code_lengths(f, limit); };
  CHECK(lengths({1, 1}, 16) == Lengths{1, 1});
  CHECK(lengths({1, 1, 2, 4}, 16) == Lengths{3, 3, 2, 1});
  CHECK(lengths({1, 1, 2, 4}, 2) == Lengths{2, 2, 2, 2});
  CHECK(lengths({1, 1, 2, 3, 5, 8}, 16) == Lengths{5, 5, 4, 3, 2, 1});
  CHECK(lengths({1, 1, 2, 4, 8, 16}, 4) == Lengths{4, 4, 4, 4, 2, 1});  // 64 bits; {4, 4, 3, 3, 3, 1} has 66
}

TEST_CASE("code lengths are optimal under every limit") {
  // every complete set of lengths of five symbols, tried one by one
  std::mt19937 rng(31);
  for (int round = 0; round < 40; ++round) {
    std::vector<std::uint64_t> freq(5);
    for (auto& f : freq) f = 1 + rng() % (round % 2 ? 100 : 6);
    for (int limit = 3; limit <= 5; ++limit) {
      std::uint64_t best = ~std::uint64_t{0};
      std::array<int, 5> l{1, 1, 1, 1, 1};
      for (;;) {
        int kraft = 0;
        std::uint64_t cost = 0;
        for (std::size_t i = 0; i < 5; ++i) kraft += 32 >> l[i], cost += freq[i] * static_cast<std::uint64_t>(l[i]);
        if (kraft <= 32) best = std::min(best, cost);
        std::size_t i = 0;
        while (i < 5 && ++l[i] > limit) l[i++] = 1;
        if (i == 5) break;
      }
      const auto got = code_lengths(freq, limit);
      std::uint64_t cost = 0;
      int kraft = 0;
      for (std::size_t i = 0; i < 5; ++i) cost += freq[i] * got[i], kraft += 32 >> got[i];
      CHECK(cost == best);
      CHECK(kraft == 32);
    }
  }
}

// Decisions that only cost bytes when they go wrong (which code, which lookup, runs or single zeros) show nowhere else.
// A change of the coder that is meant changes these numbers, and its commit says by how much.
TEST_CASE("coded bytes are what they were") {
  std::mt19937 rng(77);
  std::size_t total = 0;
  std::uint64_t hash = 0xcbf29ce484222325u;
  const auto add = [&](const Bytes& bytes) {
    total += bytes.size();
    for (const auto b : bytes) hash = (hash ^ b) * 0x100000001b3u;
  };
  for (const int zeros : {0, 50, 80, 90, 97})
    for (const int spread : {1, 3, 12, 42})
      for (const bool blocks : {false, true}) {
        Weights w(900);
        for (std::size_t i = 0; i < w.size(); ++i) {
          const bool zero = blocks && i % 8 ? w[i - 1] == 0 : static_cast<int>(rng() % 100) < zeros;
          int v = 0;
          for (int k = 0; k < 3; ++k) v += static_cast<int>(rng() % static_cast<unsigned>(2 * spread + 1)) - spread;
          w[i] = static_cast<std::int8_t>(zero ? 0 : v);
        }
        for (const double share : {1.0 / 512, 1.0 / 64, 1.0 / 8}) {
          const std::span<const std::int8_t> s = w;
          const CodeTable t = build_table({&s, 1}, share);
          add(t.bytes);
          add(encode(t, w));
        }
      }
  CHECK(total == 35851);
  CHECK(hash == 5510286881240809273u);
}

TEST_CASE("the longest run is 65535 zeros, the zero after it a literal") {
  for (const std::uint32_t zeros : {65534u, 65535u, 65536u}) {
    std::vector<std::int8_t> w(zeros, 0);
    w.push_back(5);
    std::vector<std::pair<std::uint32_t, int>> pairs;
    tinyc::for_each_pair(
        std::span<const std::int8_t>(w), [&](std::uint32_t run, std::int8_t v) { pairs.emplace_back(run, v); },
        [&](std::uint32_t run) { pairs.emplace_back(run, 1000); });
    if (zeros < 65536)
      CHECK(pairs == std::vector<std::pair<std::uint32_t, int>>{{zeros, 5}});
    else
      CHECK(pairs == std::vector<std::pair<std::uint32_t, int>>{{65535, 0}, {0, 5}});
  }
}
