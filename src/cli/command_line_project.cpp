#include "cli/cli.h"
#include "cli/command_line.h"

namespace tinyc {

void add_project_commands(CommandLine& line) {
  constexpr const char* kFormats = "text, json, github, markdown, junit, sarif or html";

  auto& bu = line.keep<BuildArguments>();
  auto* c =
      line.add_talking("build", "compress every model of tinyc.toml that changed", [&bu] { return command_build(bu); });
  c->add_option("--config", bu.config, "configuration (default: tinyc.toml)");
  c->add_option("-j,--jobs", bu.jobs, "models at once (default: as many as there are cores)");
  c->add_flag("--force", bu.force, "also what is up to date");
  c->add_flag("--json", bu.json, "one JSON document");

  auto& table = line.keep<TableOptions>();
  auto& ch = line.keep<CheckArguments>();
  c = line.add_talking("check", "fail (exit 1) when a budget is exceeded or a baseline got worse", [&] {
    ch.given = table.given();
    ch.json = ch.given.count("json") > 0;
    return command_check(ch);
  });
  c->add_option("SUBJECT", ch.subject,
                "report.json, a compressed DIR, or a .tflite (takes the options of compress); default: every model of "
                "tinyc.toml, as built");
  c->add_option("--baseline", ch.baseline,
                "an earlier report.json or a tinyc.lock.json (default: the one beside tinyc.toml)");
  c->add_option("--format", ch.format, kFormats);
  c->add_option("--report", ch.output, "write the answer to this file");
  table.add_to(*c, compress_specs());
  c->add_option("--config", ch.config, "configuration (default: tinyc.toml beside the model)");

  auto& di = line.keep<DiffArguments>();
  c = line.add("diff", "what changed between two reports, DIRs or lock files (Markdown)",
               [&di] { return command_diff(di); });
  c->add_option("OLD", di.before)->required();
  c->add_option("NEW", di.after)->required();
  c->add_option("--format", di.format, kFormats);
  c->add_option("--report", di.output, "write the answer to this file");
  c->add_flag("--gate", di.gate, "exit 1 when NEW is worse: flash or RAM by over 1 %, the metric by over half a point");
  c->add_flag("--json", di.json, "as --format json");

  auto& config = line.keep<std::string>();
  c = line.add("update", "accept what is built: write tinyc.lock.json, the baseline of check",
               [&config] { return command_update(config); });
  c->add_option("--config", config, "configuration (default: tinyc.toml)");
}

}  // namespace tinyc
