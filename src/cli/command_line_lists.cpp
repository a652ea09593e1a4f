#include "cli/cli.h"
#include "cli/command_line.h"
#include "cli/command_tree.h"

namespace tinyc {

void add_list_commands(CommandLine& line) {
  auto& json = line.keep<bool>();
  const auto list = [&](const char* name, const char* summary, int (*command)(bool)) {
    line.add(name, summary, [&json, command] { return command(json); })->add_flag("--json", json);
  };
  list("ops", "supported operators", command_ops);
  list("passes", "passes in pipeline order", command_passes);
  list("targets", "targets", command_targets);
  list("version", "version; --json: abilities and libraries too", command_version);
  line.add("errors", "every error and warning code: what it means, what to do (Markdown)", command_errors);
  line.add("schema", "the JSON Schema of tinyc.toml, for editors", command_schema);

  auto& word = line.keep<std::string>();
  line.add("help", "a page of the documentation, or what an error code means", [&word] { return command_help(word); })
      ->add_option("TOPIC", word, "a page or a code such as E401 (default: the list)");
  line.add("completion", "a script that completes commands and options in a shell",
           [&] { return command_completion(command_tree(line.app()), word); })
      ->add_option("SHELL", word)
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  line.add("man", "a manual page, for man(1)", [&] { return command_man(command_tree(line.app()), word); })
      ->add_option("COMMAND", word, "one of the commands (default: tinyc itself)")
      ->type_name("NAME");
}

}  // namespace tinyc
