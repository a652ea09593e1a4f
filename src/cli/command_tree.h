// What the command line understands, as data: read from CLI11's tree, so that completions and manual pages say what
// --help says.
#pragma once
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace tinyc {

/// An option, or a positional argument when it has no flags.
struct Argument {
  std::vector<std::string> flags;  ///< "-o", "--output"
  std::string value;               ///< what --help calls the value; empty: a switch
  std::string help;
  std::vector<std::string> choices;  ///< the values that exist; empty: a number, a file or free text
  bool file = false;                 ///< the value may be a file's name
  bool required = false;
};

struct Command {
  std::string name, summary, example;  ///< example: a command line
  std::vector<Argument> options, positionals;
  std::vector<Command> commands;
};

Command command_tree(const CLI::App& app);

/// The text of a completion script. Throws Error(usage): `shell` is not bash, zsh or fish.
std::string completion_script(const Command& root, const std::string& shell);
/// A manual page in roff: of the root when `name` is empty or the root's, else of that command. Throws Error(usage):
/// there is no such command.
std::string manual_page(const Command& root, const std::string& name, const std::string& version);

}  // namespace tinyc
