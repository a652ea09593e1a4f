#include "cli/cli.h"
#include "cli/console.h"
#include "cli/options.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"
#include "tinyc/parallel.h"
#include "tinyc/text.h"

namespace fs = std::filesystem;

namespace tinyc {
namespace {

// A graph in text form or a .tflite file.
Graph load_graph(const fs::path& path) {
  if (path.extension() == ".tflite") return import_tflite(path).graph;
  const Bytes text = read_file(path, ErrorKind::input, std::uint64_t{1} << 28);
  return parse(std::string(text.begin(), text.end()));
}

}  // namespace

int command_train(const TrainArguments& a) {
  CompressOptions o;
  for (const OptionSpec& s : training_specs())
    if (const auto found = a.given.find(s.name); found != a.given.end()) s.set(o, found->second);
  set_thread_count(a.threads);
  Graph g = load_graph(a.model);
  if (g.stage != Stage::Float)
    throw Error(ErrorCode::needs_float_model, "only float models can be trained", "give a float graph");
  DatasetOptions data_options;
  if (!a.preprocess.empty()) data_options.preprocess = parse_preprocess(a.preprocess);
  const Dataset data = load_dataset(a.data, g, data_options);
  for (const auto& w : data.warnings) log_warning(w);
  std::optional<Graph> teacher;
  if (!a.teacher.empty()) teacher = load_graph(a.teacher);

  TrainJob job;
  job.data = &data;
  job.teacher = teacher ? &*teacher : nullptr;
  job.options = o.settings.pass_options.training.options;
  job.options.seed = a.seed;
  job.hooks.on_epoch = log_epoch;
  const TrainResult r = train(g, job);
  const Bytes file = export_tflite(g);
  check_interrupt();
  write_file(a.output, file);
  const EpochInfo& best = r.curve.at(r.best_epoch);
  char line[160];
  std::snprintf(line, sizeof line, "validation %s %.4f after epoch %zu of %zu\n", r.measure.c_str(), best.validation,
                r.best_epoch, best.epochs);
  answer(line);
  return interrupt_acknowledged() ? static_cast<int>(ErrorKind::interrupted) : 0;
}

}  // namespace tinyc
