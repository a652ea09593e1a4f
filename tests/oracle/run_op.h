// One operator alone: its float step, and its int8 form lowered, planned and run with the shipped kernels.
#pragma once
#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tinyc/error.h"
#include "tinyc/executor.h"
#include "tinyc/graph.h"
#include "tinyc/program.h"

namespace oracle {

template <class T>
struct Array {
  tinyc::Shape shape;
  std::vector<T> values;
  bool operator==(const Array&) const = default;
};
using Floats = Array<float>;
using Int8s = Array<std::int8_t>;

/// Shape inference, then the float step. Outputs start as a value no test expects, and so does what follows them.
inline std::vector<Floats> run_float(const tinyc::OpData& op, const std::vector<Floats>& in) {
  const tinyc::OpTraits& row = tinyc::traits(op);
  std::vector<tinyc::Tensor> tensors(in.size());
  std::vector<const tinyc::Tensor*> pointers;
  std::vector<tinyc::FloatIn> inputs;
  for (std::size_t i = 0; i < in.size(); ++i) {
    tensors[i].shape = in[i].shape;
    pointers.push_back(&tensors[i]);
    inputs.push_back({in[i].values.data(), &in[i].shape});
  }
  std::vector<Floats> out;
  constexpr std::size_t kMargin = 16;
  for (const auto& shape : row.infer(op, pointers))
    out.push_back(
        {shape, std::vector<float>(static_cast<std::size_t>(tinyc::num_elements(shape)) + kMargin, -12345.0f)});
  std::vector<tinyc::FloatOut> outputs;
  for (auto& o : out) outputs.push_back({o.values.data(), &o.shape});
  std::vector<float> scratch;
  row.forward({op, inputs, outputs, scratch});
  for (auto& o : out) {
    if (std::any_of(o.values.end() - kMargin, o.values.end(), [](float v) { return v != -12345.0f; }))
      throw std::runtime_error("a float step wrote behind its output");
    o.values.resize(o.values.size() - kMargin);
  }
  return out;
}

/// The output shape, or the error's kind and message: "unsupported: ..." .
inline std::string infer_message(const tinyc::OpData& op, const std::vector<tinyc::Shape>& in) {
  std::vector<tinyc::Tensor> tensors(in.size());
  std::vector<const tinyc::Tensor*> pointers;
  for (std::size_t i = 0; i < in.size(); ++i) {
    tensors[i].shape = in[i];
    pointers.push_back(&tensors[i]);
  }
  try {
    return tinyc::to_string(tinyc::traits(op).infer(op, pointers).at(0));
  } catch (const tinyc::Error& e) {
    return (e.kind() == tinyc::ErrorKind::unsupported ? "unsupported: " : "other: ") + std::string(e.what());
  }
}
inline bool infer_rejects(const tinyc::OpData& op, const std::vector<tinyc::Shape>& in) {
  return infer_message(op, in).rfind("unsupported: ", 0) == 0;
}

struct Scale {
  float scale = 0.5f;
  std::int32_t zero_point = 0;
};
struct Int8In {
  Int8s data;
  Scale q{};
  bool constant = false;
};

/// A quantized graph of one node; constants carry their values.
inline tinyc::Graph int8_graph(const tinyc::OpData& op, const std::vector<Int8In>& in, Scale out) {
  tinyc::Graph g;
  g.stage = tinyc::Stage::Quantized;
  tinyc::Node n{op, {}, {}, "node", 0};
  for (const Int8In& i : in) {
    tinyc::Tensor t;
    if (i.constant) {
      t = tinyc::make_const("constant" + std::to_string(g.tensors.size()), tinyc::DType::i8, i.data.shape,
                            tinyc::Bytes(i.data.values.begin(), i.data.values.end()));
    } else {
      t.name = "input" + std::to_string(g.tensors.size());
      t.dtype = tinyc::DType::i8;
      t.shape = i.data.shape;
    }
    t.quant = tinyc::Quant{{i.q.scale}, {i.q.zero_point}, 0};
    n.inputs.push_back(g.add(std::move(t)));
    if (!i.constant) g.inputs.push_back(n.inputs.back());
  }
  tinyc::Tensor t;
  t.name = "output";
  t.dtype = tinyc::DType::i8;
  t.quant = tinyc::Quant{{out.scale}, {out.zero_point}, 0};
  n.outputs.push_back(g.add(std::move(t)));
  g.outputs = n.outputs;
  tinyc::infer_shapes(g, n);
  g.nodes.push_back(std::move(n));
  tinyc::verify(g);
  return g;
}

/// Lowers, plans and runs a graph of int8_graph(). The arena starts filled with a pattern and everything in it is moved
/// up, so that offset 0 is nothing special; bytes that belong to no layer's output or scratch must come back unchanged.
inline Int8s run_int8(const tinyc::Graph& g, const std::vector<Int8In>& in, const tinyc::LowerOptions& options = {}) {
  tinyc::Program p = tinyc::lower(g, options);
  constexpr std::uint32_t kMargin = 16;
  p.arena_bytes += 2 * kMargin;
  for (auto& v : p.values) v.offset += kMargin;
  for (auto& l : p.layers)
    for (auto* offset : {&l.record.in0, &l.record.in1, &l.record.out, &l.record.scratch}) *offset += kMargin;
  const tinyc::ProgramExecutor e(p);
  auto state = e.make_state();
  std::fill_n(state.arena, p.arena_bytes, std::uint8_t{0xA5});
  std::size_t k = 0;
  for (const Int8In& i : in)
    if (!i.constant) std::copy(i.data.values.begin(), i.data.values.end(), e.input(state, k++).begin());
  const std::vector<std::uint8_t> before(state.arena, state.arena + p.arena_bytes);
  e.run(state);
  std::vector<bool> writable(p.arena_bytes, false);
  for (const auto& l : p.layers) {
    const auto& out = p.values[static_cast<std::size_t>(l.out)];
    std::fill_n(writable.begin() + out.offset, out.bytes, true);
    std::fill_n(writable.begin() + l.record.scratch, l.scratch_bytes, true);
  }
  for (std::size_t i = 0; i < before.size(); ++i)
    if (!writable[i] && state.arena[i] != before[i])
      throw std::runtime_error("a kernel wrote to byte " + std::to_string(i) + ", which is not its own");
  const auto out = e.output(state, 0);
  return {g.at(g.outputs[0]).shape, {out.begin(), out.end()}};
}
inline Int8s run_int8(const tinyc::OpData& op, const std::vector<Int8In>& in, Scale out) {
  return run_int8(int8_graph(op, in, out), in);
}

/// True when the node itself has no layer: all that runs is the copy that keeps a graph's output apart from its input.
inline bool costs_nothing(const tinyc::OpData& op, const std::vector<Int8In>& in, Scale out) {
  const tinyc::Program p = tinyc::lower(int8_graph(op, in, out));
  return p.layers.size() == 1 && std::string(p.layers[0].kernel->symbol) == "tinyc_copy";
}

/// True when lowering throws Error(unsupported).
inline bool lower_rejects(const tinyc::OpData& op, const std::vector<Int8In>& in, Scale out) {
  const tinyc::Graph g = int8_graph(op, in, out);
  try {
    tinyc::lower(g);
  } catch (const tinyc::Error& e) {
    return e.kind() == tinyc::ErrorKind::unsupported;
  }
  return false;
}

/// splitmix64: the same numbers everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// In [lo, hi].
  std::int32_t in(std::int32_t lo, std::int32_t hi) {
    return lo + static_cast<std::int32_t>(next() % static_cast<std::uint64_t>(std::int64_t{hi} - lo + 1));
  }
  tinyc::Shape shape(std::int32_t rank, std::int32_t largest) {
    tinyc::Shape s;
    for (std::int32_t i = 0; i < rank; ++i) s.push_back(in(1, largest));
    return s;
  }
  Int8s int8s(tinyc::Shape s) {
    Int8s a{std::move(s), {}};
    a.values.resize(static_cast<std::size_t>(tinyc::num_elements(a.shape)));
    for (auto& v : a.values) v = static_cast<std::int8_t>(in(-128, 127));
    return a;
  }

 private:
  std::uint64_t state_;
};

/// 0, 1, 2, ... in the given shape.
inline Floats count_up(tinyc::Shape s) {
  Floats a{std::move(s), {}};
  for (std::int64_t i = 0; i < tinyc::num_elements(a.shape); ++i) a.values.push_back(static_cast<float>(i));
  return a;
}

}  // namespace oracle
