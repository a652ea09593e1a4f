// Outputs of a graph on deterministic inputs, for comparing what a pass made with what it was given.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "catch.h"
#include "tinyc/executor.h"
#include "tinyc/graph.h"
#include "tinyc/op.h"
#include "tinyc/program.h"

namespace tinyc {

/// Every graph output of `samples` runs on seeded random inputs, as numbers: reference semantics node by node in a
/// float graph (no executor in between), integers of the lowered program in a quantized one.
inline std::vector<std::vector<float>> outputs_on_random_inputs(const Graph& g, unsigned seed, int samples = 3) {
  std::vector<std::vector<float>> result;
  std::mt19937 random(seed);
  if (g.stage != Stage::Float) {
    const Program program = lower(g);
    const ProgramExecutor executor(program);
    auto state = executor.make_state();
    for (int s = 0; s < samples; ++s) {
      for (std::size_t i = 0; i < g.inputs.size(); ++i)
        for (auto& v : executor.input(state, i)) v = static_cast<std::int8_t>(random() >> 24);
      executor.run(state);
      for (std::size_t i = 0; i < g.outputs.size(); ++i) {
        const auto v = executor.output(state, i);
        result.emplace_back(v.begin(), v.end());
      }
    }
    return result;
  }
  for (int s = 0; s < samples; ++s) {
    std::vector<std::vector<float>> values(g.tensors.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i].resize(static_cast<std::size_t>(num_elements(g.tensors[i].shape)));
      if (g.tensors[i].is_const() && g.tensors[i].dtype == DType::f32)
        std::ranges::copy(g.tensors[i].as<float>(), values[i].begin());
    }
    for (const auto id : g.inputs)
      for (float& v : values[static_cast<std::size_t>(id)]) v = static_cast<float>(random() % 4001) / 1000.0f - 2.0f;
    for (const Node& n : g.nodes) {
      std::vector<FloatIn> in;
      std::vector<FloatOut> out;
      for (const auto id : n.inputs)
        in.push_back(id == kNoTensor ? FloatIn{}
                                     : FloatIn{values[static_cast<std::size_t>(id)].data(), &g.at(id).shape});
      for (const auto id : n.outputs) out.push_back({values[static_cast<std::size_t>(id)].data(), &g.at(id).shape});
      std::vector<float> scratch;
      traits(n.op).forward({n.op, in, out, scratch});
    }
    for (const auto id : g.outputs) result.push_back(values[static_cast<std::size_t>(id)]);
  }
  return result;
}

/// Fails the test unless both graphs give the same numbers: exactly for integers, within 1e-4 of each output's largest
/// for floats. Outputs that are zero everywhere would prove nothing and fail too.
inline void check_same_outputs(const Graph& before, const Graph& after, unsigned seed) {
  const auto a = outputs_on_random_inputs(before, seed), b = outputs_on_random_inputs(after, seed);
  REQUIRE(a.size() == b.size());
  for (std::size_t k = 0; k < a.size(); ++k) {
    REQUIRE(a[k].size() == b[k].size());
    float largest = 0, worst = 0;
    for (std::size_t i = 0; i < a[k].size(); ++i) {
      largest = std::max(largest, std::fabs(a[k][i]));
      worst = std::max(worst, std::fabs(a[k][i] - b[k][i]));
    }
    CHECK(largest > 0);
    CHECK(worst <= (before.stage == Stage::Float ? 1e-4f * largest : 0.0f));
  }
}

}  // namespace tinyc
