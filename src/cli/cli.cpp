#include "cli/cli.h"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <new>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/command_tree.h"
#include "cli/console.h"
#include "cli/help_format.h"
#include "cli/options.h"
#include "tinyc/error.h"
#include "tinyc/parallel.h"

namespace tinyc {
namespace {

extern "C" void on_interrupt(int) {
  if (interrupted() && !InterruptHold::active()) std::_Exit(130);  // the second Ctrl-C does not wait
  set_interrupted();
}

// Sample files are mapped: the pages of one that another program cuts short, or that its disk no longer gives, are
// gone.
extern "C" void on_lost_page(int, siginfo_t* info, void*) {
  constexpr char message[] = "tinyc: error: a data file became shorter or unreadable while it was read\n";
  if (info->si_code != BUS_ADRERR) std::abort();
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, message, sizeof message - 1);
  std::_Exit(static_cast<int>(ErrorKind::data));
}

void set_up_signals() {
  struct sigaction action{};
  action.sa_handler = on_interrupt;  // without SA_RESTART: waiting for a pipe ends too
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  struct sigaction hang_up{};
  ::sigaction(SIGHUP, nullptr, &hang_up);
  if (hang_up.sa_handler != SIG_IGN) ::sigaction(SIGHUP, &action, nullptr);  // but nohup keeps its meaning
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file size limit is then an ordinary write error
  struct sigaction lost_page{};
  lost_page.sa_sigaction = on_lost_page;
  lost_page.sa_flags = SA_SIGINFO;
  ::sigaction(SIGBUS, &lost_page, nullptr);
}

// Closed standard descriptors get a stand-in that cannot be read or written, so that no file opened later takes their
// numbers and receives the answer or the log.
void hold_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
    if (::fcntl(fd, F_GETFD) < 0) [[maybe_unused]]
      const int unused = ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

// Strings that CLI11 fills for the option table; a deque keeps addresses.
struct TableValues {
  std::deque<std::string> texts;
  std::deque<bool> switches;
  std::vector<std::pair<const OptionSpec*, CLI::Option*>> options;

  void add_to(CLI::App& app, std::span<const OptionSpec> specs) {
    for (const auto& spec : specs) {
      std::string flag = std::string("--") + spec.name;
      if (flag == "--output") flag = "-o,--output";
      CLI::Option* option = spec.value ? app.add_option(flag, texts.emplace_back(), spec.help)->type_name(spec.value)
                                       : app.add_flag(flag, switches.emplace_back(), spec.help);
      options.emplace_back(&spec, option);
    }
  }
  std::map<std::string, std::string> given() const {
    std::map<std::string, std::string> values;
    for (const auto& [spec, option] : options)
      if (option->count() > 0) values[spec->name] = spec->value ? option->as<std::string>() : "true";
    return values;
  }
};

void print_error_json(const Error& e) {
  const nlohmann::json document{{"schema_version", 1},
                                {"status", "error"},
                                {"errors",
                                 {{{"code", label(e.code())},
                                   {"exit_code", static_cast<int>(e.kind())},
                                   {"message", e.what()},
                                   {"hint", e.hint()}}}}};
  const std::string text = document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  std::fwrite(text.data(), 1, text.size(), stdout);
}

int dispatch(int argc, char** argv) {
  CLI::App app{"tinyc: makes neural networks small and writes C for microcontrollers", "tinyc"};
  app.require_subcommand(1);
  bool asks_version = false;  // taken for the command before parsing
  app.add_flag("--version", asks_version, "the same as `tinyc version`");
  bool quiet = false, verbose = false;
  std::string config, log_format;
  const auto common = [&](CLI::App* c) {
    c->add_flag("-q,--quiet", quiet, "only errors on standard error");
    c->add_flag("-v,--verbose", verbose, "say what every pass did");
    c->add_option("--log-format", log_format, "text (default) or json: one object a line on standard error")
        ->check(CLI::IsMember({"text", "json"}));
  };

  TableValues compress_values, check_values, train_values, search_values;
  std::string model, depfile;
  bool plan = false;
  auto* compress = app.add_subcommand("compress", "the whole job: model in, C out");
  compress->add_option("MODEL", model, "a .tflite file")->required();
  compress_values.add_to(*compress, compress_specs());
  compress->add_option("--config", config, "configuration (default: tinyc.toml beside the model)");
  compress->add_flag("--plan,--dry-run", plan, "say what would be done, with an estimate of the size, and do nothing");
  compress->add_option("--depfile", depfile, "also write a rule of make with the files that were read")
      ->type_name("FILE");
  common(compress);

  bool inspect_json = false;
  std::string inspect_html;
  auto* inspect = app.add_subcommand("inspect", "operators, shapes, parameters, MACs, RAM bound");
  inspect->add_option("MODEL", model)->required();
  inspect->add_flag("--json", inspect_json);
  inspect->add_option("--html", inspect_html, "write a page about the model to this file");
  common(inspect);

  RunArguments run_arguments;
  auto* run = app.add_subcommand("run", "run a model or a compressed DIR on samples");
  run->add_option("MODEL", run_arguments.model, "a .tflite file or what compress wrote")->required();
  run->add_option("--input", run_arguments.input, ".npz or .npy, first axis = samples")->required();
  run->add_option("--output", run_arguments.output, ".npz (all outputs) or .npy (the first)")->required();
  run->add_option("--preprocess", run_arguments.preprocess, "\"scale=S,mean=M\": x = (raw - M) * S");
  run->add_flag("--raw", run_arguments.raw, "integers in and out");
  common(run);

  EvalArguments eval_arguments;
  auto* eval = app.add_subcommand("eval", "accuracy of a model or a compressed DIR");
  eval->add_option("MODEL", eval_arguments.model, "a .tflite file or what compress wrote")->required();
  eval->add_option("--data", eval_arguments.data, "labelled samples")->required();
  eval->add_option("--metric", eval_arguments.metric, "auto, top1, auc, mse");
  eval->add_option("--samples", eval_arguments.samples, "only the first N");
  eval->add_option("--preprocess", eval_arguments.preprocess, "\"scale=S,mean=M\": x = (raw - M) * S");
  eval->add_flag("--json", eval_arguments.json);
  common(eval);

  TrainArguments train_arguments;
  auto* train = app.add_subcommand("train", "train a graph in text form, or a float .tflite, and write a .tflite");
  train->add_option("MODEL", train_arguments.model, "text form (random weights are allowed) or .tflite")->required();
  train->add_option("--data", train_arguments.data, "training samples, with labels or a teacher")->required();
  train->add_option("-o,--output", train_arguments.output, "the trained .tflite")->required();
  train->add_option("--teacher", train_arguments.teacher, "a float model with the same inputs and outputs");
  train->add_option("--preprocess", train_arguments.preprocess, "\"scale=S,mean=M\": x = (raw - M) * S");
  train->add_option("--seed", train_arguments.seed, "seed of everything random (default 1)");
  train->add_option("--threads", train_arguments.threads, "threads (default: all cores)")->check(CLI::Range(0, 256));
  train_values.add_to(*train, training_specs());
  common(train);

  SensitivityArguments sensitivity_arguments;
  auto* sensitivity = app.add_subcommand("sensitivity", "accuracy with one layer pruned at a time");
  sensitivity->add_option("MODEL", sensitivity_arguments.model, "a float .tflite file")->required();
  sensitivity->add_option("--eval", sensitivity_arguments.data, "samples, labelled or not")->required();
  sensitivity->add_option("--steps", sensitivity_arguments.steps, "sparsities (default 0.3,0.5,0.7,0.8,0.9,0.95)");
  sensitivity->add_option("--kind", sensitivity_arguments.kind, "unstructured (default) or block4");
  sensitivity->add_option("--metric", sensitivity_arguments.metric, "auto, top1, auc, mse, cosine, agreement, sqnr");
  sensitivity->add_option("--samples", sensitivity_arguments.samples, "only the first N");
  sensitivity->add_option("--preprocess", sensitivity_arguments.preprocess, "\"scale=S,mean=M\": x = (raw - M) * S");
  sensitivity->add_option("-o,--output", sensitivity_arguments.out_dir, "also write sensitivity.json and .html there");
  sensitivity->add_flag("--json", sensitivity_arguments.json);
  common(sensitivity);

  SearchArguments search_arguments;
  const auto own_specs = search_specs();
  auto* search =
      app.add_subcommand("search", "the smallest model for an accuracy: prunings, trainings, prices of a bit");
  search->add_option("MODEL", search_arguments.inputs, "a float .tflite file; with --merge: folders of searches")
      ->required();
  search->add_option("-o,--output", search_arguments.out_dir, "journal, search.json, search.html and best/")
      ->required();
  search->add_option("--trials", search_arguments.trials, "only the first N of the list");
  search->add_option("--budget-minutes", search_arguments.minutes, "begin no trial after M minutes")
      ->check(CLI::Range(0.0, 1e6));
  search->add_option("--shard", search_arguments.shard, "K/N: each N-th trial, from the K-th on, in files of its own");
  search->add_flag("--merge", search_arguments.merge, "join what shards found");
  search_values.add_to(*search, own_specs);
  search->add_option("--config", search_arguments.config, "configuration (default: tinyc.toml beside the model)");
  common(search);

  CheckArguments check_arguments;
  auto* check = app.add_subcommand("check", "fail (exit 1) when a budget is exceeded or a baseline got worse");
  check->add_option(
      "SUBJECT", check_arguments.subject,
      "report.json, a compressed DIR, or a .tflite (takes the options of compress); default: every model of "
      "tinyc.toml, as built");
  check->add_option("--baseline", check_arguments.baseline,
                    "an earlier report.json or a tinyc.lock.json (default: the one beside tinyc.toml)");
  const char* formats = "text, json, github, markdown, junit, sarif or html";
  check->add_option("--format", check_arguments.format, formats);
  check->add_option("--report", check_arguments.output, "write the answer to this file");
  check_values.add_to(*check, compress_specs());
  check->add_option("--config", config, "configuration (default: tinyc.toml beside the model)");
  common(check);

  TraceArguments trace_arguments;
  auto* trace = app.add_subcommand("trace", "which layer differs on the device, and why");
  trace->add_option("DIR", trace_arguments.dir, "written by compress")->required();
  trace->add_option("--from", trace_arguments.dump, "what the device printed with tinyc_trace.h")->required();
  trace->add_option("--input", trace_arguments.input, "the sample that the device was given (the first of the file)");
  trace->add_option("--preprocess", trace_arguments.preprocess, "\"scale=S,mean=M\": x = (raw - M) * S");
  trace->add_flag("--json", trace_arguments.json);
  common(trace);

  std::vector<std::string> runtime_dirs;
  std::string runtime_out;
  auto* runtime = app.add_subcommand("runtime", "one tinyc_rt.c for several models");
  runtime->add_option("DIR", runtime_dirs, "written by compress")->required();
  runtime->add_option("-o,--output", runtime_out, "where tinyc_rt.h and tinyc_rt.c go")->required();
  common(runtime);

  DiffArguments diff_arguments;
  auto* diff = app.add_subcommand("diff", "what changed between two reports, DIRs or lock files (Markdown)");
  diff->add_option("OLD", diff_arguments.before)->required();
  diff->add_option("NEW", diff_arguments.after)->required();
  diff->add_option("--format", diff_arguments.format, formats);
  diff->add_option("--report", diff_arguments.output, "write the answer to this file");
  diff->add_flag("--gate", diff_arguments.gate,
                 "exit 1 when NEW is worse: flash or RAM by over 1 %, the metric by over half a point");
  diff->add_flag("--json", diff_arguments.json, "as --format json");

  BuildArguments build_arguments;
  auto* build = app.add_subcommand("build", "compress every model of tinyc.toml that changed");
  build->add_option("--config", build_arguments.config, "configuration (default: tinyc.toml)");
  build->add_option("-j,--jobs", build_arguments.jobs, "models at once (default: as many as there are cores)");
  build->add_flag("--force", build_arguments.force, "also what is up to date");
  build->add_flag("--json", build_arguments.json, "one JSON document");
  common(build);
  std::string update_config;
  auto* update = app.add_subcommand("update", "accept what is built: write tinyc.lock.json, the baseline of check");
  update->add_option("--config", update_config, "configuration (default: tinyc.toml)");

  std::string dir;
  bool list_json = false;
  auto* explain = app.add_subcommand("explain", "where every byte of a compressed model is, and what would save more");
  explain->add_option("DIR", dir, "written by compress")->required();
  explain->add_flag("--json", list_json);
  auto* ops = app.add_subcommand("ops", "supported operators");
  auto* passes = app.add_subcommand("passes", "passes in pipeline order");
  auto* targets = app.add_subcommand("targets", "targets");
  auto* errors = app.add_subcommand("errors", "every error and warning code: what it means, what to do (Markdown)");
  std::string topic;
  auto* help = app.add_subcommand("help", "a page of the documentation, or what an error code means");
  help->add_option("TOPIC", topic, "a page or a code such as E401 (default: the list)");
  auto* schema = app.add_subcommand("schema", "the JSON Schema of tinyc.toml, for editors");
  auto* version = app.add_subcommand("version", "version; --json: abilities and libraries too");
  std::string shell, page;
  auto* completion = app.add_subcommand("completion", "a script that completes commands and options in a shell");
  completion->add_option("SHELL", shell)->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  auto* man = app.add_subcommand("man", "a manual page, for man(1)");
  man->add_option("COMMAND", page, "one of the commands (default: tinyc itself)")->type_name("NAME");
  for (auto* c : {ops, passes, targets, version}) c->add_flag("--json", list_json);

  set_up_help(app);
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (!arguments.empty() && arguments[0] == "--version") arguments[0] = "version";
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) {  // --help
      std::ostringstream text;
      const int code = app.exit(e, text, text);
      answer(text.str());
      return code;
    }
    throw Error(ErrorCode::command_line, printable(e.what(), 300), "tinyc --help");
  }
  set_up_console(quiet     ? Verbosity::quiet
                 : verbose ? Verbosity::verbose
                           : Verbosity::normal,
                 log_format == "json" ? LogFormat::json : LogFormat::text);

  if (*compress) return command_compress(model, compress_values.given(), config, depfile, plan);
  if (*inspect) return command_inspect(model, inspect_json, inspect_html);
  if (*run) return command_run(run_arguments);
  if (*eval) return command_eval(eval_arguments);
  if (*train) {
    train_arguments.given = train_values.given();
    return command_train(train_arguments);
  }
  if (*sensitivity) return command_sensitivity(sensitivity_arguments);
  if (*search) {
    search_arguments.given = search_values.given();
    return command_search(search_arguments);
  }
  if (*check) {
    check_arguments.given = check_values.given();
    check_arguments.json = check_arguments.given.count("json") > 0;
    check_arguments.config = config;
    return command_check(check_arguments);
  }
  if (*trace) return command_trace(trace_arguments);
  if (*runtime) return command_runtime(runtime_dirs, runtime_out);
  if (*diff) return command_diff(diff_arguments);
  if (*build) return command_build(build_arguments);
  if (*update) return command_update(update_config);
  if (*explain) return command_explain(dir, list_json);
  if (*help) return command_help(topic);
  if (*errors) return command_errors();
  if (*schema) return command_schema();
  if (*ops) return command_ops(list_json);
  if (*passes) return command_passes(list_json);
  if (*targets) return command_targets(list_json);
  if (*completion) return command_completion(command_tree(app), shell);
  if (*man) return command_man(command_tree(app), page);
  return command_version(list_json);
}

}  // namespace

int guarded(const std::function<int()>& command, bool json) {
  const auto fail = [&](const Error& e) {
    log_error(e);
    if (json) print_error_json(e);
    return static_cast<int>(e.kind());
  };
  try {
    const int code = command();
    end_progress();
    return code;
  } catch (const Error& e) {
    return fail(e);
  } catch (const std::bad_alloc&) {
    return fail(Error(ErrorCode::out_of_memory, "out of memory", "close other programs, or use fewer --calib-samples"));
  } catch (const std::exception& e) {
    return fail(Error(ErrorCode::defect, std::string("defect in tinyc: ") + printable(e.what(), 300),
                      "please report it together with the command"));
  }
}

int run_cli(int argc, char** argv) {
  hold_standard_descriptors();
  set_up_signals();
  set_up_console(Verbosity::normal);
  // known before parsing, so that a usage error is a JSON document too
  const bool json = std::any_of(argv, argv + argc, [](const char* a) { return std::strcmp(a, "--json") == 0; });
  return guarded([&] { return dispatch(argc, argv); }, json);
}

}  // namespace tinyc
