// Completion scripts. What is no option, command or known word is completed as a file.
#include <algorithm>

#include "cli/command_tree.h"
#include "tinyc/error.h"

namespace tinyc {
namespace {

std::string joined(const std::vector<std::string>& words, const std::string& between = " ") {
  std::string out;
  for (const auto& w : words) out += (out.empty() ? "" : between) + w;
  return out;
}

std::vector<std::string> names(const std::vector<Command>& commands) {
  std::vector<std::string> out(commands.size());
  std::transform(commands.begin(), commands.end(), out.begin(), [](const Command& c) { return c.name; });
  return out;
}

std::vector<std::string> flags(const std::vector<Argument>& options) {
  std::vector<std::string> out;
  for (const Argument& o : options) out.insert(out.end(), o.flags.begin(), o.flags.end());
  return out;
}

/// Inside single quotes of a shell.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// One case a command: the words that follow an option, then the words that may stand anywhere.
std::string bash_case(const Command& c) {
  std::string out = "    " + c.name + ")\n      case \"$previous\" in\n";
  for (const Argument& o : c.options) {
    if (o.value.empty()) continue;
    const std::string words = o.file ? "files=1" : "words=" + quoted(joined(o.choices));
    out += "        " + joined(o.flags, "|") + ") " + words + " ;;\n";
  }
  std::vector<std::string> anywhere;
  for (const Argument& p : c.positionals) anywhere.insert(anywhere.end(), p.choices.begin(), p.choices.end());
  const bool files = std::any_of(c.positionals.begin(), c.positionals.end(), [](const auto& p) { return p.file; });
  out += "        *) words=" + quoted(joined(anywhere)) + (files ? " files=1" : "") +
         "; [[ $current == -* ]] && words=" + quoted(joined(flags(c.options))) + " ;;\n";
  return out + "      esac ;;\n";
}

std::string bash(const Command& root) {
  std::string out = "# bash completion for " + root.name + "; written by `" + root.name + " completion bash`\n_" +
                    root.name +
                    "() {\n"
                    "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} words= files=\n"
                    "  local command=${COMP_WORDS[1]}\n"
                    "  [[ $COMP_CWORD -eq 1 ]] && command=\n"
                    "  case \"$command\" in\n";
  for (const Command& c : root.commands) out += bash_case(c);
  out += "    '') words=" + quoted(joined(names(root.commands)) + " " + joined(flags(root.options))) +
         " ;;\n"
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "  if [[ -n $files ]]; then\n"
         "    local IFS=$'\\n'\n"
         "    COMPREPLY+=($(compgen -f -- \"$current\"))\n"
         "    compopt -o filenames 2>/dev/null\n"
         "  fi\n"
         "}\n";
  return out + "complete -F _" + root.name + " " + root.name + "\n";
}

/// Text in _arguments: brackets, colons and backslashes have a meaning there.
std::string zsh_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_action(const Argument& a) {
  return ":" + zsh_text(a.value) + ":" + (a.file ? "_files" : "(" + joined(a.choices) + ")");
}

std::string zsh_case(const Command& c) {
  std::string out = "    " + c.name + ")\n      _arguments";
  for (const Argument& o : c.options)
    for (const auto& flag : o.flags)
      out += " \\\n        " + quoted(flag + "[" + zsh_text(o.help) + "]" + (o.value.empty() ? "" : zsh_action(o)));
  for (const Argument& p : c.positionals) out += " \\\n        " + quoted("*" + zsh_action(p));
  return out + " ;;\n";
}

std::string zsh(const Command& root) {
  std::string out = "#compdef " + root.name + "\n# written by `" + root.name +
                    " completion zsh`\n"
                    "if (( CURRENT == 2 )); then\n"
                    "  local -a commands=(\n";
  for (const Command& c : root.commands) out += "    " + quoted(zsh_text(c.name) + ":" + c.summary) + "\n";
  out += "  )\n  _describe command commands\n  compadd -- " + joined(flags(root.options)) +
         "\nelse\n"
         "  local command=$words[2]\n"
         "  shift words; (( CURRENT-- ))\n"
         "  case $command in\n";
  for (const Command& c : root.commands) out += zsh_case(c);
  return out + "    *) _files ;;\n  esac\nfi\n";
}

std::string fish_option(const Argument& o) {
  std::string out;
  for (const auto& flag : o.flags) out += flag.starts_with("--") ? " -l " + flag.substr(2) : " -s " + flag.substr(1);
  if (!o.choices.empty())
    out += " -x -a " + quoted(joined(o.choices));
  else if (!o.value.empty())
    out += o.file ? " -r -F" : " -x";
  return out + " -d " + quoted(o.help);
}

std::string fish(const Command& root) {
  const std::string start = "complete -c " + root.name;
  std::string out = "# fish completion for " + root.name + "; written by `" + root.name + " completion fish`\n";
  out += start + " -f\n";
  for (const Argument& o : root.options) out += start + " -n __fish_use_subcommand" + fish_option(o) + "\n";
  for (const Command& c : root.commands)
    out += start + " -n __fish_use_subcommand -a " + c.name + " -d " + quoted(c.summary) + "\n";
  for (const Command& c : root.commands) {
    const std::string here = start + " -n '__fish_seen_subcommand_from " + c.name + "'";
    for (const Argument& p : c.positionals)
      out += here + (p.file ? " -F\n" : " -a " + quoted(joined(p.choices)) + "\n");
    for (const Argument& o : c.options) out += here + fish_option(o) + "\n";
  }
  return out;
}

}  // namespace

std::string completion_script(const Command& root, const std::string& shell) {
  if (shell == "bash") return bash(root);
  if (shell == "zsh") return zsh(root);
  if (shell == "fish") return fish(root);
  throw Error(ErrorCode::bad_value, "there are no completions for the shell '" + printable(shell) + "'",
              "expected bash, zsh or fish");
}

}  // namespace tinyc
