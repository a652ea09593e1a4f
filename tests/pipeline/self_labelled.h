// A small classifier and samples that it labels itself: as float it is always right.
#pragma once
#include <algorithm>
#include <cstring>

#include "pipeline/compress.h"
#include "tinyc/executor.h"
#include "tinyc/text.h"

namespace tinyc {

struct SelfLabelled {
  Import model;
  Dataset data;
  CompressInputs inputs;
  CompressSettings settings;

  SelfLabelled() {
    model.graph = parse(
        "%x = input f32[1,24] "
        "%a = fully_connected(%x, he(1) f32[64,24], zeros f32[64]) act=relu "
        "%b = fully_connected(%a, he(2) f32[64,64], zeros f32[64]) act=relu "
        "%c = fully_connected(%b, he(3) f32[6,64], zeros f32[6]) %y = softmax(%c) output %y");
    for (const Tensor& t : model.graph.tensors)
      if (t.is_const()) model.facts.params += t.as<float>().size();
    data = synthetic_dataset(model.graph, 300, 7);
    const auto y = run_float(model.graph, data, 300)[0];
    Array labels{"y", Array::Type::i32, {300}, {}};
    labels.data.resize(300 * sizeof(std::int32_t));
    for (std::size_t i = 0; i < 300; ++i) {
      const auto row = y.begin() + static_cast<std::ptrdiff_t>(6 * i);
      const auto label = static_cast<std::int32_t>(std::max_element(row, row + 6) - row);
      std::memcpy(labels.data.data() + 4 * i, &label, 4);
    }
    data.labels = labels;
    inputs.model = &model;
    inputs.calibration = &data;
    inputs.evaluation = &data;
    settings.int8 = true;
    settings.pass_options.optimize = PassOptions::Optimize::size;
  }
  SelfLabelled(const SelfLabelled&) = delete;
  SelfLabelled& operator=(const SelfLabelled&) = delete;
};

}  // namespace tinyc
