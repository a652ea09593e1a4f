// Tables and streams put together by hand, good ones and bad ones.
#include "catch.h"
#include "codec/table.h"
#include "naive_decoder.h"
#include "tinyc/codec.h"
#include "tinyc/error.h"
#include "tinyc_rt/tinyc_rt.h"
#include "weights.h"

using namespace tinyc;
using namespace tinyc::test;

namespace {
const Bytes kExample{0x02, 0x00, 0x00, 0x01, 0x04, 0x02, 0x00, 0x00, 0x00, 0x00, 0x04, 0xff, 0x3f, 0x02, 0x00, 0xff,
                     0xbf, 0x22, 0x00, 0xff, 0xdf, 0x63, 0x3f, 0xff, 0xff, 0xa3, 0x3f, 0x05, 0x01, 0x06, 0x0a, 0x02};

Weights example() {
  Weights w(1000, 0);
  w[2] = 5, w[3] = 1, w[30] = 5, w[500] = 5, w[530] = 5;
  return w;
}

// Runs 0 (`0`), 1 (`10`) and 2 (`11`), then literals 1 (`0`) and -1 (`1`).
const Bytes kTurns{0x01, 0x16, 0x00,                                // E = 1, second code at 22
                   0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04,  // K = 1, 2 rows, no literals
                   0xff, 0x7f, 0x01, 0x00, 0xff, 0xff, 0xe2, 0x3f,  // `0` + 0; `10` + 511
                   0x00, 0x01, 0x02,                                // symbols; 2 is 2..3 with one extra bit
                   0x01, 0x01, 0x02, 0x00, 0x01, 0x01, 0x01, 0xff,  // K = 1, 1 row, both literals direct
                   0xff, 0xff, 0x01, 0x00, 0x01, 0xff};

void rejected(Bytes table) {
  CHECK_THROWS_AS(verify_table(table), Error);
  CHECK_THROWS_AS(decode({table}, Bytes{1, 2, 3}, 4), Error);
}

void rejected_when(const Bytes& table, std::size_t at, std::uint8_t value) {
  CAPTURE(at, static_cast<int>(value));
  Bytes changed = table;
  REQUIRE(changed.at(at) != value);
  changed[at] = value;
  rejected(changed);
}
}  // namespace

TEST_CASE("the worked example of the documentation") {
  const Bytes stream{0xe6, 0x68, 0xb5, 0x47, 0x4b, 0x54};
  CHECK(decode({kExample}, stream, 1000) == example());
  CHECK(NaiveDecoder(kExample, stream).decode(1000) == example());
  CHECK(table_of(example()).bytes == kExample);
  CHECK(encode({kExample}, example()) == stream);
}

TEST_CASE("runs and literals in turns") {
  // run 0, 1; run 1, -1; run 3, 1; run 2 at the end: 0 0 | 10 1 | 11 1 0 | 11 0
  const Weights w{1, 0, -1, 0, 0, 0, 1, 0, 0};
  const Bytes stream{0b00101111, 0b01100000};
  CHECK_NOTHROW(verify_table(kTurns));
  CHECK(decode({kTurns}, stream, 9) == w);
  CHECK(NaiveDecoder(kTurns, stream).decode(9) == w);
  CHECK(encode({kTurns}, w) == stream);
}

TEST_CASE("a code of one literal takes one bit a weight") {
  const Bytes table{0x01, 0, 0, 0x01, 0x01, 0x02, 0x00, 0x01, 0x09, 0x01, 0x09, 0xff, 0xff, 0x01, 0x00, 9, 9};
  CHECK(decode({table}, Bytes{0x00}, 8) == Weights(8, 9));
  CHECK(decode({table}, Bytes{0xff}, 8) == Weights(8, 9));
  CHECK_THROWS_AS(decode({table}, Bytes{0x00}, 9), Error);
  CHECK(encode({table}, Weights(9, 9)) == Bytes{0, 0});
}

TEST_CASE("streams that end early") {
  const Bytes whole{0xe6, 0x68, 0xb5, 0x47, 0x4b, 0x54};
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
    CHECK_THROWS_AS(decode({kExample}, part, 1000), Error);
  }
  CHECK_THROWS_AS(decode({kExample}, whole, 1005), Error);
  CHECK_THROWS_AS(decode({kTurns}, Bytes{}, 1), Error);
  CHECK(decode({kTurns}, Bytes{}, 0).empty());
  CHECK_THROWS_AS(decode({kExample}, whole, std::size_t{1} << 40), Error);  // and does not try to hold so many
}

TEST_CASE("a reader that failed stays failed") {
  const Bytes stream{0x00};
  tinyc_layer layer{};
  layer.weights = reinterpret_cast<const std::int8_t*>(stream.data());
  layer.codec = kExample.data();
  layer.stream_bytes = 1;
  tinyc_huffman reader;
  tinyc_huffman_init(&reader, &layer);
  std::int8_t out[8];
  CHECK(tinyc_huffman_next(&reader, out, 4) == TINYC_OK);
  CHECK(tinyc_huffman_next(&reader, out, 0) == TINYC_OK);
  CHECK(tinyc_huffman_next(&reader, out, 1) == TINYC_E_STREAM);
  CHECK(tinyc_huffman_next(&reader, out, 1) == TINYC_E_STREAM);
}

TEST_CASE("damaged tables are refused") {
  for (std::size_t n = 0; n < kExample.size(); ++n)
    rejected({kExample.begin(), kExample.begin() + static_cast<std::ptrdiff_t>(n)});
  Bytes longer = kExample;
  longer.push_back(3);
  rejected(longer);  // a symbol without a codeword
  rejected(Bytes(70000, 1));
  rejected_when(kExample, 0, 0);  // E
  rejected_when(kExample, 0, 7);
  rejected_when(kExample, 1, 2);    // second code inside the header
  rejected_when(kExample, 1, 200);  // ... and behind the end
  rejected_when(kExample, 3, 0);    // K
  rejected_when(kExample, 3, 9);
  rejected_when(kExample, 4, 0);  // rows
  rejected_when(kExample, 4, 3);
  rejected_when(kExample, 4, 64);
  rejected_when(kExample, 5, 3);   // a row would mix literals and runs
  rejected_when(kExample, 5, 40);  // more literals than symbols
  rejected_when(kExample, 7, 1);   // a lookup entry
  rejected_when(kExample, 10, 8);
  rejected_when(kExample, 11, 0xfe);  // rows that end inside a codeword
  rejected_when(kExample, 12, 0x00);
  rejected_when(kExample, 13, 0x00);  // length 0
  rejected_when(kExample, 13, 0x11);  // length 17
  rejected_when(kExample, 14, 0x40);  // a reserved bit
  rejected_when(kExample, 14, 0x20);  // a position outside
  rejected_when(kExample, 17, 0x42);  // positions used twice
  rejected_when(kExample, 24, 0xfe);  // windows that no row covers
  rejected_when(kExample, 29, 18);    // a run of 2^16
  rejected_when(kTurns, 1, 0x15);
  rejected_when(kTurns, 24, 1);  // the code after a run holds a run
}

TEST_CASE("a lookup of eight bits is the largest") {
  const Counted symbols[] = {{false, 1, 5}, {false, 2, 3}, {false, 3, 1}};
  for (const int bits : {1, 8, 9}) {
    Codes codes{1, {make_code(symbols, 16)}};
    codes.codes[0].lookup_bits = bits;  // consistent in all else
    const Bytes table = serialize(codes);
    if (bits <= 8)
      CHECK_NOTHROW(verify_table(table));
    else
      CHECK_THROWS_AS(verify_table(table), Error);
  }
}
