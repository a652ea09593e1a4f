#include <limits>
#include <random>

#include "catch.h"
#include "data/npy_bytes.h"
#include "tinyc/dataset.h"

using namespace tinyc;
using namespace testing;

namespace {

Array only(const Bytes& file, std::size_t max_rows = 0) {
  auto arrays = read_numpy(file, "test", max_rows);
  REQUIRE(arrays.size() == 1);
  return std::move(arrays[0]);
}

std::vector<float> values(const Array& a) {
  std::vector<float> out;
  for (std::size_t i = 0; i < a.rows(); ++i) {
    std::vector<float> row(a.row_elements());
    a.row(i, row);
    out.insert(out.end(), row.begin(), row.end());
  }
  return out;
}

std::string error_of(const Bytes& file) {
  try {
    read_numpy(file, "test", 0);
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::data);
    return e.what();
  }
  FAIL("no error");
  return {};
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("npy: every element type by value") {
  using V = std::vector<float>;
  CHECK(values(only(npy("|u1", "(2, 1)", raw<std::uint8_t>({0, 200})))) == V{0, 200});
  CHECK(values(only(npy("|i1", "(2,)", raw<std::int8_t>({-128, 7})))) == V{-128, 7});
  CHECK(values(only(npy("|b1", "(2,)", raw<std::uint8_t>({1, 0})))) == V{1, 0});
  CHECK(values(only(npy("<u2", "(1,)", raw<std::uint16_t>({65535})))) == V{65535});
  CHECK(values(only(npy("<i2", "(1,)", raw<std::int16_t>({-3})))) == V{-3});
  CHECK(values(only(npy("<i4", "(1,)", raw<std::int32_t>({-70000})))) == V{-70000});
  CHECK(values(only(npy("<u4", "(2,)", raw<std::uint32_t>({4000000000u, 1})))) == V{4e9f, 1});
  CHECK(values(only(npy("<i8", "(1,)", raw<std::int64_t>({-5})))) == V{-5});
  CHECK(values(only(npy("<u8", "(1,)", raw<std::uint64_t>({9})))) == V{9});
  CHECK(values(only(npy("<f4", "(2,)", raw<float>({0.5f, -1e-45f})))) == V{0.5f, -1e-45f});
  CHECK(values(only(npy("<f8", "(1,)", raw<double>({0.1})))) == V{0.1f});
  CHECK(contains(error_of(npy("<u8", "(1,)", raw<std::uint64_t>({~std::uint64_t{0}}))), "2^63"));
}

TEST_CASE("npy: half precision, subnormals, infinities and NaN included") {
  const auto a =
      only(npy("<f2", "(8,)", raw<std::uint16_t>({0x3c00, 0xc000, 0x7bff, 0x0001, 0x83ff, 0x0400, 0x7c00, 0x8000})));
  const auto v = values(a);
  CHECK(v ==
        std::vector<float>{1, -2, 65504, 0x1p-24f, -0x3ffp-24f, 0x1p-14f, std::numeric_limits<float>::infinity(), 0});
  CHECK(std::signbit(v[7]));
  CHECK(std::isnan(values(only(npy("<f2", "(1,)", raw<std::uint16_t>({0x7e01}))))[0]));
}

TEST_CASE("npy: byte order, memory order, scalars, versions") {
  CHECK(values(only(npy(">f4", "(2,)", {0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0}))) == std::vector<float>{1, -2});
  CHECK(values(only(npy(">u4", "(1,)", {0, 0, 1, 2}))) == std::vector<float>{258});
  CHECK(values(only(npy("=i2", "(1,)", raw<std::int16_t>({3})))) == std::vector<float>{3});
  const auto scalar = only(npy("<f4", "()", raw<float>({3})));
  CHECK(scalar.shape == std::vector<std::int64_t>{1});
  for (const int version : {1, 2, 3}) {
    Bytes file = npy_header("{\"shape\": (2L, ), 'descr':'|u1','fortran_order':False}", version);
    put(file, Bytes{4, 5});
    CHECK(values(only(file)) == std::vector<float>{4, 5});
  }
  // a[i][j][k] = 100 i + 10 j + k, stored first axis fastest
  Bytes data;
  for (std::uint8_t k = 0; k < 2; ++k)
    for (std::uint8_t j = 0; j < 3; ++j)
      for (std::uint8_t i = 0; i < 2; ++i) data.push_back(static_cast<std::uint8_t>(100 * i + 10 * j + k));
  const Bytes file = npy("|u1", "(2, 3, 2)", data, true);
  CHECK(values(only(file)) == std::vector<float>{0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121});
  CHECK(values(only(file, 1)) == std::vector<float>{0, 1, 10, 11, 20, 21});
  CHECK(only(file, 1).shape == std::vector<std::int64_t>{1, 3, 2});
}

TEST_CASE("npy: damaged and unsuitable files") {
  const Bytes one = raw<float>({1});
  for (const char* type : {"|O", "<U4", "|S3", "<c8", "<f16", "<M8[s]", "|V4", "f4x", "<f", "", "<>f4"})
    CHECK(contains(error_of(npy(type, "(1,)", one)), "no plain numbers"));
  CHECK(contains(error_of(npy("<f4", "(2,)", one)), "more elements than it can hold"));
  CHECK(contains(error_of(npy("<f4", "(4294967296, 4294967296)", one)), "2 GiB"));
  CHECK(contains(error_of(npy("<f4", "(0, 99999999999999)", {})), "2 GiB"));
  CHECK(contains(error_of(npy("<f8", "(2147483648,)", {})), "2 GiB"));
  error_of(npy("<f4", "(-1,)", one));
  error_of(npy("<f4", "(1", one));
  error_of(npy("<f4", "(1.5,)", one));
  error_of(npy_header("{'descr': '<f4'}"));
  error_of(npy_header("{'descr': '<f4', 'descr': '<f4', 'shape': (1,), 'fortran_order': False}"));
  error_of(npy_header("{'descr': [('a', '<f4')], 'shape': (1,), 'fortran_order': False}"));
  error_of(npy_header("{'descr': '<f4', 'shape': (1,), 'fortran_order': Maybe}"));
  error_of(npy_header("{'descr': '<f4", 1));
  error_of(npy_header("{}", 9));
  error_of({});
  const Bytes good = npy("<f4", "(1,)", one);
  for (std::size_t n = 0; n < good.size(); ++n)
    error_of(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n)));
  CHECK(only(npy("<f4", "(0, 5)", {})).rows() == 0);
}

TEST_CASE("npz: stored, deflated, data descriptors, ZIP64, comments, other members") {
  const Bytes x = npy("<f4", "(3, 2)", raw<float>({1, 2, 3, 4, 5, 6})),
              y = npy("<i8", "(3,)", raw<std::int64_t>({7, 8, 9}));
  for (int form = 0; form < 32; ++form) {
    INFO(form);
    const bool deflated = form & 1, descriptor = form & 2, zip64 = form & 4, end64 = form & 8;
    const Bytes file =
        zip({{"x.npy", x, deflated, descriptor, zip64}, {"readme.txt", y}, {"y.npy", y, !deflated, descriptor, zip64}},
            end64, form & 16 ? "a comment PK\x05\x06 inside" : "");
    const auto all = read_numpy(file, "test");
    REQUIRE(all.size() == 2);
    CHECK(all[0].name == "x");
    CHECK(values(all[0]) == std::vector<float>{1, 2, 3, 4, 5, 6});
    CHECK(all[1].name == "y");
    CHECK(values(all[1]) == std::vector<float>{7, 8, 9});
    const auto two = read_numpy(file, "test", 2);
    CHECK(values(two[0]) == std::vector<float>{1, 2, 3, 4});
    CHECK(values(two[1]) == std::vector<float>{7, 8});
  }
}

TEST_CASE("npz: damage is found") {
  const Bytes x = npy("<f4", "(3, 2)", raw<float>({1, 2, 3, 4, 5, 6}));
  Bytes file = zip({{"x.npy", x}});
  Bytes changed = file;
  changed[30 + 5 + x.size() - 1] ^= 1;
  CHECK(contains(error_of(changed), "checksum"));
  for (std::size_t n = 0; n < file.size(); ++n)
    error_of(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(n)));
  CHECK(contains(error_of(zip({{"x.npy", x}, {"x.npy", x}})), "two arrays"));
  changed = file;
  changed[changed.size() - 22 - 46 - 5 + 8] |= 1;
  CHECK(contains(error_of(changed), "encrypted"));
  changed = file;
  changed[changed.size() - 22 - 46 - 5 + 10] = 12;
  CHECK(contains(error_of(changed), "method 12"));
  CHECK(contains(error_of(zip({{"x.npy", x, false, false, false, 1 << 20}})), "more than it can hold"));
  CHECK(contains(error_of(zip({{"x.npy", x, true, false, true, std::int64_t{1} << 40}})), "more than it can hold"));
}

TEST_CASE("npz: archives that unpack to far more than they hold") {
  // 64 MiB of zeros in 64 KiB; the header claims only what a test may allocate. Two directory entries for one member
  // would double it for free and are refused.
  const Bytes bomb = npy("|u1", "(67108864,)", Bytes(std::size_t{64} << 20, 0));
  const Bytes file = zip({{"x.npy", bomb, true}});
  REQUIRE(file.size() < 100000);
  CHECK(read_numpy(file, "test", 10)[0].data.size() == 10);
  Bytes twice = zip({{"x.npy", npy("|u1", "(4,)", {1, 2, 3, 4})}, {"y.npy", npy("|u1", "(4,)", {1, 2, 3, 4})}});
  const std::size_t second_entry = twice.size() - 22 - (46 + 5);
  for (int i = 0; i < 4; ++i) twice[second_entry + 42 + static_cast<std::size_t>(i)] = 0;  // offset of the first member
  CHECK(contains(error_of(twice), "overlap"));
  // a header that claims 2 GiB - 1 behind a few bytes of deflate
  CHECK(contains(error_of(zip({{"x.npy", npy("|u1", "(2147483647,)", Bytes(100, 0)), true}})), "can hold"));
}

TEST_CASE("write_numpy: read back, by name and type, and the same bytes each time") {
  const Folder folder;
  Array a;
  a.name = "model/in:0";
  a.type = Array::Type::i16;
  a.shape = {2, 3};
  a.data = raw<std::int16_t>({1, -2, 3, 4, 5, -32768});
  Array b;
  b.name = "x1";
  b.type = Array::Type::f32;
  b.shape = {2};
  b.data = raw<float>({0.5f, -1});
  const std::vector<Array> both = {a, b};
  write_numpy(folder.path() / "a.npz", both);
  write_numpy(folder.path() / "b.npz", both);
  CHECK(read_file(folder.path() / "a.npz", ErrorKind::data) == read_file(folder.path() / "b.npz", ErrorKind::data));
  const auto again = read_numpy(folder.path() / "a.npz");
  REQUIRE(again.size() == 2);
  CHECK(again[0].name == a.name);
  CHECK(again[0].type == a.type);
  CHECK(again[0].shape == a.shape);
  CHECK(again[0].data == a.data);
  CHECK(again[1].data == b.data);
  write_numpy(folder.path() / "b.npy", std::vector<Array>{b});
  const Bytes npy_file = read_file(folder.path() / "b.npy", ErrorKind::data);
  CHECK(npy_file.size() == 128 + 8);  // the data starts at a multiple of 64
  CHECK(only(npy_file).data == b.data);
  CHECK_THROWS_AS(write_numpy(folder.path() / "b.npy", both), Error);
  CHECK_THROWS_AS(write_numpy(folder.path() / "b.txt", both), Error);
  for (const auto t : {Array::Type::u8, Array::Type::i8, Array::Type::u16, Array::Type::i32, Array::Type::i64,
                       Array::Type::f16, Array::Type::f64, Array::Type::boolean}) {
    Array c;
    c.type = t;
    c.shape = {1};
    c.data = Bytes(size_of(t), 1);
    write_numpy(folder.path() / "c.npy", std::vector<Array>{c});
    CHECK(read_numpy(folder.path() / "c.npy")[0].type == t);
  }
}

TEST_CASE("2000 mutated .npy and .npz files: read or Error(data)") {
  const Bytes x = npy("<f4", "(5, 2)", Bytes(40, 1)), y = npy(">i8", "(5,)", Bytes(40, 2), true);
  const std::vector<Bytes> seeds = {x, y, zip({{"x.npy", x, true}, {"y.npy", y}}),
                                    zip({{"x.npy", x, true, true, true}, {"y.npy", y, true}}, true)};
  std::mt19937 rng(11);
  int good = 0, bad = 0;
  for (int i = 0; i < 2000; ++i) {
    Bytes file = seeds[static_cast<std::size_t>(i) % seeds.size()];
    for (auto edits = 1 + rng() % 3; edits > 0 && !file.empty(); --edits) {
      const std::size_t at = rng() % file.size();
      switch (rng() % 5) {
        case 0: file[at] = static_cast<std::uint8_t>(rng()); break;
        case 1: file[at] ^= static_cast<std::uint8_t>(1u << rng() % 8); break;
        case 2: file.resize(at); break;
        case 3: file.erase(file.begin() + static_cast<std::ptrdiff_t>(at)); break;
        default:
          for (std::size_t k = at; k < std::min(at + 4, file.size()); ++k) file[k] = rng() % 2 ? 0xff : 0;
      }
    }
    try {
      for (const auto& a : read_numpy(file, "test", rng() % 3))
        CHECK(a.data.size() == a.rows() * a.row_elements() * size_of(a.type));
      ++good;
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::data) FAIL(e.what());
      ++bad;
    }
  }
  CHECK(good > 50);
  CHECK(bad > 500);
}
