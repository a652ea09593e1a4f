#include <algorithm>
#include <ranges>

#include "cli/cli.h"
#include "cli/console.h"
#include "cli/depfile.h"
#include "cli/load_inputs.h"
#include "cli/options.h"
#include "tinyc/error.h"
#include "tinyc/parallel.h"
#include "tinyc/text.h"

namespace tinyc {
void log_epoch(const EpochInfo& e) {
  char text[160];
  std::snprintf(text, sizeof text, "training: epoch %zu of %zu: loss %.4f, validation %.4f%s, %.0f s left", e.epoch,
                e.epochs, e.loss, e.validation, e.best ? " (best so far)" : "", e.seconds_left);
  log_progress(text);
}

// The one that came first, and may be the cause of others, stands last on the screen.
void log_warnings(const Report& r) {
  for (const auto& w : std::views::reverse(r.warnings)) log_warning(w);
}

namespace {
/// Warnings about samples go into the report; when compression fails, they may say why.
Compressed compress_or_warn(const LoadedInputs& loaded, const CompressSettings& settings) {
  try {
    Compressed c = compress(loaded.inputs(), settings);
    c.report.warnings.insert(c.report.warnings.end(), loaded.warnings.begin(), loaded.warnings.end());
    return c;
  } catch (const Error&) {
    for (const auto& w : loaded.warnings) log_warning(w);
    throw;
  }
}
}  // namespace

Compressed compress_model(const CompressOptions& o) {
  set_thread_count(o.threads);
  show_progress("import", 0.02);
  const auto is_loaded = [&](const Pass* p) { return o.dump_after == p->name; };
  if (!o.dump_after.empty() && !find_pass(o.dump_after) && std::ranges::none_of(o.settings.loaded_passes, is_loaded))
    throw Error(ErrorCode::unknown_name, "unknown pass '" + printable(o.dump_after) + "'", "`tinyc passes` lists them");

  const LoadedInputs loaded = load_inputs(o);
  CompressSettings settings = console_settings(o);
  if (settings.pass_options.bit_price == 0)
    settings.budget = {o.gates.max_flash, o.gates.max_drop,
                       settings.pass_options.optimize == PassOptions::Optimize::size};
  if (!o.output.blob) settings.max_arena = o.gates.max_ram;  // replaceable data hold no layers that run row by row
  settings.after_pass = [&](const Pass& p, const Graph& g) {
    if (o.dump_after == p.name) {
      end_progress();
      const std::string text = print(g, true);
      std::fwrite(text.data(), 1, text.size(), stderr);
    }
  };
  Compressed c = compress_or_warn(loaded, settings);
  for (const auto& p : c.report.passes)
    for (const auto& note : p.notes) log_info(p.name + ": " + note);
  c.report.failures = failed_gates(c.report, o.gates);
  if (!c.report.failures.empty()) c.report.status = "failed";
  return c;
}

int command_compress(const std::string& model, const std::map<std::string, std::string>& given,
                     const std::string& config, const std::string& depfile, bool plan) {
  CompressOptions o = resolve_options(model, given, config);
  o.depfile = depfile;
  if (plan) {
    answer(plan_text(o));
    return 0;
  }
  return compress_to_folder(o);
}

int compress_to_folder(const CompressOptions& o) {
  std::error_code error;
  if (std::filesystem::exists(o.out_dir, error) && !std::filesystem::is_directory(o.out_dir, error))
    throw Error(ErrorCode::cannot_write, "'" + printable(o.out_dir) + "' is a file, not a folder",
                "choose another -o DIR");
  const Compressed c = compress_model(o);
  check_interrupt();
  write_files(o.out_dir, output_files(c, o.output));
  if (!o.depfile.empty()) {
    const std::string first = c.program.name + (o.output.c ? "_data.cc" : ".tinyc");
    write_file(o.depfile, dependency_rule(std::filesystem::path(o.out_dir) / first, files_read(o)));
  }
  log_info("written: " + printable(o.out_dir));
  answer(o.json ? to_json(c.report, o.output.reproducible) : to_table(c.report));
  log_warnings(c.report);
  for (const GateResult& g : evaluate_gates(c.report, o.gates))
    if (!g.passed) log_error(Error(g.code, g.message + (g.layer.empty() ? "" : "; " + g.layer), g.remedy));
  if (interrupt_acknowledged()) return static_cast<int>(ErrorKind::interrupted);
  return c.report.failures.empty() ? 0 : static_cast<int>(ErrorKind::gate);
}

}  // namespace tinyc
