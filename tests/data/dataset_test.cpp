#include "tinyc/dataset.h"

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "catch.h"
#include "data/npy_bytes.h"

using namespace tinyc;
using namespace testing;

namespace {

std::string error_of(const std::filesystem::path& path, const Graph& g, const DatasetOptions& o = {}) {
  try {
    load_dataset(path, g, o);
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::data);
    return e.what();
  }
  FAIL("no error");
  return {};
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

bool warns(const Dataset& d, const std::string& part) {
  return std::any_of(d.warnings.begin(), d.warnings.end(), [&](const std::string& w) { return contains(w, part); });
}

std::vector<float> sample(const Dataset& d, std::size_t k, std::size_t i) {
  std::vector<float> out(d.inputs.at(k).row_elements());
  d.sample(k, i, out);
  return out;
}

/// `rows` rows of `columns` floats 0, 1, 2, ...
Bytes counting(std::size_t rows, std::size_t columns) {
  std::vector<float> v(rows * columns);
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<float>(i);
  return npy("<f4", "(" + std::to_string(rows) + ", " + std::to_string(columns) + ")", raw(v));
}

}  // namespace

TEST_CASE("npz keys: input names, their short forms, x, x0 and x1, labels and clips") {
  const Folder folder;
  const Bytes a = counting(2, 3), b = npy("<f4", "(2, 2)", raw<float>({9, 8, 7, 6}));
  const auto two = graph({{"serving_default_in:0", {1, 3}}, {"other:0", {1, 2}}});
  for (const auto& names : std::vector<std::pair<std::string, std::string>>{{"serving_default_in:0", "other:0"},
                                                                            {"serving_default_in", "other"},
                                                                            {"in", "other:0"},
                                                                            {"x0", "x1"},
                                                                            {"in", "x1"}}) {
    const auto p = folder.file(
        "d.npz", zip({{names.second + ".npy", b}, {names.first + ".npy", a}, {"names.npy", npy("|O", "(1,)", {1})}}));
    const auto d = load_dataset(p, two);
    REQUIRE(d.inputs.size() == 2);
    CHECK(sample(d, 0, 1) == std::vector<float>{3, 4, 5});
    CHECK(sample(d, 1, 0) == std::vector<float>{9, 8});
    CHECK_FALSE(d.labels);
  }
  const auto one = graph({{"in", {1, 3}}});
  const auto p = folder.file(
      "d.npz", zip({{"clip.npy", npy("|u1", "(2,)", {4, 5})}, {"y.npy", npy("|u1", "(2, 1)", {1, 2})}, {"x.npy", a}}));
  const auto d = load_dataset(p, one);
  REQUIRE(d.labels);
  REQUIRE(d.groups);
  CHECK(d.labels->data == Bytes{1, 2});
  CHECK(d.groups->data == Bytes{4, 5});
  CHECK(d.labels->name == "y");
  const auto wrong = folder.file("w.npz", zip({{"images.npy", a}}));
  CHECK(contains(error_of(wrong, one), "no array for input 'in'; it holds 'images'"));
  CHECK(contains(error_of(folder.file("x.npz", zip({{"x0.npy", a}})), two), "no array for input 'other:0'"));
  CHECK(contains(error_of(folder.file("x.npy", a), two), "2 inputs"));
}

TEST_CASE("shapes: dimensions of 1 do not matter, everything else does") {
  const Folder folder;
  const auto g = graph({{"in", {1, 2, 3, 1}}});
  for (const char* shape : {"(2, 2, 3, 1)", "(2, 2, 3)", "(2, 1, 2, 3)"}) {
    const auto d = load_dataset(folder.file("x.npy", npy("|u1", shape, Bytes(12, 1))), g);
    CHECK(d.samples() == 2);
  }
  for (const char* shape : {"(2, 6)", "(2, 3, 2)", "(12,)", "(2, 3)"}) {
    const std::string text = error_of(folder.file("x.npy", npy("|u1", shape, Bytes(12, 1))), g);
    CHECK(contains(text, std::string("has shape ") + shape));
    CHECK(contains(text, "[1,2,3,1]"));
  }
  CHECK(contains(error_of(folder.file("x.npy", npy("|u1", "(0, 2, 3)", {})), g), "no samples"));
  CHECK(load_dataset(folder.file("x.npy", npy("|u1", "(3,)", {1, 2, 3})), graph({{"in", {1, 1}}})).samples() == 3);
}

TEST_CASE("row counts, labels and values are checked") {
  const Folder folder;
  const auto g = graph({{"in", {1, 3}}});
  const Bytes x = counting(2, 3);
  CHECK(contains(error_of(folder.file("a.npz", zip({{"x.npy", x}, {"y.npy", npy("|u1", "(3,)", {1, 2, 3})}})), g),
                 "3 rows"));
  CHECK(contains(error_of(folder.file("a.npz", zip({{"x.npy", x}, {"y.npy", npy("|u1", "(2, 4)", Bytes(8))}})), g),
                 "'y' has shape (2, 4)"));
  CHECK_NOTHROW(
      load_dataset(folder.file("a.npz", zip({{"x.npy", x}, {"y.npy", npy("|u1", "(2, 10)", Bytes(20))}})), g));
  DatasetOptions need;
  need.need_labels = true;
  CHECK(contains(error_of(folder.file("x.npy", x), g, need), "no labels"));
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  CHECK(contains(error_of(folder.file("x.npy", npy("<f4", "(2, 3)", raw<float>({0, 0, 0, 0, nan, 0}))), g),
                 "NaN in row 1, element 1"));
  CHECK(contains(error_of(folder.file("x.npy", npy("<f4", "(2, 3)", raw<float>({0, 0, -inf, 0, 1, 0}))), g),
                 "infinite in row 0, element 2"));
  CHECK(contains(error_of(folder.file("x.npy", npy("<f8", "(1, 3)", raw<double>({0, 1e300, 0}))), g),
                 "infinite in row 0, element 1"));
  CHECK(contains(error_of(folder.file("x.npy", npy("<f2", "(1, 3)", raw<std::uint16_t>({0, 0, 0x7e00}))), g),
                 "NaN in row 0, element 2"));
  CHECK(contains(error_of(folder.path() / "none.npz", g), "cannot read"));
  CHECK(contains(error_of(folder.file("a.txt", std::string("hello, world")), g), "no format"));
  CHECK(contains(error_of(folder.file("a.npz", std::string()), g), "no format"));
}

TEST_CASE("preprocess and max_samples") {
  const Folder folder;
  const auto g = graph({{"in", {1, 3}}});
  DatasetOptions o;
  o.max_samples = 2;
  o.preprocess = parse_preprocess("scale=0.5,mean=1");
  const auto d = load_dataset(folder.file("x.npy", counting(30, 3)), g, o);
  CHECK(d.samples() == 2);
  CHECK(sample(d, 0, 1) == std::vector<float>{1, 1.5f, 2});
  CHECK(parse_preprocess("mean=-3") == Preprocess{1, -3});
  CHECK(parse_preprocess("scale=1e-3") == Preprocess{1e-3f, 0});
  for (const char* bad : {"", "scale", "scale=", "scale=x", "scale=1,", "scale=1,scale=2", "std=1", "scale=0",
                          "scale=nan", "scale=1 ", ",mean=1", "mean=1;scale=2"}) {
    INFO(bad);
    CHECK_THROWS_AS(parse_preprocess(bad), Error);
  }
}

TEST_CASE("suspicious samples are named, ordinary ones are not") {
  const Folder folder;
  auto g = graph({{"in", {1, 2}}});
  Bytes values(60);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint8_t>(i * 4);
  const auto bytes = folder.file("x.npy", npy("|u1", "(30, 2)", values));
  CHECK(warns(load_dataset(bytes, g), "0..236 are used as they are"));
  DatasetOptions scaled;
  scaled.preprocess = {1.0f / 255, 0};
  CHECK(load_dataset(bytes, g, scaled).warnings.empty());
  g.at(g.inputs[0]).range = Range{0, 255};
  CHECK(load_dataset(bytes, g).warnings.empty());
  CHECK(warns(load_dataset(bytes, g, scaled), "tiny beside"));
  g.at(g.inputs[0]).range = Range{0, 1};
  CHECK(warns(load_dataset(bytes, g), "far beyond 0..1"));
  g.at(g.inputs[0]).range.reset();
  g.at(g.inputs[0]).dtype = DType::i8;
  g.at(g.inputs[0]).quant = Quant{{1.0f / 256}, {-128}, 0};
  CHECK(warns(load_dataset(bytes, g), "far beyond 0..0.99"));
  CHECK(load_dataset(bytes, g, scaled).warnings.empty());
  CHECK(warns(load_dataset(folder.file("c.npy", npy("|u1", "(30, 2)", Bytes(60, 7))), g), "all values are 7"));
  CHECK(warns(load_dataset(folder.file("f.npy", npy("|u1", "(3, 2)", {1, 0, 1, 0, 1, 0})), g), "only 3 samples"));
}

TEST_CASE("csv: header, separators, label column") {
  const Folder folder;
  const auto g = graph({{"in", {1, 3}}});
  auto d = load_dataset(folder.file("a.csv", std::string("1,2,3\n\n-4, 5e-1 ,1e-60\r\n")), g);
  CHECK(d.samples() == 2);
  CHECK(sample(d, 0, 1) == std::vector<float>{-4, 0.5f, 0});
  CHECK_FALSE(d.labels);
  d = load_dataset(folder.file("a.csv", std::string("1;2;3;7\n4;5;6;8\n")), g);
  REQUIRE(d.labels);
  CHECK(d.labels->data == raw<float>({7, 8}));
  CHECK(sample(d, 0, 1) == std::vector<float>{4, 5, 6});
  d = load_dataset(folder.file("a.csv", std::string("\xef\xbb\xbflabel,\"a\",b,c\n7,1,2,3\n")), g);
  REQUIRE(d.labels);
  CHECK(d.labels->data == raw<float>({7}));
  CHECK(sample(d, 0, 0) == std::vector<float>{1, 2, 3});
  d = load_dataset(folder.file("a.csv", std::string("a\tb\tc\n\"1\"\t+2\t3\n")), g);
  CHECK(sample(d, 0, 0) == std::vector<float>{1, 2, 3});
  DatasetOptions one;
  one.max_samples = 1;
  CHECK(load_dataset(folder.file("a.csv", std::string("1,2,3\nbroken")), g, one).samples() == 1);
  CHECK(contains(error_of(folder.file("a.csv", std::string("1,2,3\n1,2\n")), g), "line 2: 2 columns, 3 expected"));
  CHECK(contains(error_of(folder.file("a.csv", std::string("1,2,3\n1,,3\n")), g), "line 2: column 2 is no number"));
  CHECK(
      contains(error_of(folder.file("a.csv", std::string("1,2,3\n1,1e999,3\n")), g), "line 2: column 2 is no number"));
  CHECK(contains(error_of(folder.file("a.csv", std::string("1,2,3\n1,nan,3\n")), g), "NaN in row 1, element 1"));
  CHECK(contains(error_of(folder.file("a.csv", std::string("1,2,3,4,5\n")), g), "5 columns, 3 expected"));
  CHECK(contains(error_of(folder.file("a.csv", std::string("a,b,c\n")), g), "no samples"));
}

TEST_CASE("bin: the element type by size or by name") {
  const Folder folder;
  const auto g = graph({{"in", {1, 3}}});
  auto d = load_dataset(folder.file("a.bin", raw<float>({1, 2, 3, 4, 5, 6})), g);
  CHECK(d.samples() == 2);
  CHECK(sample(d, 0, 1) == std::vector<float>{4, 5, 6});
  CHECK(warns(d, "2 float32 samples by its size"));
  d = load_dataset(folder.file("a.bin", Bytes{1, 2, 250}), g);
  CHECK(sample(d, 0, 0) == std::vector<float>{1, 2, 250});
  CHECK(warns(d, "1 uint8 samples by its size"));
  d = load_dataset(folder.file("a.u8.bin", Bytes(12, 200)), g);
  CHECK(d.samples() == 4);
  CHECK(sample(d, 0, 3)[0] == 200);
  CHECK_FALSE(warns(d, "by its size"));
  d = load_dataset(folder.file("a.i8.bin", Bytes(12, 200)), g);
  CHECK(sample(d, 0, 3)[0] == -56);
  CHECK(contains(error_of(folder.file("a.bin", Bytes(4, 1)), g), "no multiple"));
  CHECK(contains(error_of(folder.file("a.f32.bin", Bytes(15, 1)), g), "no multiple"));
  CHECK(contains(error_of(folder.file("a.bin", Bytes()), g), "0 bytes"));
}

TEST_CASE("idx: MNIST files, gzipped or not, with their labels") {
  const Folder folder;
  Bytes images, labels;
  for (const std::uint32_t v : {0x00000803u, 3u, 2u, 2u}) put_big(images, v);
  for (std::uint8_t i = 0; i < 12; ++i) images.push_back(i);
  for (const std::uint32_t v : {0x00000801u, 3u}) put_big(labels, v);
  put(labels, Bytes{7, 8, 9});
  const auto g = graph({{"in", {1, 2, 2, 1}}});
  const auto plain = folder.file("a-images-idx3-ubyte", images);
  CHECK_FALSE(load_dataset(plain, g).labels);
  folder.file("a-labels-idx1-ubyte.gz", gzip(labels));
  const auto packed = folder.file("a-images-idx3-ubyte.gz", gzip(images));
  for (const auto& p : {plain, packed}) {
    const auto d = load_dataset(p, g);
    CHECK(d.samples() == 3);
    CHECK(sample(d, 0, 2) == std::vector<float>{8, 9, 10, 11});
    REQUIRE(d.labels);
    CHECK(d.labels->data == Bytes{7, 8, 9});
    DatasetOptions two;
    two.max_samples = 2;
    CHECK(load_dataset(p, g, two).samples() == 2);
  }
  Bytes floats;
  for (const std::uint32_t v : {0x00000d02u, 1u, 4u, 0x3f800000u, 0u, 0xc0000000u, 0x40400000u}) put_big(floats, v);
  CHECK(sample(load_dataset(folder.file("f.idx", floats), graph({{"in", {1, 4}}})), 0, 0) ==
        std::vector<float>{1, 0, -2, 3});
  images.resize(images.size() - 1);
  CHECK(contains(error_of(folder.file("b.idx", images), g), "more elements than it can hold"));
  CHECK(contains(error_of(folder.file("b.gz", gzip(images)), g), "ends too early"));
  CHECK(contains(error_of(folder.file("b.gz", gzip(Bytes(100, 'a'))), g), "no IDX"));
  Bytes broken = gzip(images);
  broken[12] ^= 0xff;
  error_of(folder.file("b.gz", broken), g);
  Bytes huge;
  for (const std::uint32_t v : {0x00000803u, 0xffffffffu, 0xffffffffu, 0xffffffffu}) put_big(huge, v);
  CHECK(contains(error_of(folder.file("h.idx", huge), g), "2^31"));
}

TEST_CASE("synthetic samples: in range, repeatable, smooth in pictures, the same for every count") {
  auto g = graph({{"picture", {1, 16, 16, 3}}, {"vector", {1, 50}}});
  g.at(g.inputs[0]).range = Range{0, 255};
  g.at(g.inputs[1]).dtype = DType::i8;
  g.at(g.inputs[1]).quant = Quant{{0.5f}, {0}, 0};
  const auto d = synthetic_dataset(g, 8, 3), fewer = synthetic_dataset(g, 2, 3), other = synthetic_dataset(g, 8, 4);
  CHECK(d.samples() == 8);
  CHECK(d.inputs[0].shape == std::vector<std::int64_t>{8, 16, 16, 3});
  float low = 1e9f, high = -1e9f, low1 = 1e9f, high1 = -1e9f;
  for (std::size_t i = 0; i < 8; ++i) {
    for (const float v : sample(d, 0, i)) low = std::min(low, v), high = std::max(high, v);
    for (const float v : sample(d, 1, i)) low1 = std::min(low1, v), high1 = std::max(high1, v);
    CHECK(sample(d, 0, i) != sample(d, 0, (i + 1) % 8));
    CHECK(sample(d, 0, i) != sample(other, 0, i));
  }
  CHECK((low >= 0 && low < 5));
  CHECK((high <= 255 && high > 250));
  CHECK((low1 >= -64 && low1 < -55));
  CHECK((high1 <= 63.5f && high1 > 55));
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t k = 0; k < 2; ++k) CHECK(sample(d, k, i) == sample(fewer, k, i));
  // steps between neighbours are smaller with blobs of 8 pixels (sample 1) than in noise (sample 0)
  const auto roughness = [&](std::size_t i) {
    const auto v = sample(d, 0, i);
    float sum = 0;
    for (std::size_t k = 3; k < v.size(); ++k) sum += std::abs(v[k] - v[k - 3]);
    return sum;
  };
  CHECK(roughness(1) < roughness(0) / 3);
}

TEST_CASE("the first samples of a large npz cost little") {
  const std::filesystem::path p = std::filesystem::path(TINYC_SHARED_DIR) / "data" / "cifar10_train10k.npz";
  if (!std::filesystem::exists(p)) {
    WARN("skipped: no " << p);
    return;
  }
  DatasetOptions o;
  o.max_samples = 200;
  const auto start = std::chrono::steady_clock::now();
  const auto d = load_dataset(p, graph({{"in", {1, 32, 32, 3}}}), o);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  CHECK(d.samples() == 200);
  REQUIRE(d.labels);
  CHECK(d.labels->rows() == 200);
  WARN("200 of 10000 samples in " << seconds.count() * 1000 << " ms");
  CHECK(seconds.count() < 2);  // all of it takes far longer than the prefix; generous for sanitizers and busy machines
}

TEST_CASE("rows of a file are chosen behind its name") {
  const Folder folder;
  const auto one = graph({{"in", {1, 2}}});
  const auto labels = npy("<f4", "(6,)", raw<float>({0, 1, 2, 3, 4, 5}));
  const std::string p = folder.file("d.npz", zip({{"x.npy", counting(6, 2)}, {"y.npy", labels}})).string();
  const auto d = load_dataset(p + "[2:5]", one);
  REQUIRE(d.samples() == 3);
  CHECK(sample(d, 0, 0) == std::vector<float>{4, 5});
  REQUIRE(d.labels);
  CHECK(d.labels->rows() == 3);
  float y = 0;
  d.labels->row(2, {&y, 1});
  CHECK(y == 4);
  CHECK(load_dataset(p + "[4:]", one).samples() == 2);
  CHECK(load_dataset(p + "[:4]", one).samples() == 4);
  DatasetOptions two;
  two.max_samples = 2;
  CHECK(sample(load_dataset(p + "[3:]", one, two), 0, 1) == std::vector<float>{8, 9});
  CHECK(load_dataset(p + "[3:4]", one, two).samples() == 1);
  const auto third = load_dataset(p + "[1::3]", one);
  REQUIRE(third.samples() == 2);
  CHECK(sample(third, 0, 1) == std::vector<float>{8, 9});
  third.labels->row(1, {&y, 1});
  CHECK(y == 4);
  CHECK(load_dataset(p + "[0:5:2]", one).samples() == 3);
  CHECK(load_dataset(p + "[0::2]", one, two).samples() == 2);
  CHECK(contains(error_of(p + "[7:]", one), "has only 6 rows"));
  for (const char* bad : {"[]", "[1]", "[3:2]", "[a:b]", "[-1:3]", "[0:3:0]", "[0:3:x]", "[1:99999999999]"})
    CHECK_THROWS_AS(load_dataset(p + bad, one), Error);
}
