// Manual pages in roff (man(7)), from the same tree as --help.
#include <algorithm>
#include <cctype>

#include "cli/command_tree.h"
#include "tinyc/error.h"

namespace tinyc {
namespace {

/// Text at any place of a line: backslashes doubled, hyphens that can be copied, no request at the line's start.
std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += ' ';
    } else if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

std::string upper(std::string s) {
  std::transform(s.begin(), s.end(), s.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return s;
}

std::string head(const std::string& title, const std::string& summary, const std::string& version) {
  return ".TH " + upper(roff(title)) + " 1 \"\" \"tinyc " + version + "\" \"User Commands\"\n.SH NAME\n" + roff(title) +
         " \\- " + roff(summary) + "\n";
}

std::string option_rows(const std::vector<Argument>& options) {
  std::string out;
  for (const Argument& o : options) {
    out += ".TP\n";
    std::string names;
    for (const auto& f : o.flags) names += (names.empty() ? "\\fB" : ", \\fB") + roff(f) + "\\fR";
    out += names + (o.value.empty() ? "" : " \\fI" + roff(o.value) + "\\fR") + "\n" + roff(o.help);
    std::string words;
    for (const auto& c : o.choices) words += (words.empty() ? "" : ", ") + c;
    // most help texts name the words already
    if (!o.choices.empty() && o.help.find(o.choices.back()) == std::string::npos) out += "; one of: " + roff(words);
    out += "\n";
  }
  return out;
}

std::string root_page(const Command& root, const std::string& version) {
  const auto colon = root.summary.find(": ");
  std::string out =
      head(root.name, colon == std::string::npos ? root.summary : root.summary.substr(colon + 2), version);
  out += ".SH SYNOPSIS\n.B " + root.name + "\n\\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n.SH COMMANDS\n";
  for (const Command& c : root.commands)
    out += ".TP\n\\fB" + root.name + " " + roff(c.name) + "\\fR\n" + roff(c.summary) + "\n";
  out += ".SH OPTIONS\n" + option_rows(root.options);
  out +=
      ".SH EXIT STATUS\n"
      ".TP\n0\nok\n"
      ".TP\n1\na gate failed: budget, accuracy, verification\n"
      ".TP\n2\nwrong command line or configuration\n"
      ".TP\n3\nthe model cannot be read or is not a model\n"
      ".TP\n4\nunsupported operator or type; all of them are listed at once\n"
      ".TP\n5\ncalibration, evaluation or input data\n"
      ".TP\n6\nan output could not be written\n"
      ".TP\n70\na defect of tinyc, or memory ran out\n"
      ".TP\n130\ninterrupted\n"
      ".SH ENVIRONMENT\n"
      ".TP\n\\fBTINYC_\\fIOPTION\\fR\n"
      "an option of \\fBtinyc compress\\fR, in capitals with underscores: \\fBTINYC_TARGET=cortex\\-m4\\fR. The "
      "command "
      "line goes before it, \\fItinyc.toml\\fR behind.\n"
      ".TP\n\\fBCI\\fR, \\fBTERM=dumb\\fR\nno progress bar\n"
      ".SH FILES\n"
      ".TP\n\\fItinyc.toml\\fR\noptions of models, beside the model or given with \\fB\\-\\-config\\fR\n"
      ".SH SEE ALSO\n";
  for (std::size_t i = 0; i < root.commands.size(); ++i)
    out += ".BR " + root.name + "\\-" + roff(root.commands[i].name) + " (1)" +
           (i + 1 < root.commands.size() ? ",\n" : "\n");
  return out;
}

std::string command_page(const Command& root, const Command& c, const std::string& version) {
  std::string out = head(root.name + "-" + c.name, c.summary, version);
  out += ".SH SYNOPSIS\n.B " + root.name + " " + roff(c.name) + "\n";
  for (const Argument& p : c.positionals)
    out += (p.required ? "\\fI" : "[\\fI") + roff(p.value) + (p.required ? "\\fR\n" : "\\fR]\n");
  out += "[\\fIOPTIONS\\fR]\n";
  if (!c.positionals.empty()) {
    out += ".SH ARGUMENTS\n";
    for (const Argument& p : c.positionals) out += ".TP\n\\fI" + roff(p.value) + "\\fR\n" + roff(p.help) + "\n";
  }
  out += ".SH OPTIONS\n" + option_rows(c.options);
  if (!c.example.empty()) out += ".SH EXAMPLES\n.nf\n" + roff(c.example) + "\n.fi\n";
  return out + ".SH SEE ALSO\n.BR " + root.name + " (1)\n";
}

}  // namespace

std::string manual_page(const Command& root, const std::string& name, const std::string& version) {
  if (name.empty() || name == root.name) return root_page(root, version);
  for (const Command& c : root.commands)
    if (name == c.name || name == root.name + "-" + c.name) return command_page(root, c, version);
  throw Error(ErrorCode::command_line, "there is no command '" + printable(name) + "'", "`tinyc --help` lists them");
}

}  // namespace tinyc
