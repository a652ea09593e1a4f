// The command line. One function a command; each returns the exit code and throws Error for everything that ends it
// early.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "pipeline/compress.h"

namespace tinyc {

struct Command;
struct CompressOptions;
struct OptionSpec;

/// Parses and runs; prints errors; returns the process's exit code.
int run_cli(int argc, char** argv);

/// Runs a command and turns what it throws into a logged error and its exit code; `json`: also into a document.
int guarded(const std::function<int()>& command, bool json = false);

/// compress without writing: also what `check MODEL` does.
Compressed compress_model(const CompressOptions& o);
/// To the log; after the answer, so that they stand below it.
void log_warnings(const Report& r);
/// What compress would do: model, samples, passes, an estimate of the size, the files.
std::string plan_text(const CompressOptions& o);
/// compress with everything resolved: writes DIR and the answer.
int compress_to_folder(const CompressOptions& o);
int command_compress(const std::string& model, const std::map<std::string, std::string>& given,
                     const std::string& config, const std::string& depfile = {}, bool plan = false);
/// `html`: the page to write, if any.
int command_inspect(const std::string& model, bool json, const std::string& html);

struct RunArguments {
  std::string model, input, output, preprocess;
  bool raw = false;
};
int command_run(const RunArguments& a);

struct EvalArguments {
  std::string model, data, metric = "auto", preprocess;
  std::size_t samples = 0;
  bool json = false;
};
int command_eval(const EvalArguments& a);

struct TrainArguments {
  std::string model, data, output, teacher, preprocess;
  std::map<std::string, std::string> given;  ///< of training_specs()
  std::uint64_t seed = 1;
  int threads = 0;
};
int command_train(const TrainArguments& a);
/// One line of the log for each epoch.
void log_epoch(const EpochInfo& e);

struct CheckArguments {
  std::string subject, baseline, format, output;  ///< subject empty: all models of tinyc.toml
  std::map<std::string, std::string> given;       ///< options of compress, for a MODEL
  std::string config;
  bool json = false;
};
int command_check(const CheckArguments& a);

struct DiffArguments {
  std::string before, after, format, output;
  bool json = false, gate = false;  ///< gate: exit 1 when AFTER is worse
};
int command_diff(const DiffArguments& a);
/// Writes tinyc.lock.json from what is built.
int command_update(const std::string& config);

struct BuildArguments {
  std::string config;
  std::size_t jobs = 0;  ///< models at once; 0: as many as there are cores
  bool force = false, json = false;
};
int command_build(const BuildArguments& a);

struct SensitivityArguments {
  std::string model, data, steps, metric = "auto", kind = "unstructured", preprocess, out_dir;
  std::size_t samples = 0;
  bool json = false;
};
int command_sensitivity(const SensitivityArguments& a);

int command_explain(const std::string& dir, bool json);
struct SearchArguments {
  std::vector<std::string> inputs;  ///< the model; to merge: folders or journals
  std::string out_dir, shard, config;
  std::map<std::string, std::string> given;  ///< of search_specs()
  std::size_t trials = 0;
  double minutes = 0;
  bool merge = false;
};
/// Options of compress that `search` has too.
std::vector<OptionSpec> search_specs();
int command_search(const SearchArguments& a);

/// Writes the one runtime that several models share.
int command_runtime(const std::vector<std::string>& dirs, const std::string& out_dir);

struct TraceArguments {
  std::string dir, dump, input, preprocess;
  bool json = false;
};
/// Compares what a device printed with what the host computes; exit code 1 where they differ.
int command_trace(const TraceArguments& a);

int command_ops(bool json);
int command_passes(bool json);
int command_targets(bool json);
/// A page of docs/, what a code means, or the list of topics.
int command_help(const std::string& topic);
/// docs/errors.md.
int command_errors();
/// schemas/tinyc.toml.schema.json.
int command_schema();
int command_version(bool json);
int command_completion(const Command& root, const std::string& shell);
int command_man(const Command& root, const std::string& name);

}  // namespace tinyc
