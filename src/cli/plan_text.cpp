// compress --plan: what would be done.
#include "cli/cli.h"
#include "cli/load_inputs.h"
#include "cli/options.h"
#include "cli/ram_bound.h"
#include "pipeline/compression.h"
#include "tinyc/error.h"

namespace tinyc {
namespace {

std::string row(const std::string& label, const std::string& text) {
  return "  " + label + std::string(10 - label.size(), ' ') + text + "\n";
}

std::string samples(const char* what, const std::optional<Dataset>& d) {
  return d ? std::to_string(d->samples()) + " to " + what + ", " : "";
}

/// Names, commas between them, in lines of a hundred columns.
std::string wrapped(const std::vector<const Pass*>& passes) {
  std::string text;
  std::size_t column = 12;
  for (const Pass* p : passes) {
    const std::string item = p->name + std::string(p == passes.back() ? "" : ", ");
    if (column + item.size() > 100) text += "\n            ", column = 12;
    text += item;
    column += item.size();
  }
  return text;
}

}  // namespace

std::string plan_text(const CompressOptions& o) {
  const LoadedInputs loaded = load_inputs(o);
  const CompressSettings settings = console_settings(o);
  const auto passes = planned_passes(loaded.inputs(), settings);
  const Graph& g = loaded.model.graph;
  std::int64_t work = 0;
  for (const Node& n : g.nodes) work += macs(g, n);
  std::string out = "tinyc compress would write '" + printable(o.out_dir) + "' for " + settings.target + ":\n";
  out += row("model", std::to_string(loaded.model.facts.params) + " parameters, " + std::to_string(work) +
                          " multiply-accumulates, " + name_of(g.stage));
  const PassOptions& p = settings.pass_options;
  const double kept = (1.0 - static_cast<double>(p.prune.fraction)) * static_cast<double>(p.weight_bits) / 8;
  out +=
      row("size",
          "about " + std::to_string(static_cast<std::uint64_t>(kept * static_cast<double>(loaded.model.facts.params))) +
              " B of weights, less what coding saves; RAM at most about " + std::to_string(ram_bound(g)) + " B");
  std::string data = samples("calibrate", loaded.calibration) + samples("measure", loaded.evaluation) +
                     samples("train", loaded.training);
  data.resize(data.empty() ? 0 : data.size() - 2);
  out += row("samples", data.empty() ? "none: ranges would be made up" : data);
  if (loaded.training && settings.finetune_hook.empty())
    out += row("training", std::to_string(settings.pass_options.training.options.epochs) + " epochs of " +
                               std::to_string(loaded.training->samples()) + " samples for each lossy step");
  if (!settings.finetune_hook.empty()) out += row("training", "by '" + printable(settings.finetune_hook) + "'");
  out += row("passes", wrapped(passes));
  const Gates& gates = o.gates;
  std::string limits;
  if (gates.max_flash) limits += "flash " + std::to_string(*gates.max_flash) + " B, ";
  if (gates.max_ram) limits += "RAM " + std::to_string(*gates.max_ram) + " B, ";
  if (gates.max_drop) limits += "a drop of " + std::to_string(*gates.max_drop) + ", ";
  if (gates.min_accuracy) limits += "accuracy " + std::to_string(*gates.min_accuracy) + ", ";
  limits.resize(limits.empty() ? 0 : limits.size() - 2);
  if (!limits.empty()) out += row("gates", limits);
  return out;
}

}  // namespace tinyc
