#include "cli/load_inputs.h"

#include "cli/cli.h"
#include "cli/console.h"
#include "tinyc/error.h"

namespace tinyc {
namespace {

std::optional<Dataset> load(const std::string& path, const Graph& g, std::size_t max_samples,
                            const Preprocess& preprocess, std::vector<std::string>& warnings) {
  if (path.empty()) return std::nullopt;
  DatasetOptions options;
  options.max_samples = max_samples;
  options.preprocess = preprocess;
  Dataset d = load_dataset(path, g, options);
  warnings.insert(warnings.end(), d.warnings.begin(), d.warnings.end());
  return d;
}

}  // namespace

CompressInputs LoadedInputs::inputs() const {
  CompressInputs in;
  in.model = &model;
  in.student = student ? &*student : nullptr;
  in.calibration = calibration ? &*calibration : nullptr;
  in.evaluation = evaluation ? &*evaluation : nullptr;
  in.training = training ? &*training : nullptr;
  in.teacher = !taught ? nullptr : teacher ? &teacher->graph : &model.graph;
  return in;
}

LoadedInputs load_inputs(const CompressOptions& o) {
  LoadedInputs l;
  l.model = import_tflite(o.model);
  for (const auto& note : l.model.facts.notes) log_info(note);
  const Preprocess preprocess = o.preprocess.empty() ? Preprocess{} : parse_preprocess(o.preprocess);
  l.calibration = load(o.calib, l.model.graph, o.calib_samples, preprocess, l.warnings);
  l.evaluation = load(o.eval, l.model.graph, 0, preprocess, l.warnings);
  l.training = load(o.finetune, l.model.graph, 0, preprocess, l.warnings);
  if (!o.student.empty()) l.student = import_tflite(o.student);
  l.taught = o.teacher != "none";
  if (l.taught && !o.teacher.empty()) l.teacher = import_tflite(o.teacher);
  const Graph& teacher = l.teacher ? l.teacher->graph : l.model.graph;
  if (l.training && l.taught && teacher.stage != Stage::Float)
    throw Error(ErrorCode::needs_float_model, "the teacher must be a float model", "give --teacher the float .tflite");
  return l;
}

CompressSettings console_settings(const CompressOptions& o) {
  CompressSettings s = o.settings;
  s.pass_options.training.options.seed = s.seed;
  s.pass_options.training.hooks.on_epoch = log_epoch;
  s.progress = show_progress;
  return s;
}

}  // namespace tinyc
