// Training by the user's own program, where tinyc would train itself (docs/hooks.md).
#pragma once
#include <string>
#include <vector>

#include "tinyc/pass.h"

namespace tinyc {

struct FinetuneHook {
  std::string command;
  double timeout_seconds = 0;            ///< 0: never
  const Dataset* data = nullptr;         ///< to learn from; a share (options.validation) goes to validation.npz
  const Dataset* calibration = nullptr;  ///< for the ranges in job.json; null: none are told
  TrainOptions options;                  ///< what job.json asks for
  bool int8 = true;                      ///< the student will be quantized
};

/// Writes the folder, runs the command, reads the student back and takes over its weights. Weights that are exactly 0
/// stay 0. Returns notes for the report. Throws Error(data) naming what is wrong: the command failed or ran out of time
/// (the folder is then kept for a look), or student.tflite is missing, no model, another graph, not finite or not
/// pruned any more; `student` is then as it was.
std::vector<std::string> run_finetune_hook(Graph& student, const Graph& teacher, const FinetuneHook& hook);

}  // namespace tinyc
