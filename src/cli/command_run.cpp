#include <algorithm>
#include <cmath>
#include <cstring>

#include "cli/cli.h"
#include "cli/console.h"
#include "driver.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"
#include "tinyc/parallel.h"

namespace tinyc {
namespace {

template <class T>
Array to_array(const std::string& name, Array::Type type, std::size_t samples, const Shape& shape,
               const std::vector<T>& values) {
  Array a;
  a.name = name;
  a.type = type;
  a.shape.push_back(static_cast<std::int64_t>(samples));
  // the graph's own batch axis of 1 becomes the samples' axis
  for (std::size_t i = !shape.empty() && shape[0] == 1 ? 1 : 0; i < shape.size(); ++i) a.shape.push_back(shape[i]);
  a.data.resize(values.size() * sizeof(T));
  if (!a.data.empty()) std::memcpy(a.data.data(), values.data(), a.data.size());
  return a;
}

// Integers as they are: arrays by value, uint8 ones for int8 inputs shifted by 128 (the int8 form of a uint8
// quantization).
std::vector<std::vector<std::int32_t>> run_raw(const Program& p, const Dataset& d) {
  const ProgramExecutor e(p);
  std::vector<std::vector<std::int32_t>> result;
  const std::size_t n = d.samples();
  result.reserve(p.outputs.size());
  for (const auto id : p.outputs) result.emplace_back(n * p.values[static_cast<std::size_t>(id)].elements());
  auto state = e.make_state();
  for (std::size_t sample = 0; sample < n; ++sample) {
    check_interrupt();
    for (std::size_t k = 0; k < p.inputs.size(); ++k) {
      const Value& input = p.values[static_cast<std::size_t>(p.inputs[k])];
      const bool counts = input.type == DType::i32;
      std::vector<float> values(input.elements());
      std::vector<std::int32_t> integers(values.size());
      d.inputs[k].row(sample, values);
      const float offset = !counts && d.inputs[k].type == Array::Type::u8 ? 128.0f : 0.0f;
      const float lowest = counts ? -0x1p31f : -128.0f, highest = counts ? 0x1.fffffep30f : 127.0f;
      for (std::size_t j = 0; j < values.size(); ++j) {
        const float v = values[j] - offset;
        if (!(v >= lowest && v <= highest) || v != std::trunc(v))
          throw Error(ErrorCode::data_does_not_fit, std::string("--raw needs ") + (counts ? "int32" : "int8") +
                                                        " integers; sample " + std::to_string(sample) + " element " +
                                                        std::to_string(j) + " is " + std::to_string(values[j]));
        integers[j] = static_cast<std::int32_t>(v);
      }
      e.set_input(state, k, integers);
    }
    e.run(state);
    for (std::size_t k = 0; k < p.outputs.size(); ++k) {
      const std::size_t elements = result[k].size() / n;
      e.read_output(state, k, std::span(result[k]).subspan(sample * elements, elements));
    }
  }
  return result;
}

}  // namespace

int command_run(const RunArguments& a) {
  const Runnable r = load_runnable(a.model);
  DatasetOptions options;
  if (!a.preprocess.empty()) options.preprocess = parse_preprocess(a.preprocess);
  const Dataset d = load_dataset(a.input, r.io(), options);
  const auto& io = r.io();
  const bool npz = a.output.size() >= 4 && a.output.compare(a.output.size() - 4, 4, ".npz") == 0;
  std::vector<Array> arrays;
  const auto keep = [&](std::size_t k) { return npz || k == 0; };
  if (a.raw) {
    if (!r.program)
      throw Error(ErrorCode::missing_option, "--raw needs an int8 model or a compressed DIR",
                  "leave out --raw, or compress with --int8 first");
    const auto out = run_raw(*r.program, d);
    for (std::size_t k = 0; k < out.size(); ++k)
      if (keep(k)) {
        const Tensor& t = io.at(io.outputs[k]);
        arrays.push_back(t.dtype == DType::i32 ? to_array(t.name, Array::Type::i32, d.samples(), t.shape, out[k])
                                               : to_array(t.name, Array::Type::i8, d.samples(), t.shape,
                                                          std::vector<std::int8_t>(out[k].begin(), out[k].end())));
      }
  } else {
    const auto out = run(r, d, d.samples());
    for (std::size_t k = 0; k < out.size(); ++k)
      if (keep(k))
        arrays.push_back(
            to_array(io.at(io.outputs[k]).name, Array::Type::f32, d.samples(), io.at(io.outputs[k]).shape, out[k]));
  }
  write_numpy(a.output, arrays);
  return 0;
}

}  // namespace tinyc
