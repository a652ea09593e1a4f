#include <algorithm>

#include "cli/cli.h"
#include "cli/console.h"
#include "cli/options.h"
#include "tinyc/error.h"
#include "tinyc/parallel.h"
#include "tinyc/text.h"

namespace tinyc {
namespace {

std::optional<Dataset> load(const std::string& path, const Graph& g, std::size_t max_samples,
                            const Preprocess& preprocess) {
  if (path.empty()) return std::nullopt;
  DatasetOptions options;
  options.max_samples = max_samples;
  options.preprocess = preprocess;
  Dataset d = load_dataset(path, g, options);
  for (const auto& w : d.warnings) log_warning(w);
  return d;
}

}  // namespace

void log_epoch(const EpochInfo& e) {
  char text[160];
  std::snprintf(text, sizeof text, "training: epoch %zu of %zu: loss %.4f, validation %.4f%s, %.0f s left", e.epoch,
                e.epochs, e.loss, e.validation, e.best ? " (best so far)" : "", e.seconds_left);
  log_progress(text);
}

/// Shared by compress and check.
Compressed compress_model(const CompressOptions& o) {
  set_thread_count(o.threads);
  show_progress("import", 0.02);
  const Import model = import_tflite(o.model);
  for (const auto& note : model.facts.notes) log_info(note);
  const Preprocess preprocess = o.preprocess.empty() ? Preprocess{} : parse_preprocess(o.preprocess);
  const auto calibration = load(o.calib, model.graph, o.calib_samples, preprocess);
  const auto evaluation = load(o.eval, model.graph, 0, preprocess);
  const auto is_loaded = [&](const Pass* p) { return o.dump_after == p->name; };
  if (!o.dump_after.empty() && !find_pass(o.dump_after) && std::ranges::none_of(o.settings.loaded_passes, is_loaded))
    throw Error(ErrorKind::usage, "unknown pass '" + printable(o.dump_after) + "'", "`tinyc passes` lists them");

  const auto training = load(o.finetune, model.graph, 0, preprocess);
  std::optional<Import> teacher, student;
  if (!o.student.empty()) student = import_tflite(o.student);
  const bool taught = o.teacher != "none";
  if (taught && !o.teacher.empty()) teacher = import_tflite(o.teacher);
  const Graph& teacher_graph = teacher ? teacher->graph : model.graph;
  if (training && taught && teacher_graph.stage != Stage::Float)
    throw Error(ErrorKind::usage, "the teacher must be a float model", "give --teacher the float .tflite");

  CompressSettings settings = o.settings;
  settings.pass_options.training.options.seed = settings.seed;
  settings.pass_options.training.hooks.on_epoch = log_epoch;
  if (settings.pass_options.bit_price == 0)
    settings.budget = {o.gates.max_flash, o.gates.max_drop,
                       settings.pass_options.optimize == PassOptions::Optimize::size};
  settings.progress = show_progress;
  settings.after_pass = [&](const Pass& p, const Graph& g) {
    if (o.dump_after == p.name) {
      end_progress();
      const std::string text = print(g, true);
      std::fwrite(text.data(), 1, text.size(), stderr);
    }
  };
  CompressInputs inputs;
  inputs.model = &model;
  inputs.student = student ? &*student : nullptr;
  inputs.calibration = calibration ? &*calibration : nullptr;
  inputs.evaluation = evaluation ? &*evaluation : nullptr;
  inputs.training = training ? &*training : nullptr;
  inputs.teacher = taught ? &teacher_graph : nullptr;
  Compressed c = compress(inputs, settings);
  for (const auto& w : c.report.warnings) log_warning(w);
  for (const auto& p : c.report.passes)
    for (const auto& note : p.notes) log_info(p.name + ": " + note);
  c.report.failures = failed_gates(c.report, o.gates);
  if (!c.report.failures.empty()) c.report.status = "failed";
  return c;
}

int command_compress(const std::string& model, const std::map<std::string, std::string>& given,
                     const std::string& config) {
  const CompressOptions o = resolve_options(model, given, config);
  std::error_code error;
  if (std::filesystem::exists(o.out_dir, error) && !std::filesystem::is_directory(o.out_dir, error))
    throw Error(ErrorKind::write, "'" + printable(o.out_dir) + "' is a file, not a folder", "choose another -o DIR");
  const Compressed c = compress_model(o);
  check_interrupt();
  write_files(o.out_dir, output_files(c, o.output));
  log_info("written: " + printable(o.out_dir));
  answer(o.json ? to_json(c.report, o.output.reproducible) : to_table(c.report));
  for (const auto& f : c.report.failures) log_error(Error(ErrorKind::gate, f));
  if (interrupt_acknowledged()) return static_cast<int>(ErrorKind::interrupted);
  return c.report.failures.empty() ? 0 : static_cast<int>(ErrorKind::gate);
}

}  // namespace tinyc
