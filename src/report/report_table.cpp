// The table on the terminal: before, after, and where it hurts.
#include <algorithm>
#include <cstdio>

#include "report/numbers.h"
#include "tinyc/error.h"
#include "tinyc/report.h"

namespace tinyc {
namespace {

constexpr std::size_t kWorst = 5;

/// A row: label, before, after, remark.
std::string row(const std::string& label, const std::string& before, const std::string& after,
                const std::string& remark = "") {
  char line[160];
  std::snprintf(line, sizeof line, "  %-24s %15s %15s   %s", label.c_str(), before.c_str(), after.c_str(),
                remark.c_str());
  std::string out = line;
  out.erase(out.find_last_not_of(' ') + 1);
  return out + "\n";
}

std::string accuracy_rows(const Accuracy& a) {
  const std::string samples = with_commas(a.samples) + (a.samples == 1 ? " sample" : " samples");
  if (a.synthetic) return row("SQNR of the outputs", "", decibels(a.sqnr_db), "on made-up data: accuracy is not known");
  std::string out;
  const bool share = a.metric == "top1";
  const auto value = [&](double v) { return share ? percent(v) : decimals(v, 4); };
  if (a.float_value && a.compressed) {
    const double change = *a.compressed - *a.float_value;
    out += row(a.metric, value(*a.float_value), value(*a.compressed),
               (share ? signed_decimals(100 * change, 2) + " points, " : signed_decimals(change, 4) + ", ") + samples);
  }
  out += row("same answer as before", "", percent(a.agreement), a.float_value ? "" : samples);
  return out + row("SQNR of the outputs", "", decibels(a.sqnr_db));
}

std::string shortened(const std::string& name, std::size_t columns) {
  const std::string text = printable(name, 1000);
  return text.size() <= columns ? text : "..." + text.substr(text.size() - (columns - 3));
}

std::string worst_layers(const Report& r) {
  std::vector<const LayerReport*> layers;
  for (const auto& l : r.layers)
    if (l.sqnr_db) layers.push_back(&l);
  std::stable_sort(layers.begin(), layers.end(), [](auto* a, auto* b) { return *a->sqnr_db < *b->sqnr_db; });
  if (layers.size() > kWorst) layers.resize(kWorst);
  if (layers.empty()) return "";
  std::string out = "\n  Layers that lose most         SQNR  bits/weight       bytes   name\n";
  for (const auto* l : layers) {
    char line[160];
    std::snprintf(line, sizeof line, "  %3d %-18s %11s %12s %11s   %s\n", l->index, l->op.substr(0, 18).c_str(),
                  decibels(*l->sqnr_db).c_str(), l->weights ? decimals(l->bits_per_weight, 2).c_str() : "-",
                  with_commas(l->bytes).c_str(), shortened(l->name, 36).c_str());
    out += line;
  }
  return out;
}

}  // namespace

std::string to_table(const Report& r) {
  std::string out = printable(r.model_name, 60) + " for " + printable(r.target, 20) + "\n" + row("", "before", "after");
  const auto weights = r.flash.weights + r.flash.tables;
  out += row("weights", bytes_text(r.float_weight_bytes), bytes_text(weights),
             decimals(r.ratio(), r.ratio() < 1000 ? 1 : 0) + " times smaller than as float");
  out += row("flash, all together", bytes_text(r.file_bytes), bytes_text(r.flash_total()),
             r.code_estimated ? "before: the model file; code estimated" : "before: the model file");
  const double above =
      r.lower_bound ? 100.0 * (static_cast<double>(r.arena) / static_cast<double>(r.lower_bound) - 1) : 0;
  out += row("RAM", "", bytes_text(r.arena),
             r.arena == r.lower_bound ? "the least possible" : decimals(above, 1) + " % above the lower bound");
  if (r.macs_before > 0)
    out += row("multiply-accumulates", with_commas(static_cast<std::uint64_t>(r.macs_before)),
               with_commas(static_cast<std::uint64_t>(r.macs)));
  if (const auto n = r.instructions()) out += row("time, about", "", with_commas(*n), time_unit(r.target));
  if (r.accuracy) out += accuracy_rows(*r.accuracy);
  out += worst_layers(r);
  out += "\n  flash: " + with_commas(r.flash.weights) + " weights, " + with_commas(r.flash.tables) + " tables, " +
         with_commas(r.flash.params) + " params, " + with_commas(r.flash.descriptors) + " layers, " +
         with_commas(r.code_bytes) + " code\n";
  return out;
}

}  // namespace tinyc
