// Lists of nonzero weights: what is written is read back, by the second decoder too, and damage is seen.
#include "catch.h"
#include "codec/naive_list_decoder.h"
#include "oracle/run_op.h"
#include "tinyc/codec.h"
#include "tinyc/error.h"

using namespace tinyc;

namespace {

using oracle::Random;
using Values = std::vector<std::int8_t>;

/// Weights of which about one in `rarity` blocks of `block` is not zero.
Values sparse(Random& r, std::size_t n, std::size_t block, int rarity) {
  Values w(n, 0);
  for (std::size_t i = 0; i < n; i += block)
    if (r.in(0, rarity - 1) == 0)
      for (std::size_t k = i; k < std::min(n, i + block); ++k) w[k] = static_cast<std::int8_t>(r.in(-128, 127));
  return w;
}

ListLayout layout_for(Random& r, std::span<const std::int8_t> weights, std::uint32_t channels, std::uint32_t taps,
                      bool single) {
  ListLayout l;
  l.channels = channels;
  l.group = single ? 1 : 4;
  if (!single) l.starts = list_starts(weights, channels);
  l.step = single ? 1 : 8 * static_cast<std::uint32_t>(r.in(1, 5));
  const std::uint32_t row = l.step * channels;
  for (std::uint32_t t = 0; t < taps; ++t) l.taps.push_back(t * row);
  return l;
}

struct Case {
  ListLayout layout;
  Values weights;
  CodeTable header;
  Bytes stream;
};

Case random_case(Random& r) {
  const auto channels = static_cast<std::uint32_t>(r.in(1, 40)), taps = static_cast<std::uint32_t>(r.in(1, 9));
  Case c;
  c.weights =
      sparse(r, std::size_t{channels} * taps * static_cast<std::size_t>(r.in(1, 9)), r.in(0, 1) ? 4 : 1, r.in(1, 12));
  c.layout = layout_for(r, c.weights, channels, taps, r.in(0, 1) == 0);
  c.header = list_header(c.layout).value();
  c.stream = encode(c.header, c.weights);
  return c;
}

TEST_CASE("lists are read back, and as the second decoder reads them") {
  Random r(5);
  for (int i = 0; i < 500; ++i) {
    const Case c = random_case(r);
    CAPTURE(i, c.layout.group, c.layout.channels, c.layout.taps.size());
    REQUIRE(is_list(c.header.bytes));
    REQUIRE(parse_list_header(c.header.bytes) == c.layout);
    REQUIRE(decode(c.header, c.stream, c.weights.size()) == c.weights);
    REQUIRE(test::naive_list(c.header.bytes, c.stream, c.weights.size()) == c.weights);
  }
}

TEST_CASE("the worked list of docs/weight_format.md") {
  const Values w{0, 0, 0, 5, -1, 0};
  const CodeTable header = list_header({4, 6, 8, {0, 2}, {0}}).value();
  REQUIRE(header.bytes == Bytes{0x40, 4, 6, 0, 8, 0, 2, 0, 0, 0, 2, 0, 0, 0});
  REQUIRE(encode(header, w) == Bytes{4, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0xfe, 0xff, 0x0a, 0, 0, 0});
}

TEST_CASE("a list holds an entry for each block that is not zero") {
  Values w(2 * 9 * 16, 0);
  for (const std::size_t block : {0u, 5u, 35u, 36u}) w[4 * block + 1] = 7;
  ListLayout l{4, 16, 8, list_starts(w, 16), {}};
  REQUIRE(l.starts == std::vector<std::uint32_t>{0, 4, 8, 12});
  for (std::uint32_t t = 0; t < 9; ++t) l.taps.push_back(32 * t);
  REQUIRE(encode(*list_header(l), w).size() == 4 * (2 + 3 * 4));
}

TEST_CASE("groups begin where the blocks do after channels were removed") {
  Random r(8);
  const std::size_t channels = 32;
  const Values w = sparse(r, channels * 64, 4, 5);
  Values left;  // without channels 5 and 18
  for (std::size_t i = 0; i < w.size(); ++i)
    if (i % channels != 5 && i % channels != 18) left.push_back(w[i]);
  REQUIRE(list_starts(left, 30) == std::vector<std::uint32_t>{0, 4, 7, 11, 15, 18, 22, 26});
}

TEST_CASE("damaged lists are refused") {
  Random r(6);
  int refused = 0, tries = 0;
  const auto reads = [](const CodeTable& header, const Bytes& stream, std::size_t n) {
    try {
      const Values w = decode(header, stream, n);
      return encode(header, w) == stream;  // what is taken has one form
    } catch (const Error& e) {
      REQUIRE(e.kind() == ErrorKind::input);
      return false;
    }
  };
  for (int i = 0; i < 2000; ++i) {
    const Case c = random_case(r);
    REQUIRE(!reads(c.header, Bytes(c.stream.begin(), c.stream.end() - 1), c.weights.size()));
    Bytes longer = c.stream;
    longer.resize(longer.size() + 4);
    REQUIRE(!reads(c.header, longer, c.weights.size()));
    REQUIRE(!reads(c.header, c.stream, c.weights.size() + 1));
    Bytes stream = c.stream;
    CodeTable header = c.header;
    Bytes& hit = r.in(0, 3) ? stream : header.bytes;
    hit[static_cast<std::size_t>(r.in(0, static_cast<int>(hit.size()) - 1))] ^=
        static_cast<std::uint8_t>(1 << r.in(0, 7));
    ++tries;
    refused += !reads(header, stream, c.weights.size());
  }
  CHECK(refused * 2 > tries);  // a weight may have become another one
}

}  // namespace
