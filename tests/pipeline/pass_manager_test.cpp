// The pass manager distrusts passes: a wrong stage, a broken graph and a changed output are refused by name.
#include "catch.h"
#include "oracle/small_programs.h"
#include "tinyc/error.h"
#include "tinyc/pass.h"
#include "tinyc/text.h"

using namespace tinyc;

namespace {

constexpr const char* kRelu = "%x = input f32[1,4] %y = relu(%x) output %y";

Pass pass(bool exact, PassResult (*run)(Graph&, const PassOptions&), bool any_stage = false,
          Stage needs = Stage::Float) {
  return {"probe", "", needs, needs, any_stage, exact, run};
}

std::vector<PassRecord> run(Graph& g, const Pass& p) {
  const Pass* list[] = {&p};
  return run_passes(g, list, {});
}

/// Kind and text of the error of one pass on a graph; ok when there is none.
std::pair<ErrorKind, std::string> outcome(Graph g, const Pass& p) {
  try {
    run(g, p);
  } catch (const Error& e) {
    return {e.kind(), e.what()};
  }
  return {ErrorKind::gate, "ok"};
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

PassResult nothing(Graph&, const PassOptions&) { return {}; }
PassResult noted(Graph&, const PassOptions&) { return {true, {"a note"}}; }
PassResult relu6(Graph& g, const PassOptions&) {
  g.nodes[0].op = Relu6{};  // the same on samples within [-1, 1]
  return {true, {}};
}
PassResult negate(Graph& g, const PassOptions&) {
  g.nodes[0].op = Neg{};
  return {true, {}};
}
PassResult negate_silently(Graph& g, const PassOptions&) {
  g.nodes[0].op = Neg{};
  return {false, {}};
}
PassResult cut(Graph& g, const PassOptions&) {
  g.nodes.clear();
  return {true, {}};
}
template <int Millionths>
PassResult scale_bias(Graph& g, const PassOptions&) {
  auto& bias = g.at(g.nodes[0].inputs[1]);
  const float v = 1.0f + static_cast<float>(Millionths) * 1e-6f;
  bias = make_const(bias.name, DType::f32, {1},
                    Bytes(reinterpret_cast<const std::uint8_t*>(&v), reinterpret_cast<const std::uint8_t*>(&v + 1)));
  return {true, {}};
}
PassResult flip_weight(Graph& g, const PassOptions&) {
  for (Tensor& t : g.tensors)
    if (t.is_const() && t.dtype == DType::i8) {
      Bytes data = *t.data;
      for (auto& b : data) b = static_cast<std::uint8_t>(-static_cast<std::int8_t>(b));
      t = [&] {
        Tensor n = make_const(t.name, t.dtype, t.shape, data);
        n.quant = t.quant;
        return n;
      }();
      break;
    }
  return {true, {}};
}

}  // namespace

TEST_CASE("a pass runs only at its stage") {
  const Graph f = parse(kRelu), q = oracle::quantized(oracle::kSmallNetwork);
  CHECK(outcome(f, pass(true, nothing)).second == "ok");
  CHECK(outcome(q, pass(true, nothing)).first == ErrorKind::usage);
  CHECK(outcome(f, pass(true, nothing, false, Stage::Quantized)).first == ErrorKind::usage);
  CHECK(has(outcome(q, pass(true, nothing)).second, "pass probe needs a float graph"));
  CHECK(outcome(f, pass(true, nothing, true)).second == "ok");
  CHECK(outcome(q, pass(true, nothing, true)).second == "ok");
  Graph coded = q;
  coded.stage = Stage::Coded;
  CHECK(outcome(coded, pass(true, nothing, true)).first == ErrorKind::usage);
}

TEST_CASE("an exact pass that changes the model is refused, a lossy one is not") {
  const Graph g = parse(kRelu);
  CHECK(outcome(g, pass(true, relu6)).second == "ok");
  const auto refused = outcome(g, pass(true, negate));
  CHECK(refused.first == ErrorKind::internal);
  CHECK(has(refused.second, "pass probe is exact but changed the model"));
  CHECK(outcome(g, pass(false, negate)).second == "ok");
  CHECK(outcome(g, pass(true, negate_silently)).second == "ok");  // nothing changed, it says: not compared
  CHECK(has(outcome(g, pass(false, cut)).second, "pass probe broke the graph"));
}

TEST_CASE("floats may move by 1e-4 of the output's range") {
  const Graph bias = parse("%x = input f32[1,1] %y = maximum(%x, fill(1) f32[1]) output %y");
  CHECK(outcome(bias, pass(true, scale_bias<90>)).second == "ok");
  CHECK(outcome(bias, pass(true, scale_bias<-90>)).second == "ok");
  CHECK(outcome(bias, pass(true, scale_bias<110>)).first == ErrorKind::internal);
  // the larger the outputs, the more they may move
  const Graph large =
      parse("%x = input f32[1,1] %y = maximum(%x, fill(1) f32[1]) %z = mul(%y, fill(-5) f32[1]) output %z output %y");
  CHECK(outcome(large, pass(true, scale_bias<90>)).second == "ok");
  CHECK(outcome(large, pass(true, scale_bias<110>)).first == ErrorKind::internal);
}

TEST_CASE("integers of a quantized graph must stay equal") {
  const Graph q = oracle::quantized(oracle::kSmallNetwork);
  CHECK(has(outcome(q, pass(true, flip_weight, true)).second, "integer outputs differ"));
  CHECK(outcome(q, pass(false, flip_weight, true)).second == "ok");
  CHECK(outcome(q, pass(true, noted, true)).second == "ok");
}

TEST_CASE("comparison starts anew after a lossy pass") {
  Graph g = parse(kRelu);
  const Pass exact = pass(true, noted), lossy = pass(false, negate);
  const Pass* list[] = {&exact, &lossy, &exact};
  CHECK_NOTHROW(run_passes(g, list, {}));
}

TEST_CASE("records: names, notes, sizes before and after, and a call after each pass") {
  Graph g = oracle::quantized("%x = input f32[1,64] %y = fully_connected(%x, fill(0.5) f32[64,64]) output %y");
  const Pass* list[] = {find_pass("code_weights")};
  REQUIRE(list[0]);
  std::vector<std::string> seen;
  PassOptions o;
  o.coding = PassOptions::Coding::huffman;
  const std::uint64_t raw = constant_bytes(g);
  const auto records = run_passes(g, list, o, [&](const Pass& p, const Graph& after) {
    seen.push_back(p.name);
    CHECK(after.stage == Stage::Coded);
  });
  CHECK(seen == std::vector<std::string>{"code_weights"});
  REQUIRE(records.size() == 1);
  CHECK(records[0].name == "code_weights");
  CHECK(records[0].changed);
  CHECK(records[0].ms >= 0);
  CHECK(records[0].bytes_before == raw);
  CHECK(records[0].bytes_after == constant_bytes(g));
  CHECK(records[0].bytes_after < raw / 2);
  Graph f = parse(kRelu);
  CHECK(run(f, pass(true, noted))[0].notes == std::vector<std::string>{"a note"});
  CHECK_FALSE(run(f, pass(true, nothing))[0].changed);
}

TEST_CASE("constant_bytes counts each constant and each table once, coded ones by their streams") {
  Graph g = parse("%x = input f32[1,4] %a = add(%x, random(1) f32[4]) %b = add(%a, random(2) f32[1]) output %b");
  CHECK(constant_bytes(g) == 20);
  g.nodes[1].inputs[1] = g.nodes[0].inputs[1];
  CHECK(constant_bytes(g) == 16);
  Graph q = oracle::quantized(oracle::kSmallNetwork);
  const std::uint64_t raw = constant_bytes(q);
  std::vector<Tensor*> weights;
  for (const Node& n : q.nodes)
    if (kind(n.op) == OpKind::conv_2d) weights.push_back(&q.at(n.inputs[1]));
  REQUIRE(weights.size() == 2);
  q.code_tables.push_back(std::make_shared<const Bytes>(Bytes(10)));
  std::uint64_t expected = raw + 10;
  for (Tensor* w : weights) {
    w->coded = Coded{std::make_shared<const Bytes>(Bytes(7)), 0};
    expected += 7 - w->bytes();
  }
  CHECK(constant_bytes(q) == expected);
}

TEST_CASE("after_pass of the hooks sees every pass and the graph that it left") {
  Graph g = parse("%x = input f32[1,4]\n%a = fully_connected(%x, fill(1) f32[2,4])\n%y = relu(%a)\noutput %y\n");
  PassOptions o;
  std::vector<std::pair<std::string, std::size_t>> seen;
  o.training.hooks.after_pass = [&](const Pass& p, const Graph& now) { seen.emplace_back(p.name, now.nodes.size()); };
  const Pass* const passes[] = {find_pass("canonicalize"), find_pass("fuse_activation")};
  run_passes(g, passes, o);
  CHECK(seen == std::vector<std::pair<std::string, std::size_t>>{{"canonicalize", 2}, {"fuse_activation", 1}});
}
