#include <algorithm>
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

// Integers as they are: int8 arrays by value, uint8 arrays shifted by 128 (the int8 form of a uint8 quantization).
std::vector<std::vector<std::int8_t>> run_raw(const Program& p, const Dataset& d) {
  const ProgramExecutor e(p);
  std::vector<std::vector<std::int8_t>> result;
  const std::size_t n = d.samples();
  for (const auto id : p.outputs) result.emplace_back(n * p.values[static_cast<std::size_t>(id)].bytes);
  auto state = e.make_state();
  for (std::size_t sample = 0; sample < n; ++sample) {
    check_interrupt();
    for (std::size_t k = 0; k < p.inputs.size(); ++k) {
      const auto in = e.input(state, k);
      std::vector<float> values(in.size());
      d.inputs[k].row(sample, values);
      const float offset = d.inputs[k].type == Array::Type::u8 ? 128.0f : 0.0f;
      for (std::size_t j = 0; j < in.size(); ++j) {
        const float v = values[j] - offset;
        if (v < -128 || v > 127 || v != static_cast<float>(static_cast<int>(v)))
          throw Error(ErrorKind::data, "--raw needs int8 integers; sample " + std::to_string(sample) + " element " +
                                           std::to_string(j) + " is " + std::to_string(values[j]));
        in[j] = static_cast<std::int8_t>(v);
      }
    }
    e.run(state);
    for (std::size_t k = 0; k < p.outputs.size(); ++k) {
      const auto out = e.output(state, k);
      std::copy(out.begin(), out.end(), result[k].begin() + static_cast<std::ptrdiff_t>(sample * out.size()));
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
      throw Error(ErrorKind::usage, "--raw needs an int8 model or a compressed DIR",
                  "leave out --raw, or compress with --int8 first");
    const auto out = run_raw(*r.program, d);
    for (std::size_t k = 0; k < out.size(); ++k)
      if (keep(k))
        arrays.push_back(
            to_array(io.at(io.outputs[k]).name, Array::Type::i8, d.samples(), io.at(io.outputs[k]).shape, out[k]));
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
