// --help: a hundred columns, and an example for each command.
#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace tinyc {

/// Sets how help is laid out, for all commands, and what stands below it: "Example:" and a line.
void set_up_help(CLI::App& app);

}  // namespace tinyc
