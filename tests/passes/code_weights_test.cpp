#include <cmath>
#include <random>

#include "catch.h"
#include "tinyc/codec.h"
#include "tinyc/pass.h"

using namespace tinyc;

namespace {
using Weights = std::vector<std::int8_t>;
using Optimize = PassOptions::Optimize;
using Coding = PassOptions::Coding;

Weights random_weights(std::size_t n, double sigma, double zeros, std::uint32_t seed) {
  std::mt19937 rng(seed);
  std::normal_distribution<double> d(0, sigma);
  std::uniform_real_distribution<double> coin(0, 1);
  Weights w(n);
  for (auto& x : w) {
    const double v = std::clamp(std::round(d(rng)), -127.0, 127.0);
    x = coin(rng) < zeros ? std::int8_t{0} : static_cast<std::int8_t>(v);
  }
  return w;
}

Weights uniform_weights(std::size_t n, std::uint32_t seed) {
  std::mt19937 rng(seed);
  Weights w(n);
  for (auto& x : w) x = static_cast<std::int8_t>(static_cast<int>(rng() % 255) - 127);
  return w;
}

/// Square weights whose input channels differ in size: neighbours tell much.
Weights uneven_weights(std::int32_t side, std::uint32_t seed) {
  const auto n = static_cast<std::size_t>(side);
  Weights w = random_weights(n * n, 30, 0, seed);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<std::int8_t>(w[i] / (1 << i % n * 6 / n));
  return w;
}

struct Net {
  Graph g;
  Net() { g.stage = Stage::Quantized; }

  TensorId activation(const std::string& name, Shape shape) {
    return g.add({name, DType::i8, std::move(shape), nullptr, {}, Quant{{0.1f}, {0}, 0}, {}});
  }
  TensorId constant(const std::string& name, Shape shape, const Weights& w) {
    Tensor t = make_const(name, DType::i8, std::move(shape), Bytes(w.begin(), w.end()));
    t.quant = Quant{{0.01f}, {0}, 0};
    return g.add(std::move(t));
  }
  /// A pointwise convolution of a side x side picture, with square weights.
  TensorId conv(std::int32_t side, const Weights& w) {
    const auto c = static_cast<std::int32_t>(std::lround(std::sqrt(w.size())));
    return conv(side, c, constant("w" + std::to_string(g.nodes.size()), {c, 1, 1, c}, w));
  }
  TensorId conv(std::int32_t side, std::int32_t c, TensorId w) {
    const std::string name = std::to_string(g.nodes.size());
    const TensorId x = activation("x" + name, {1, side, side, c}), y = activation("y" + name, {1, side, side, c});
    g.inputs.push_back(x);
    g.outputs.push_back(y);
    g.nodes.push_back({Conv2D{}, {x, w, kNoTensor}, {y}, "y" + name, -1});
    return w;
  }
  TensorId fully_connected(std::int32_t in, const Weights& w) {
    const std::string name = std::to_string(g.nodes.size());
    const auto out = static_cast<std::int32_t>(w.size()) / in;
    const TensorId x = activation("x" + name, {1, in}), y = activation("y" + name, {1, out});
    g.inputs.push_back(x);
    g.outputs.push_back(y);
    const TensorId id = constant("w" + name, {out, in}, w);
    g.nodes.push_back({FullyConnected{}, {x, id, kNoTensor}, {y}, "y" + name, -1});
    return id;
  }
  bool coded(TensorId id) const { return g.at(id).coded.has_value(); }
  bool ranged(TensorId id) const {
    return coded(id) && is_range(*g.code_tables.at(static_cast<std::size_t>(g.at(id).coded->table)));
  }

  PassResult run(Coding coding = Coding::automatic, Optimize optimize = Optimize::balanced) {
    verify(g);
    const std::uint64_t before = constant_bytes(g);
    PassOptions o;
    o.coding = coding;
    o.optimize = optimize;
    const PassResult r = find_pass("code_weights")->run(g, o);
    verify(g);
    CHECK(g.stage == Stage::Coded);
    CHECK(constant_bytes(g) <= before);
    for (const Tensor& t : g.tensors) {
      if (!t.coded) continue;
      CHECK(t.coded->stream->size() < t.bytes());
      const auto w = t.as<std::int8_t>();
      CHECK(decode({*g.code_tables.at(static_cast<std::size_t>(t.coded->table))}, *t.coded->stream, w.size(),
                   {static_cast<std::uint32_t>(t.shape.back()), 1, 1}) == Weights(w.begin(), w.end()));
    }
    return r;
  }
};
}  // namespace

TEST_CASE("coding raw and optimizing for speed code nothing") {
  for (const bool raw : {true, false}) {
    Net n;
    const TensorId w = n.conv(16, random_weights(64 * 64, 10, 0.5, 1));
    const PassResult r = n.run(raw ? Coding::raw : Coding::automatic, raw ? Optimize::size : Optimize::speed);
    CHECK_FALSE(n.coded(w));
    CHECK_FALSE(r.changed);
    CHECK(n.g.code_tables.empty());
    CHECK(r.notes == std::vector<std::string>{"all 1 weight tensors stay raw, 4,096 B"});
  }
}

TEST_CASE("what pays is coded") {
  Net n;
  const TensorId w = n.conv(16, random_weights(64 * 64, 10, 0, 2));
  const PassResult r = n.run(Coding::huffman);
  REQUIRE(n.coded(w));
  CHECK(r.changed);
  const std::size_t stream = n.g.at(w).coded->stream->size(), table = n.g.code_tables.at(0)->size();
  CHECK(constant_bytes(n.g) == stream + table);
  CHECK(r.notes.at(0) == "coded 1 of 1 tensors with 1 table, 4,096 -> " + std::to_string((stream + table) / 1000) +
                             "," + std::to_string(1000 + (stream + table) % 1000).substr(1) + " B");
}

TEST_CASE("what does not pay stays raw") {
  Net n;
  const TensorId flat = n.conv(16, uniform_weights(64 * 64, 3)), tiny = n.conv(16, Weights{1, 2, 3, 4});
  const TensorId good = n.conv(16, random_weights(64 * 64, 6, 0, 4));
  n.run(Coding::huffman);
  CHECK_FALSE(n.coded(flat));
  CHECK(n.coded(good));
  CHECK((!n.coded(tiny) || n.g.at(tiny).coded->stream->size() < 4));
  Net none;
  none.conv(16, uniform_weights(64 * 64, 3));
  CHECK_FALSE(none.run(Coding::huffman).changed);
  CHECK(none.g.code_tables.empty());
}

TEST_CASE("the automatic choice counts the code of the decoder") {
  const Weights w = random_weights(24 * 24, 4, 0, 5);  // gains a few hundred bytes at most
  Net forced, automatic;
  const TensorId a = forced.conv(16, w), b = automatic.conv(16, w);
  forced.run(Coding::huffman);
  automatic.run(Coding::automatic, Optimize::size);
  CHECK(forced.coded(a));
  CHECK_FALSE(automatic.coded(b));
}

TEST_CASE("balanced: by work of the layers, or where the tensor shrinks to a third") {
  const Weights dense = random_weights(64 * 64, 12, 0, 6), sparse = random_weights(64 * 64, 12, 0.9, 7);
  REQUIRE(entropy_bits(dense) > 2.5);
  Net n;
  const TensorId much = n.conv(12, dense);    // 144 uses a weight: 19 of 432 instructions are 4.4 %
  const TensorId little = n.conv(11, dense);  // 121 uses: 5.2 %
  const TensorId once = n.fully_connected(64, dense);
  const TensorId once_sparse = n.fully_connected(64, sparse);
  n.run();
  CHECK(n.coded(much));
  CHECK_FALSE(n.coded(little));
  CHECK_FALSE(n.coded(once));
  CHECK(n.coded(once_sparse));
  Net small = Net();
  const TensorId fc = small.fully_connected(64, dense);
  small.run(Coding::automatic, Optimize::size);
  CHECK(small.coded(fc));
}

TEST_CASE("shared weights are coded once, by the work of all their users") {
  const Weights dense = random_weights(64 * 64, 12, 0, 8);
  Net n;
  const TensorId w = n.conv(2, dense);
  n.conv(16, 64, w);  // 260 uses for two decodings
  n.run();
  CHECK(n.coded(w));
  Net rarely;
  const TensorId v = rarely.conv(2, dense);
  rarely.conv(15, 64, v);  // 229 uses for two
  rarely.run();
  CHECK_FALSE(rarely.coded(v));
}

TEST_CASE("like tensors share a table, unlike ones do not") {
  Net n;
  std::vector<TensorId> wide, narrow;
  for (std::uint32_t i = 0; i < 4; ++i) {
    wide.push_back(n.conv(16, random_weights(96 * 96, 30, 0, 20 + i)));
    narrow.push_back(n.conv(16, random_weights(96 * 96, 2, 0.9, 30 + i)));
  }
  const PassResult r = n.run(Coding::huffman);
  REQUIRE(n.g.code_tables.size() == 2);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(n.g.at(wide[i]).coded->table == n.g.at(wide[0]).coded->table);
    CHECK(n.g.at(narrow[i]).coded->table == n.g.at(narrow[0]).coded->table);
  }
  CHECK(r.notes.at(0).rfind("coded 8 of 8 tensors with 2 tables, 73,728 -> ", 0) == 0);
}

TEST_CASE("small tensors are coded with a shared table where their own would not pay") {
  Net alone, together;
  const TensorId a = alone.conv(16, random_weights(8 * 8, 12, 0, 40));
  alone.run(Coding::huffman);
  CHECK_FALSE(alone.coded(a));
  std::size_t coded = 0;
  std::vector<TensorId> ids;
  for (std::uint32_t i = 0; i < 40; ++i) ids.push_back(together.conv(16, random_weights(8 * 8, 12, 0, 40 + i)));
  together.run(Coding::huffman);
  for (const TensorId id : ids) coded += together.coded(id);
  CHECK(coded > 30);
  CHECK(together.g.code_tables.size() == 1);
}

TEST_CASE("a constant with another use stays raw, and so do graphs without weights") {
  Net n;
  const TensorId w = n.conv(16, random_weights(64 * 64, 4, 0, 9));
  const TensorId x = n.activation("x", {64, 1, 1, 64}), y = n.activation("y", {64, 1, 1, 64});
  n.g.inputs.push_back(x);
  n.g.outputs.push_back(y);
  n.g.nodes.push_back({Add{}, {x, w}, {y}, "y", -1});
  PassOptions o;
  o.coding = Coding::huffman;
  CHECK_FALSE(find_pass("code_weights")->run(n.g, o).changed);
  CHECK_FALSE(n.coded(w));
  Graph empty;
  empty.stage = Stage::Quantized;
  CHECK(find_pass("code_weights")->run(empty, {}).notes.empty());
}

TEST_CASE("the choice is the same every time") {
  const auto build = [] {
    Net n;
    for (std::uint32_t i = 0; i < 6; ++i) n.conv(16, random_weights(40 * 40, 3 + 5 * i, 0.1 * i, 60 + i));
    n.run(Coding::automatic, Optimize::size);
    return n.g;
  };
  CHECK(build() == build());
}

TEST_CASE("size takes the range coder where its smaller streams pay for its code") {
  Net n;
  const TensorId w = n.conv(16, uneven_weights(192, 70));
  n.run(Coding::automatic, Optimize::size);
  CHECK(n.ranged(w));
  Net forced;
  forced.conv(16, uneven_weights(192, 70));
  forced.run(Coding::huffman);
  CHECK(constant_bytes(n.g) + 700 < constant_bytes(forced.g));  // the code that it has more
  Net small;                                                    // Huffman codes are smaller with their code
  const TensorId s = small.conv(16, random_weights(64 * 64, 12, 0, 71));
  small.run(Coding::automatic, Optimize::size);
  CHECK(small.coded(s));
  CHECK_FALSE(small.ranged(s));
}

TEST_CASE("asked for, the range coder codes what becomes smaller, without counting its code") {
  Net n;
  const TensorId w = n.conv(16, random_weights(24 * 24, 4, 0, 5)), flat = n.conv(16, uniform_weights(64 * 64, 3));
  n.run(Coding::range);
  CHECK(n.ranged(w));
  CHECK_FALSE(n.coded(flat));
}

TEST_CASE("balanced: the range coder where layers work much with a weight, Huffman codes where they work less") {
  Net n;
  const Weights w = uneven_weights(192, 72), v = random_weights(192 * 192, 3, 0.95, 73);
  const TensorId much = n.conv(64, w);  // 4096 uses a weight, 3 instructions each
  const TensorId once = n.fully_connected(192, v);
  n.run();
  CHECK(n.ranged(much));
  CHECK(n.coded(once));
  CHECK_FALSE(n.ranged(once));
  Net little;
  const TensorId rarely = little.conv(16, w);  // 256 uses
  little.run();
  CHECK(little.coded(rarely));
  CHECK_FALSE(little.ranged(rarely));
}

TEST_CASE("weights whose users disagree about filters are not range-coded") {
  Net n;
  const Weights w = random_weights(64 * 64, 3, 0.9, 74);
  const TensorId id = n.constant("w", {1, 1, 64, 64}, w);
  for (const bool depthwise : {false, true}) {
    const std::string name = std::to_string(n.g.nodes.size());
    const TensorId x = n.activation("x" + name, {1, 64, 64, 64});
    const TensorId y = n.activation("y" + name, depthwise ? Shape{1, 64, 1, 64} : Shape{1, 64, 1, 1});
    n.g.inputs.push_back(x);
    n.g.outputs.push_back(y);
    n.g.nodes.push_back({depthwise ? OpData{DepthwiseConv2D{}} : OpData{Conv2D{}}, {x, id, kNoTensor}, {y}, name, -1});
  }
  PassOptions o;
  o.coding = Coding::range;
  CHECK_FALSE(find_pass("code_weights")->run(n.g, o).changed);
  n.g.nodes.pop_back();
  CHECK(find_pass("code_weights")->run(n.g, o).changed);
}

TEST_CASE("the pass is still found under the name that it had") {
  CHECK(find_pass("huffman_code") == find_pass("code_weights"));
}
