#include "cli/command_tree.h"

#include <CLI/CLI.hpp>

#include "cli/options.h"
#include "pipeline/targets.h"
#include "tinyc/error.h"
#include "tinyc/pass.h"

namespace tinyc {
namespace {

// An option of compress that takes one of several words says which when it gets another: no second list to forget.
std::vector<std::string> accepted_words(const OptionSpec& spec) {
  try {
    CompressOptions scratch;
    spec.set(scratch, "?");
  } catch (const Error& e) {
    for (const std::string start : {"expected one of: ", "expected a list of "})
      if (e.hint().starts_with(start)) return parse_list(e.hint().substr(start.size()));
  }
  return {};
}

const OptionSpec* spec_of(const std::string& flag) {
  for (const OptionSpec& s : compress_specs())
    if (flag == std::string("--") + s.name) return &s;
  return nullptr;
}

std::vector<std::string> choices_of(const std::string& flag) {
  std::vector<std::string> names;
  if (flag == "--target") {
    for (const Target& t : all_targets()) names.emplace_back(t.name);
  } else if (flag == "--pass" || flag == "--dump-after") {
    for (const Pass& p : all_passes()) names.emplace_back(p.name);
  } else if (const OptionSpec* spec = spec_of(flag)) {
    return accepted_words(*spec);
  }
  return names;
}

Argument argument(const CLI::Option& option) {
  Argument a;
  for (const auto& name : option.get_snames()) a.flags.push_back("-" + name);
  for (const auto& name : option.get_lnames()) a.flags.push_back("--" + name);
  a.help = option.get_description();
  a.required = option.get_required();
  if (option.get_items_expected_max() == 0) return a;
  const bool positional = a.flags.empty();
  const std::string type = option.get_type_name();
  a.value = positional ? option.get_name(true) : type.empty() ? "VALUE" : type.substr(0, type.find(':'));
  if (!positional) a.choices = choices_of(a.flags.back());
  // CLI::IsMember describes itself as {a,b,c}
  const auto open = type.find('{'), close = type.find('}');
  if (close != std::string::npos && open < close) a.choices = parse_list(type.substr(open + 1, close - open - 1));
  const OptionSpec* spec = positional ? nullptr : spec_of(a.flags.back());
  a.file = a.choices.empty() && (spec ? spec->path : type.starts_with("TEXT") || type == "FILE");
  return a;
}

}  // namespace

Command command_tree(const CLI::App& app) {
  const std::string footer = app.get_footer();
  const auto line = footer.rfind("  ");
  Command c{
      app.get_name(), app.get_description(), line == std::string::npos ? "" : footer.substr(line + 2), {}, {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    Argument a = argument(*option);
    (a.flags.empty() ? c.positionals : c.options).push_back(std::move(a));
  }
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    c.commands.push_back(command_tree(*sub));
  return c;
}

}  // namespace tinyc
