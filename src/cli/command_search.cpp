#include <algorithm>

#include "cli/cli.h"
#include "cli/console.h"
#include "cli/load_inputs.h"
#include "cli/search_folder.h"
#include "pipeline/fingerprint.h"
#include "pipeline/search.h"
#include "tinyc/error.h"
#include "tinyc/parallel.h"

namespace tinyc {
namespace {

// Options of compress that search sets itself, or that say nothing about a search.
const std::set<std::string>& foreign_options() {
  static const std::set<std::string> kNames{"output",     "prune",   "bit-price",    "qat",         "pass",
                                            "dump-after", "max-ram", "min-accuracy", "reproducible"};
  return kNames;
}

constexpr double kUsualDrop = 0.01;  // where no goal is given

SearchGoal goal_of(const Gates& g) {
  if (g.max_drop || g.max_flash) return {g.max_drop, g.max_flash};
  return {kUsualDrop, {}};
}

// "2/4": the second of four.
std::pair<std::size_t, std::size_t> parse_shard(const std::string& text) {
  if (text.empty()) return {1, 1};
  const auto slash = text.find('/');
  const std::string all = slash == std::string::npos ? "" : text.substr(slash + 1);
  const double n = parse_number(all, "--shard", 1, 1e6), k = parse_number(text.substr(0, slash), "--shard", 1, n);
  return {static_cast<std::size_t>(k), static_cast<std::size_t>(n)};
}

// All that results depend on. Data counts by content, so that machines may keep it in different places.
JournalHead head_of(const CompressOptions& o, const LoadedInputs& l, const SearchGoal& goal) {
  JournalHead head{o.settings.name, goal, {{"version", TINYC_VERSION}, {"model", l.model.facts.sha256}}};
  const auto add = [&](const char* name, const std::optional<Dataset>& d) {
    if (d) head.fingerprint[name] = fingerprint(*d);
  };
  add("calib", l.calibration);
  add("eval", l.evaluation);
  add("finetune", l.training);
  if (l.teacher) head.fingerprint["teacher"] = l.teacher->facts.sha256;
  if (l.student) head.fingerprint["student"] = l.student->facts.sha256;
  std::string options;
  for (const auto& [name, value] : o.values)
    if (const auto specs = compress_specs();
        name != "threads" && name != "json" && name != "int8" &&
        std::ranges::none_of(specs, [&](const OptionSpec& s) { return name == s.name && s.path; }))
      options.append(name).append("=").append(value).append("\n");
  if (!l.taught) options += "teacher=none\n";
  head.fingerprint["options"] = fingerprint(options);
  return head;
}

int answer_with(const Search& s, bool json, bool part = false) {
  answer(json ? to_json(s) : to_table(s));
  if (s.met || !s.best || part) return 0;  // of a part of the trials nobody expects the goal
  log_error(Error(ErrorCode::goal_not_reached, "no trial reached the goal; best/ holds the nearest"));
  return static_cast<int>(ErrorKind::gate);
}

int merge(const SearchArguments& a) {
  const Search s = merge_searches(a.inputs, SearchFolder(a.out_dir, 1, 1));
  return answer_with(s, a.given.count("json") != 0);
}

}  // namespace

std::vector<OptionSpec> search_specs() {
  std::vector<OptionSpec> list;
  std::ranges::copy_if(compress_specs(), std::back_inserter(list),
                       [](const OptionSpec& s) { return !foreign_options().count(s.name); });
  return list;
}

int command_search(const SearchArguments& a) {
  if (a.merge) return merge(a);
  if (a.inputs.size() != 1)
    throw Error(ErrorCode::missing_option, "search takes one MODEL", "--merge joins the folders of several searches");
  CompressOptions defaults;
  defaults.settings.int8 = true;
  defaults.settings.pass_options.optimize = PassOptions::Optimize::size;
  defaults.output.reproducible = true;
  CompressOptions o = resolve_options(a.inputs[0], a.given, a.config, defaults, foreign_options());
  o.output.json = true;  // report.json tells whose best it is
  const auto [shard, shards] = parse_shard(a.shard);
  if (o.eval.empty()) throw Error(ErrorCode::missing_option, "search needs samples to measure on", "give --eval DATA");
  const bool epochs = o.settings.pass_options.training.options.epochs > 0;
  if (!o.finetune.empty() && !epochs) throw Error(ErrorCode::bad_value, "training needs --epochs above 0");

  set_thread_count(o.threads);
  const LoadedInputs loaded = load_inputs(o);
  for (const auto& w : loaded.warnings) log_warning(w);
  if (loaded.model.graph.stage != Stage::Float)
    throw Error(ErrorCode::needs_float_model, "only float models can be searched, this one is quantized already",
                "give the float model it was made from");
  SearchJob job;
  job.model = o.settings.name;
  job.inputs = loaded.inputs();
  job.settings = console_settings(o);
  job.goal = goal_of(o.gates);
  job.trials = a.trials;
  job.shard = shard;
  job.shards = shards;
  job.minutes = a.minutes;
  const SearchFolder folder(a.out_dir, shard, shards);
  job.is_written = [&](const SearchPoint& p) { return holds(folder.best(), p); };
  job.write_best = [&](const Compressed& c) { folder.write_best(output_files(c, o.output)); };
  job.updated = [&](const Search& s) { folder.write(s); };
  job.log = log_progress;
  Journal journal(folder.journal(), head_of(o, loaded, job.goal));
  try {
    return answer_with(run_search(job, journal), o.json, shards > 1);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::interrupted) throw;
    throw Error(ErrorCode::stopped, "interrupted", "the same command goes on with the next trial");
  }
}

}  // namespace tinyc
