#include "cli/cli.h"
#include "cli/console.h"
#include "cli/options.h"
#include "pipeline/sensitivity.h"
#include "tinyc/error.h"
#include "tinyc/parallel.h"

namespace tinyc {
namespace {

std::vector<double> parse_steps(const std::string& text) {
  std::vector<double> steps;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    steps.push_back(parse_number(text.substr(from, comma - from), "--steps", 0.0001, 0.9999));
    from = comma + 1;
  }
  return steps;
}

}  // namespace

int command_sensitivity(const SensitivityArguments& a) {
  SensitivitySettings settings;
  settings.metric = a.metric;
  if (!a.steps.empty()) settings.steps = parse_steps(a.steps);
  if (a.kind == "block4")
    settings.kind = PassOptions::Prune::Kind::block4;
  else if (a.kind != "unstructured")
    throw Error(ErrorCode::bad_value, "bad value '" + printable(a.kind) + "' for --kind", "unstructured or block4");
  settings.progress = show_progress;
  std::error_code error;
  if (!a.out_dir.empty() && std::filesystem::exists(a.out_dir, error) &&
      !std::filesystem::is_directory(a.out_dir, error))
    throw Error(ErrorCode::cannot_write, "'" + printable(a.out_dir) + "' is a file, not a folder",
                "choose another -o DIR");

  const Import model = import_tflite(a.model);
  DatasetOptions options;
  options.max_samples = a.samples;
  if (!a.preprocess.empty()) options.preprocess = parse_preprocess(a.preprocess);
  const Dataset d = load_dataset(a.data, model.graph, options);
  for (const auto& w : d.warnings) log_warning(w);
  Sensitivity s = sensitivity(model.graph, d, settings);
  s.model = std::filesystem::path(a.model).stem().string();
  check_interrupt();
  if (!a.out_dir.empty()) {
    const auto bytes = [](const std::string& text) { return Bytes(text.begin(), text.end()); };
    write_files(a.out_dir, {{"sensitivity.json", bytes(to_json(s))}, {"sensitivity.html", bytes(to_html(s))}});
    log_info("written: " + printable(a.out_dir));
  }
  answer(a.json ? to_json(s) : to_table(s));
  return 0;
}

}  // namespace tinyc
