// Small tasks made by formulas.
#pragma once
#include <cmath>
#include <cstring>
#include <vector>

#include "catch.h"
#include "ir/random.h"
#include "tinyc/error.h"
#include "tinyc/parallel.h"
#include "tinyc/text.h"
#include "tinyc/train.h"

inline tinyc::Array array_of(std::vector<std::int64_t> shape, const std::vector<float>& v) {
  tinyc::Array a;
  a.name = "x";
  a.shape = std::move(shape);
  a.data.resize(v.size() * sizeof(float));
  std::memcpy(a.data.data(), v.data(), a.data.size());
  return a;
}

/// n points of the square [-1,1]^2; label: whether the coordinates' signs differ.
inline tinyc::Dataset xor_task(std::size_t n, bool labels = true) {
  std::vector<float> x, y;
  tinyc::Random r(3);
  for (std::size_t i = 0; i < n; ++i) {
    const float a = 2 * r.uniform() - 1, b = 2 * r.uniform() - 1;
    x.insert(x.end(), {a, b});
    y.push_back((a > 0) != (b > 0) ? 1.0f : 0.0f);
  }
  tinyc::Dataset d;
  d.inputs.push_back(array_of({static_cast<std::int64_t>(n), 2}, x));
  if (labels) d.labels = array_of({static_cast<std::int64_t>(n)}, y);
  return d;
}

/// y = 2 a - b + 0.5.
inline tinyc::Dataset line_task(std::size_t n) {
  tinyc::Dataset d = xor_task(n);
  std::vector<float> y(n);
  for (std::size_t i = 0; i < n; ++i) {
    float p[2];
    d.inputs[0].row(i, p);
    y[i] = 2 * p[0] - p[1] + 0.5f;
  }
  d.labels = array_of({static_cast<std::int64_t>(n), 1}, y);
  return d;
}

/// 2 inputs, `hidden` ReLU neurons, `outputs` outputs, random weights.
tinyc::Graph two_layers(int hidden, int outputs, bool softmax, int seed = 1);
