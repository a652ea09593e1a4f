// Which gates a report passes, which it fails, by what layer, and what would help.
#include <algorithm>
#include <cstdio>

#include "pipeline/compress.h"

namespace tinyc {

bool higher_is_better(const std::string& metric) noexcept { return metric != "mse"; }

namespace {

std::string points(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", 100 * share);
  return text;
}

std::string size_text(const char* what, std::uint64_t value, const char* why, std::uint64_t limit) {
  std::string text =
      std::string(what) + " is " + std::to_string(value) + " B, " + why + " " + std::to_string(limit) + " B";
  if (value > limit) text += " (" + std::to_string(value - limit) + " B too much)";
  return text;
}

std::string quoted(const LayerReport& l) {
  return "layer " + std::to_string(l.index) + " " + l.op + " '" + printable(l.name) + "'";
}

const LayerReport* largest(const Report& r) {
  const auto it = std::ranges::max_element(r.layers, {}, &LayerReport::bytes);
  return it == r.layers.end() || it->bytes == 0 ? nullptr : &*it;
}

/// The layer whose bytes grew most. Layers are known by their names; one that was not there grew from nothing.
struct Growth {
  const LayerReport* layer = nullptr;
  std::uint64_t before = 0;
};
Growth grown_most(const Report& now, const Report& before) {
  Growth most;
  std::int64_t most_bytes = 0;
  for (const LayerReport& l : now.layers) {
    const auto old = std::ranges::find(before.layers, l.name, &LayerReport::name);
    const std::uint64_t was = old == before.layers.end() ? 0 : old->bytes;
    const auto grew = static_cast<std::int64_t>(l.bytes) - static_cast<std::int64_t>(was);
    if (grew > most_bytes) most = {&l, was}, most_bytes = grew;
  }
  return most;
}

/// What makes the flash of this model smaller: the option that was not yet used, or the next coarser one.
std::string flash_remedy(const Report& r) {
  const bool pruned =
      std::ranges::any_of(r.layers, [](const LayerReport& l) { return l.nonzero * 10 < l.weights * 7; });
  const bool coded =
      std::ranges::any_of(r.layers, [](const LayerReport& l) { return l.coding == "huffman" || l.coding == "range"; });
  if (!coded) return "--optimize size --max-drop 1pp codes the weights as small as one point of accuracy allows";
  if (!pruned)
    return "--prune 0.6 --finetune DATA removes weights and trains the others; --weight-bits 4 makes them coarser";
  return "prune more (--prune, or 0.3:macs for whole channels), with --finetune; `tinyc explain DIR` names what would "
         "save most";
}

void size_gates(std::vector<GateResult>& out, const Report& r, const Gates& g) {
  if (g.max_flash) {
    GateResult gate{"max-flash",
                    ErrorCode::over_flash,
                    r.flash_total() <= *g.max_flash,
                    size_text("flash", r.flash_total(), "the budget is", *g.max_flash),
                    "",
                    ""};
    if (const LayerReport* l = largest(r); l && !gate.passed)
      gate.layer = quoted(*l) + " is the largest with " + std::to_string(l->bytes) + " B",
      gate.remedy = flash_remedy(r);
    out.push_back(std::move(gate));
  }
  if (g.max_ram) {
    GateResult gate{"max-ram",
                    ErrorCode::over_ram,
                    r.arena <= *g.max_ram,
                    size_text("RAM (arena)", r.arena, "the budget is", *g.max_ram),
                    "",
                    ""};
    if (!gate.passed) gate.remedy = "--prune 0.3:macs makes the tensors smaller; report.html shows which live at once";
    out.push_back(std::move(gate));
  }
}

void accuracy_gates(std::vector<GateResult>& out, const Report& r, const Gates& g, bool has_baseline) {
  const bool measured = r.accuracy && r.accuracy->float_value && r.accuracy->compressed && !r.accuracy->synthetic;
  if (!measured) {
    if ((g.max_drop || g.min_accuracy) && !has_baseline)
      out.push_back({"accuracy", ErrorCode::accuracy_not_measured, false,
                     "accuracy was not measured, so its gate cannot pass; give --eval with labels", "",
                     "--eval DATA with labels"});
    return;
  }
  const Accuracy& a = *r.accuracy;
  const double sign = higher_is_better(a.metric) ? 1 : -1;
  const auto worst = [&]() -> std::string {
    const LayerReport* least = nullptr;
    for (const LayerReport& l : r.layers)
      if (l.sqnr_db && (!least || *l.sqnr_db < *least->sqnr_db)) least = &l;
    return least ? quoted(*least) + " loses most, its SQNR is " + std::to_string(static_cast<int>(*least->sqnr_db)) +
                       " dB"
                 : "";
  };
  if (g.max_drop) {
    const double drop = sign * (*a.float_value - *a.compressed);
    GateResult gate{"max-drop",
                    ErrorCode::accuracy_dropped,
                    drop <= *g.max_drop + 1e-9,
                    a.metric + " dropped by " + points(drop) + " points, allowed are " + points(*g.max_drop),
                    "",
                    ""};
    if (!gate.passed)
      gate.layer = worst(), gate.remedy = "--finetune DATA, a smaller --prune or --bit-price, or more --calib samples";
    out.push_back(std::move(gate));
  }
  if (g.min_accuracy) {
    GateResult gate{"min-accuracy",
                    ErrorCode::accuracy_too_low,
                    sign * *a.compressed >= sign * *g.min_accuracy - 1e-9,
                    a.metric + " is " + std::to_string(*a.compressed) + ", at least " +
                        std::to_string(*g.min_accuracy) + " is required",
                    "",
                    ""};
    if (!gate.passed)
      gate.layer = worst(), gate.remedy = "--finetune DATA; compare `tinyc eval` of the float model first";
    out.push_back(std::move(gate));
  }
}

void baseline_gates(std::vector<GateResult>& out, const Report& r, const Gates& g, const Report& baseline) {
  const auto limit = [](std::uint64_t before) { return before + before / 100; };
  // measured and estimated code do not compare: then the arrays alone do
  const bool with_code = r.code_estimated == baseline.code_estimated;
  const auto flash_of = [&](const Report& x) { return x.flash_total() - (with_code ? 0 : x.code_bytes); };
  GateResult flash{"baseline-flash",
                   ErrorCode::worse_than_baseline,
                   flash_of(r) <= limit(flash_of(baseline)),
                   size_text(with_code ? "flash" : "flash without code", flash_of(r), "the baseline plus 1 % is",
                             limit(flash_of(baseline))),
                   "",
                   ""};
  if (!flash.passed) {
    if (const Growth most = grown_most(r, baseline); most.layer)
      flash.layer = quoted(*most.layer) + " grew most, from " + std::to_string(most.before) + " to " +
                    std::to_string(most.layer->bytes) + " B";
    flash.remedy = flash_remedy(r);
    if (flash.layer.empty() && r.code_bytes > baseline.code_bytes)
      flash.layer =
          "code grew from " + std::to_string(baseline.code_bytes) + " to " + std::to_string(r.code_bytes) + " B";
  }
  out.push_back(std::move(flash));
  GateResult ram{"baseline-ram",
                 ErrorCode::worse_than_baseline,
                 r.arena <= limit(baseline.arena),
                 size_text("RAM (arena)", r.arena, "the baseline plus 1 % is", limit(baseline.arena)),
                 "",
                 ""};
  if (!ram.passed) ram.remedy = "--prune 0.3:macs makes the tensors smaller; report.html shows which live at once";
  out.push_back(std::move(ram));
  if (baseline.accuracy && baseline.accuracy->compressed && r.accuracy && r.accuracy->compressed &&
      baseline.accuracy->metric == r.accuracy->metric) {
    const double sign = higher_is_better(r.accuracy->metric) ? 1 : -1;
    const double drop = sign * (*baseline.accuracy->compressed - *r.accuracy->compressed);
    const bool passed = drop <= g.max_drop.value_or(0.005) + 1e-9;
    out.push_back({"baseline-accuracy", ErrorCode::worse_than_baseline, passed,
                   r.accuracy->metric + " is " + points(drop) + " points worse than the baseline", "",
                   passed ? "" : "--finetune DATA, a smaller --prune or --bit-price, or more --calib samples"});
  }
}

}  // namespace

std::vector<GateResult> evaluate_gates(const Report& r, const Gates& g, const Report* baseline) {
  std::vector<GateResult> out;
  size_gates(out, r, g);
  accuracy_gates(out, r, g, baseline != nullptr);
  if (baseline) baseline_gates(out, r, g, *baseline);
  return out;
}

std::vector<std::string> failed_gates(const Report& r, const Gates& g, const Report* baseline) {
  std::vector<std::string> failed;
  for (const GateResult& gate : evaluate_gates(r, g, baseline))
    if (!gate.passed) failed.push_back(gate.message);
  return failed;
}

}  // namespace tinyc
