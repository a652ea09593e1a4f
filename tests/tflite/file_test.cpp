// Recognising files that are no models, and surviving damaged ones.
#include <filesystem>
#include <fstream>
#include <random>

#include "catch.h"
#include "tflite/build.h"
#include "tflite/sha256.h"
#include "tinyc/error.h"
#include "tinyc/import.h"

using namespace tinyc;
using namespace tinyc::test;

namespace {

Bytes text(const std::string& s) { return {s.begin(), s.end()}; }

std::string refusal(const Bytes& file) {
  try {
    import_tflite(file, "m.bin");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::input);
    CHECK_FALSE(e.hint().empty());
    return e.what();
  }
  return "accepted";
}

// A bit of everything: convolution, sparse float16 weights, shape arithmetic, slices, a bias outside the flatbuffer.
Bytes rich_model(bool quantized) {
  ModelBuilder m;
  if (quantized) {
    const auto x = m.activation("x", {1, 4, 4, 1}), xi = m.int8("xi", {1, 4, 4, 1}, 0.5f, 0),
               a = m.int8("a", {1, 4, 4, 2}, 1, -128);
    const auto r = m.int8("r", {1, 32}, 1, -128), yi = m.int8("yi", {1, 2}, 2, 0), y = m.activation("y", {1, 2});
    const auto w = m.tensor({.name = "w",
                             .type = T::INT8,
                             .shape = {2, 3, 3, 1},
                             .data = Bytes(18, 7),
                             .scale = {0.5f, 0.25f},
                             .zero = {0, 0}});
    const auto b = m.tensor({.name = "b",
                             .type = T::INT32,
                             .shape = {2},
                             .data = int32s({5, 6}),
                             .scale = {0.25f, 0.125f},
                             .zero = {0, 0}});
    const auto v =
        m.tensor({.name = "v", .type = T::INT8, .shape = {2, 32}, .data = Bytes(64, 3), .scale = {1}, .zero = {0}});
    m.op(B::QUANTIZE, {x}, {xi});
    m.op(B::CONV_2D, {xi, w, b}, {a}, O::Conv2DOptions,
         fb::CreateConv2DOptions(m.fbb, fb::Padding::SAME, 1, 1, ActType::RELU));
    m.op(B::RESHAPE, {a, m.ints("shape", {-1, 32})}, {r});
    m.op(B::FULLY_CONNECTED, {r, v, -1}, {yi}, O::FullyConnectedOptions, fb::CreateFullyConnectedOptions(m.fbb));
    m.op(B::DEQUANTIZE, {yi}, {y});
    return m.finish({x}, {y});
  }
  const auto indices = fb::CreateUint8Vector(m.fbb, m.fbb.CreateVector(std::vector<std::uint8_t>{1, 0})).Union();
  const auto segments = fb::CreateUint16Vector(m.fbb, m.fbb.CreateVector(std::vector<std::uint16_t>{0, 1, 2})).Union();
  const std::vector levels = {
      fb::CreateDimensionMetadata(m.fbb, fb::DimensionType::DENSE, 2),
      fb::CreateDimensionMetadata(m.fbb, fb::DimensionType::SPARSE_CSR, 0, fb::SparseIndexVector::Uint16Vector,
                                  segments, fb::SparseIndexVector::Uint8Vector, indices)};
  const auto order = m.fbb.CreateVector(std::vector<std::int32_t>{0, 1});
  const auto sparsity = fb::CreateSparsityParameters(m.fbb, order, 0, m.fbb.CreateVector(levels));
  const auto x = m.tensor({.name = "x", .shape = {1, 4, 4, 2}, .signature = {-1, 4, 4, 2}}),
             a = m.activation("a", {1, 2, 2, 3}), p = m.activation("p", {1, 2, 2, 3});
  const auto s0 = m.activation("s0", {1, 2, 2, 1}), s1 = m.activation("s1", {1, 2, 2, 2}),
             y = m.activation("y", {2, 2}), z = m.activation("z", {2, 2});
  const auto w = m.constant("w", {3, 3, 3, 2}, std::vector<float>(54, 0.25f));
  const auto b = m.tensor({.name = "b", .shape = {3}, .data = floats({1, 2, 3}), .outside = true});
  const auto half = m.tensor({.name = "h",
                              .type = T::FLOAT16,
                              .shape = {2, 2},
                              .data = bytes_of<std::uint16_t>({0x3c00, 0x4000}),
                              .sparsity = sparsity});
  const auto full = m.tensor({.name = "f", .shape = {2, 2}}), sum = m.activation("sum", {1, 2});
  const auto shape = m.tensor({.name = "shape", .type = T::INT32, .shape = {4}}),
             part = m.tensor({.name = "part", .type = T::INT32, .shape = {}});
  const auto packed = m.tensor({.name = "packed", .type = T::INT32, .shape = {2}});
  m.op(B::DEQUANTIZE, {half}, {full});
  m.op(B::CONV_2D, {x, w, b}, {a}, O::Conv2DOptions,
       fb::CreateConv2DOptions(m.fbb, fb::Padding::SAME, 2, 2, ActType::RELU6));
  m.op(B::MAX_POOL_2D, {a}, {p}, O::Pool2DOptions, fb::CreatePool2DOptions(m.fbb, fb::Padding::SAME, 1, 1, 2, 2));
  m.op(B::SPLIT_V, {p, m.ints("sizes", {1, -1}), m.int_scalar("axis", 3)}, {s0, s1});
  m.op(B::SHAPE, {s0}, {shape});
  m.op(B::STRIDED_SLICE, {shape, m.ints("b0", {1}), m.ints("e0", {2}), m.ints("st", {1})}, {part},
       O::StridedSliceOptions, fb::CreateStridedSliceOptions(m.fbb, 0, 0, 0, 0, 1));
  m.op(B::PACK, {part, m.int_scalar("rest", -1)}, {packed}, O::PackOptions, fb::CreatePackOptions(m.fbb, 2, 0));
  m.op(B::RESHAPE, {s0, packed}, {y});
  m.op(B::MEAN, {s1, m.ints("axes", {1, 2})}, {sum});
  m.op(B::FULLY_CONNECTED, {y, full}, {z}, O::FullyConnectedOptions, fb::CreateFullyConnectedOptions(m.fbb));
  return m.finish({x}, {sum, z});
}

// Success, or a refusal that names the reason; anything else is a defect.
void survive(const Bytes& file) {
  try {
    import_tflite(file, "m.tflite");
  } catch (const Error& e) {
    CHECK((e.kind() == ErrorKind::input || e.kind() == ErrorKind::unsupported));
    CHECK(std::string(e.what()).size() > 10);
  }
}

}  // namespace

TEST_CASE("files that are no models are named") {
  CHECK_THAT(refusal({}), Catch::Contains("empty"));
  CHECK_THAT(refusal(text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")), Catch::Contains("Git LFS"));
  CHECK_THAT(refusal(text("PK\x03\x04xxxxxxxx")), Catch::Contains("zip"));
  CHECK_THAT(refusal(text("\x89HDF\r\n\x1a\nxxxx")), Catch::Contains("HDF5"));
  CHECK_THAT(refusal({0x08, 0x08, 0x12, 0x07, 'p', 'y', 't', 'o', 'r', 'c', 'h'}), Catch::Contains("ONNX"));
  CHECK_THAT(refusal(text("<!DOCTYPE html><html></html>")), Catch::Contains("web page"));
  CHECK_THAT(refusal(text("xxxxTFL2xxxx")), Catch::Contains("schema version"));
  CHECK_THAT(refusal(text("hello, this is text")), Catch::Contains("TFL3"));
  CHECK_THAT(refusal(text("xxxxTFL3xxxxxxxxxxxx")), Catch::Contains("damaged"));
}

TEST_CASE("folders and missing files") {
  const auto dir = std::filesystem::temp_directory_path() / "tinyc_import_test_saved_model";
  std::filesystem::create_directories(dir);
  CHECK_THROWS_WITH(import_tflite(dir), Catch::Contains("is a folder"));
  std::ofstream(dir / "saved_model.pb") << "x";
  CHECK_THROWS_WITH(import_tflite(dir), Catch::Contains("SavedModel"));
  std::filesystem::remove_all(dir);
  try {
    import_tflite(dir / "absent.tflite");
    FAIL("must not be there");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::input);
  }
}

TEST_CASE("SHA-256 of the standard's examples and at block borders") {
  const auto hash = [](const std::string& s) { return tfl::sha256(text(s)); };
  CHECK(hash("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(hash(std::string(64, 'a')) == "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
}

TEST_CASE("the models to be damaged are sound, written and read again they are the same") {
  for (const bool quantized : {false, true}) {
    const auto m = import_tflite(rich_model(quantized), "m");
    CHECK(m.graph.stage == (quantized ? Stage::Quantized : Stage::Float));
    Graph again = import_tflite(export_tflite(m.graph), "again").graph;
    CHECK(again.nodes.size() == m.graph.nodes.size());
    CHECK(import_tflite(export_tflite(again), "third").graph == again);
  }
}

TEST_CASE("truncated files are refused") {
  for (const bool quantized : {false, true}) {
    const auto file = rich_model(quantized);
    for (std::size_t n = 0; n < file.size(); n += 1 + n / 64) {
      const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(n));
      survive(cut);
    }
  }
}

TEST_CASE("mutated files are refused or read") {
  std::mt19937 random(20240607);
  for (const bool quantized : {false, true}) {
    const auto file = rich_model(quantized);
    for (int round = 0; round < 2000; ++round) {
      Bytes damaged = file;
      const auto pick = [&](std::size_t n) { return random() % n; };
      for (std::size_t k = 1 + pick(4); k > 0; --k) {
        const std::size_t at = pick(damaged.size());
        switch (pick(4)) {
          case 0: damaged[at] = static_cast<std::uint8_t>(random()); break;
          case 1: damaged[at] ^= static_cast<std::uint8_t>(1u << pick(8)); break;
          case 2: damaged[at] = pick(2) ? 0xff : 0x00; break;
          default: {  // a whole number, small or extreme
            const std::uint32_t interesting[] = {0, 1, 2, 7, 0x7fffffff, 0x80000000, 0xffffffff, 0x10000};
            const std::uint32_t v = interesting[pick(8)];
            if (at + 4 <= damaged.size()) std::memcpy(damaged.data() + at / 4 * 4, &v, 4);
          }
        }
      }
      INFO("round " << round);
      survive(damaged);
    }
  }
}

TEST_CASE("bytes that are not aligned in memory") {
  const auto file = rich_model(false);
  Bytes shifted(file.size() + 1);
  std::copy(file.begin(), file.end(), shifted.begin() + 1);
  CHECK(import_tflite(std::span(shifted).subspan(1), "m").graph == import_tflite(file, "m").graph);
}
