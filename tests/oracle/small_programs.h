// A small compiled network with a shortcut, two outputs, coded and raw weights: what tests of the back end work on.
#pragma once
#include "tinyc/codec.h"
#include "tinyc/dataset.h"
#include "tinyc/pass.h"
#include "tinyc/program.h"
#include "tinyc/text.h"

namespace oracle {

inline constexpr const char* kSmallNetwork =
    "%x = input f32[1,8,8,3] %c = conv_2d(%x, random(1) f32[8,3,3,3], random(2) f32[8]) pad=1,1,1,1 act=relu "
    "%d = depthwise_conv_2d(%c, random(3) f32[1,3,3,8], random(4) f32[8]) pad=1,1,1,1 act=relu6 "
    "%p = conv_2d(%d, random(5) f32[8,1,1,8], random(6) f32[8]) %s = add(%p, %c) act=relu "
    "%m = mean(%s) axes=[1,2] %f = fully_connected(%m, random(7) f32[5,8], random(8) f32[5]) %t = tanh(%s) "
    "%y = softmax(%f) output %y output %t";

inline tinyc::Graph quantized(const char* text) {
  tinyc::Graph g = tinyc::parse(text);
  const tinyc::Dataset samples = tinyc::synthetic_dataset(g, 8, 1);
  tinyc::PassOptions options;
  options.calibration = &samples;
  tinyc::find_pass("calibrate")->run(g, options);
  tinyc::find_pass("quantize_int8")->run(g, options);
  return g;
}

/// Codes every second constant int8 tensor of at least 40 weights.
inline void code_some(tinyc::Graph& g) {
  int seen = 0;
  for (auto& t : g.tensors) {
    if (!t.is_const() || t.dtype != tinyc::DType::i8 || t.bytes() < 40 || seen++ % 2) continue;
    const std::span<const std::int8_t> weights[] = {t.as<std::int8_t>()};
    const tinyc::CodeTable table = tinyc::build_table(weights);
    t.coded = tinyc::Coded{std::make_shared<const tinyc::Bytes>(tinyc::encode(table, weights[0])),
                           static_cast<std::int32_t>(g.code_tables.size())};
    g.code_tables.push_back(std::make_shared<const tinyc::Bytes>(table.bytes));
  }
  g.stage = tinyc::Stage::Coded;
}

inline tinyc::Program small_program(const char* name = "small") {
  tinyc::Graph g = quantized(kSmallNetwork);
  code_some(g);
  g.name = name;
  return tinyc::lower(g);
}

}  // namespace oracle
