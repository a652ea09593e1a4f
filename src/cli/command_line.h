// The tree of commands and options, in CLI11's terms: what is understood, and what each command runs.
#pragma once
#include <CLI/CLI.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cli/options.h"

namespace tinyc {

class CommandLine {
 public:
  /// All commands of tinyc.
  CommandLine();

  /// Parses and runs. Throws Error(command_line), and whatever the command throws.
  int run(std::vector<std::string> arguments);

  /// A command, and what it does when it was given.
  CLI::App* add(const char* name, const char* summary, std::function<int()> run);
  /// The same with -q, -v and --log-format.
  CLI::App* add_talking(const char* name, const char* summary, std::function<int()> run);
  /// A place for option values that lives as long as the command line.
  template <class T>
  T& keep() {
    auto place = std::make_shared<T>();
    kept_.push_back(place);
    return *place;
  }
  const CLI::App& app() const noexcept { return app_; }

 private:
  CLI::App app_;
  std::vector<std::pair<CLI::App*, std::function<int()>>> commands_;
  std::vector<std::shared_ptr<void>> kept_;
  bool asks_version_ = false;  ///< taken for the command before parsing
  bool quiet_ = false, verbose_ = false;
  std::string log_format_;
};

/// Options of the table of compress, as far as they were given.
class TableOptions {
 public:
  void add_to(CLI::App& app, std::span<const OptionSpec> specs);
  /// By name; "true" for switches.
  std::map<std::string, std::string> given() const;

 private:
  std::deque<std::string> texts_;  ///< a deque keeps addresses
  std::deque<bool> switches_;
  std::vector<std::pair<const OptionSpec*, CLI::Option*>> options_;
};

/// compress, inspect, run, eval, explain, runtime, trace.
void add_model_commands(CommandLine& line);
/// train, sensitivity, search.
void add_training_commands(CommandLine& line);
/// build, check, diff, update.
void add_project_commands(CommandLine& line);
/// What this build knows: ops, passes, targets, errors, schema, help, version, completion, man.
void add_list_commands(CommandLine& line);

}  // namespace tinyc
