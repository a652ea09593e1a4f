#include "cli/command_line.h"

#include <algorithm>
#include <sstream>

#include "cli/console.h"
#include "cli/help_format.h"
#include "tinyc/error.h"

namespace tinyc {

void TableOptions::add_to(CLI::App& app, std::span<const OptionSpec> specs) {
  for (const auto& spec : specs) {
    std::string flag = std::string("--") + spec.name;
    if (flag == "--output") flag = "-o,--output";
    CLI::Option* option = spec.value ? app.add_option(flag, texts_.emplace_back(), spec.help)->type_name(spec.value)
                                     : app.add_flag(flag, switches_.emplace_back(), spec.help);
    options_.emplace_back(&spec, option);
  }
}

std::map<std::string, std::string> TableOptions::given() const {
  std::map<std::string, std::string> values;
  for (const auto& [spec, option] : options_)
    if (option->count() > 0) values[spec->name] = spec->value ? option->as<std::string>() : "true";
  return values;
}

CommandLine::CommandLine() : app_("tinyc: makes neural networks small and writes C for microcontrollers", "tinyc") {
  app_.require_subcommand(1);
  app_.add_flag("--version", asks_version_, "the same as `tinyc version`");
  add_model_commands(*this);
  add_training_commands(*this);
  add_project_commands(*this);
  add_list_commands(*this);
  set_up_help(app_);
}

CLI::App* CommandLine::add(const char* name, const char* summary, std::function<int()> run) {
  CLI::App* command = app_.add_subcommand(name, summary);
  commands_.emplace_back(command, std::move(run));
  return command;
}

CLI::App* CommandLine::add_talking(const char* name, const char* summary, std::function<int()> run) {
  CLI::App* command = add(name, summary, std::move(run));
  command->add_flag("-q,--quiet", quiet_, "only errors on standard error");
  command->add_flag("-v,--verbose", verbose_, "say what every pass did");
  command->add_option("--log-format", log_format_, "text (default) or json: one object a line on standard error")
      ->check(CLI::IsMember({"text", "json"}));
  return command;
}

int CommandLine::run(std::vector<std::string> arguments) {
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  try {
    app_.parse(std::move(arguments));
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) {  // --help
      std::ostringstream text;
      const int code = app_.exit(e, text, text);
      answer(text.str());
      return code;
    }
    throw Error(ErrorCode::command_line, printable(e.what(), 300), "tinyc --help");
  }
  const Verbosity loud = verbose_ ? Verbosity::verbose : Verbosity::normal;
  set_up_console(quiet_ ? Verbosity::quiet : loud, log_format_ == "json" ? LogFormat::json : LogFormat::text);
  for (const auto& [command, run] : commands_)
    if (*command) return run();
  throw Error(ErrorCode::defect, "a command was parsed that does not exist");
}

}  // namespace tinyc
