// check, diff, update: a model repository's state against its budgets and against what was accepted before.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/build_state.h"
#include "cli/cli.h"
#include "cli/console.h"
#include "tinyc/error.h"

namespace fs = std::filesystem;

namespace tinyc {
namespace {

CheckFormat format_of(const std::string& text, bool json, CheckFormat usual) {
  static constexpr std::pair<const char*, CheckFormat> kFormats[] = {
      {"text", CheckFormat::text},         {"json", CheckFormat::json},   {"github", CheckFormat::github},
      {"markdown", CheckFormat::markdown}, {"junit", CheckFormat::junit}, {"sarif", CheckFormat::sarif},
      {"html", CheckFormat::html}};
  if (json) return CheckFormat::json;
  if (text.empty()) return usual;
  for (const auto& [name, format] : kFormats)
    if (text == name) return format;
  bad_value("--format", text, "text, json, github, markdown, junit, sarif or html");
}

bool is_lock(const fs::path& path) { return path.filename().string().find(".lock.") != std::string::npos; }

std::vector<Locked> read_lock(const fs::path& path) {
  const Bytes bytes = read_file(path, ErrorKind::data, std::uint64_t{1} << 26);
  return lock_from_json(std::string(bytes.begin(), bytes.end()), path.string());
}

/// What a report, a DIR or a lock file holds.
std::vector<Locked> states_of(const std::string& path) {
  if (is_lock(path)) return read_lock(path);
  return {{path, load_report(path)}};
}

/// The one that is about the same model: by path, else by name; a single one is meant whatever its name.
const Report* same_model(const std::vector<Locked>& states, const std::string& path, const Report& r) {
  for (const Locked& s : states)
    if (s.path == path) return &s.report;
  for (const Locked& s : states)
    if (s.report.model_name == r.model_name) return &s.report;
  return states.size() == 1 ? &states[0].report : nullptr;
}

/// Every model of tinyc.toml as built. Throws Error(missing_option) when one must be built first.
std::vector<std::pair<const ProjectModel*, Report>> built(const Project& p) {
  std::vector<std::pair<const ProjectModel*, Report>> list;
  for (const ProjectModel& m : p.models) {
    if (!BuildState(m).up_to_date())
      throw Error(ErrorCode::missing_option, "'" + printable(m.path) + "' is not built, or was changed since",
                  "run `tinyc build` first");
    list.emplace_back(&m, load_report(m.options.out_dir));
  }
  return list;
}

std::vector<CheckedModel> check_project(const CheckArguments& a) {
  const Project p = load_project(a.config);
  std::vector<Locked> baseline;
  std::error_code error;
  if (!a.baseline.empty())
    baseline = states_of(a.baseline);
  else if (fs::is_regular_file(p.lock_file(), error))
    baseline = read_lock(p.lock_file());
  std::vector<CheckedModel> models;
  for (auto& [m, report] : built(p)) {
    CheckedModel& c = models.emplace_back();
    c.path = (p.folder / m->path).string();
    if (const auto same = std::ranges::find(baseline, m->path, &Locked::path); same != baseline.end())
      c.baseline = same->report;
    CompressOptions o = m->options;
    for (const auto& [name, value] : a.given)
      if (const OptionSpec* s = find_option(name)) apply_option(o, *s, value);
    c.gates = evaluate_gates(report, o.gates, c.baseline ? &*c.baseline : nullptr);
    c.report = std::move(report);
  }
  return models;
}

std::vector<CheckedModel> check_subject(const CheckArguments& a) {
  // the option table parses the gates too; a report or DIR needs nothing else of it
  const bool is_model = fs::path(a.subject).extension() == ".tflite";
  const CompressOptions o = resolve_options(a.subject, a.given, a.config);
  const Gates& g = o.gates;
  if (a.baseline.empty() && !g.max_flash && !g.max_ram && !g.max_drop && !g.min_accuracy)
    throw Error(ErrorCode::missing_option, "check needs a gate",
                "--max-flash, --max-ram, --max-drop, --min-accuracy or --baseline report.json");
  CheckedModel c;
  c.path = a.subject;
  c.report = is_model ? compress_model(o).report : load_report(a.subject);
  if (is_model) log_warnings(c.report);
  if (!a.baseline.empty()) {
    const auto states = states_of(a.baseline);
    const Report* same = same_model(states, a.subject, c.report);
    if (!same)
      throw Error(ErrorCode::not_a_report,
                  "'" + printable(a.baseline) + "' knows no model '" + printable(c.report.model_name) + "'",
                  "`tinyc update` writes the lock file of all models of tinyc.toml");
    c.baseline = *same;
  }
  c.gates = evaluate_gates(c.report, o.gates, c.baseline ? &*c.baseline : nullptr);
  return {std::move(c)};
}

int exit_code(const std::vector<CheckedModel>& models) {
  return std::ranges::all_of(models, &CheckedModel::passed) ? 0 : static_cast<int>(ErrorKind::gate);
}

/// The answer, on standard output or in a file.
void give(const std::string& text, const std::string& file) {
  if (file.empty())
    answer(text);
  else
    write_file(file, text);
}

}  // namespace

int command_check(const CheckArguments& a) {
  const CheckFormat format = format_of(a.format, a.json, CheckFormat::text);
  const auto models = a.subject.empty() ? check_project(a) : check_subject(a);
  give(format_check(models, format), a.output);
  return exit_code(models);
}

int command_diff(const DiffArguments& a) {
  const CheckFormat format = format_of(a.format, a.json, CheckFormat::markdown);
  const auto before = states_of(a.before);
  std::vector<CheckedModel> models;
  for (Locked& now : states_of(a.after)) {
    CheckedModel& c = models.emplace_back();
    c.path = now.path;
    if (const Report* same = same_model(before, now.path, now.report)) c.baseline = *same;
    if (a.gate && c.baseline) c.gates = evaluate_gates(now.report, {}, &*c.baseline);
    c.report = std::move(now.report);
  }
  give(format_check(models, format), a.output);
  return exit_code(models);
}

int command_update(const std::string& config) {
  const Project p = load_project(config);
  std::vector<Locked> models;
  for (auto& [m, report] : built(p)) models.push_back({m->path, std::move(report)});
  write_file(p.lock_file(), lock_to_json(models));
  answer("written: " + printable(p.lock_file().string()) + "\n");
  return 0;
}

}  // namespace tinyc
