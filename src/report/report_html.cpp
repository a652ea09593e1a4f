// report.html: one file, inline SVG, no script; readable in light and dark, on paper and on a telephone.
#include <algorithm>
#include <cmath>

#include "report/html_arena.h"
#include "report/html_charts.h"
#include "report/html_page.h"
#include "report/numbers.h"

namespace tinyc {
namespace {

std::string change_text(const std::string& metric, double change) {
  return metric == "top1" ? signed_decimals(100 * change, 2) + " points" : signed_decimals(change, 4);
}

std::string accuracy_card(const Accuracy& a) {
  const std::string samples = with_commas(a.samples) + " samples";
  if (a.synthetic) return card("Accuracy", "not known", "SQNR of the outputs on made-up data: " + decibels(a.sqnr_db));
  if (a.float_value && a.compressed)
    return card("Accuracy (" + a.metric + ")", metric_text(a.metric, *a.compressed),
                change_text(a.metric, *a.compressed - *a.float_value) +
                    ", before: " + metric_text(a.metric, *a.float_value) + ", " + samples);
  return card("Accuracy", percent(a.agreement), "same answer as before, " + samples + ", SQNR " + decibels(a.sqnr_db));
}

std::string cards(const Report& r) {
  return "<dl class=\"cards\">\n" +
         card("Flash", bytes_text(r.flash_total()),
              std::string("weights, tables and code") + (r.code_estimated ? ", code estimated" : "")) +
         card("RAM", bytes_text(r.arena), "for activations, lower bound " + bytes_text(r.lower_bound)) +
         card("Ratio", decimals(r.ratio(), 1) + "x",
              "weights smaller: " + bytes_text(r.float_weight_bytes) + " as float, " +
                  bytes_text(r.flash.weights + r.flash.tables) + " now") +
         (r.accuracy ? accuracy_card(*r.accuracy) : "") + "</dl>\n";
}

std::string notes(const Report& r) {
  std::string out;
  for (const auto& f : r.failures) out += "<p class=\"note failed\">" + escape(f) + "</p>\n";
  for (const auto& w : r.warnings) out += "<p class=\"note\">" + escape(w) + "</p>\n";
  return out;
}

std::string before_after(const Report& r) {
  Table table("Before and after", {{"figure"}, {"before", true}, {"after", true}, {"change", true}});
  const auto row = [&](const char* what, std::uint64_t before, std::uint64_t after, const char* unit) {
    const double change = before ? 100 * (static_cast<double>(after) / static_cast<double>(before) - 1) : 0;
    table.row(
        {what, with_commas(before) + unit, with_commas(after) + unit, before ? signed_decimals(change, 1) + " %" : ""});
  };
  const auto& f = r.flash;
  row("model file, emitted arrays", r.file_bytes, f.weights + f.tables + f.params + f.descriptors, " B");
  row("weights and biases as float, weights with their tables", r.float_weight_bytes, f.weights + f.tables, " B");
  row("multiply-accumulates", static_cast<std::uint64_t>(std::max<std::int64_t>(0, r.macs_before)),
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, r.macs)), "");
  if (r.accuracy && !r.accuracy->synthetic && r.accuracy->float_value && r.accuracy->compressed) {
    const Accuracy& a = *r.accuracy;
    table.row({escape(a.metric), metric_text(a.metric, *a.float_value), metric_text(a.metric, *a.compressed),
               change_text(a.metric, *a.compressed - *a.float_value)});
  }
  return table.html();
}

std::string flash_table(const Report& r) {
  Table table("Flash", {{"part"}, {"bytes", true}, {"what it is"}});
  const auto row = [&](const char* part, std::uint64_t bytes, const char* what) {
    table.row({part, with_commas(bytes), what});
  };
  row("weights", r.flash.weights, "raw int8 and coded streams");
  row("tables", r.flash.tables, "decode tables and headers of coders");
  row("params", r.flash.params, "biases, multipliers, shifts, lookup tables, constants of operators");
  row("descriptors", r.flash.descriptors, "one record a layer");
  row("code", r.code_bytes,
      r.code_estimated ? "estimated from the runtime's source" : "measured with the target's compiler");
  row("total", r.flash_total(), "");
  return table.html();
}

std::string pass_table(const Report& r) {
  Table table("Passes", {{"pass"}, {"before", true}, {"after", true}, {"gain", true}, {"notes"}});
  for (const PassRecord& p : r.passes) {
    const double gain =
        p.bytes_before ? 100.0 * (1 - static_cast<double>(p.bytes_after) / static_cast<double>(p.bytes_before)) : 0;
    std::string lines;
    for (const auto& n : p.notes) lines += (lines.empty() ? "" : "<br>") + escape(n);
    table.row({escape(p.name), with_commas(p.bytes_before), with_commas(p.bytes_after),
               p.bytes_after == p.bytes_before ? "" : decimals(gain, 1) + " %", lines});
  }
  return table.html();
}

// Loss and validation of every training, epochs counted through.
std::string training_charts(const Report& r) {
  std::string out;
  for (const PassRecord& p : r.passes) {
    const TrainResult& t = p.training;
    if (t.curve.size() < 2) continue;
    Curve loss{"training loss", {}}, validation{"validation " + t.measure, {}};
    for (const EpochInfo& e : t.curve) {
      if (e.epoch > 0) loss.points.emplace_back(e.epoch, e.loss);
      validation.points.emplace_back(e.epoch, e.validation);
    }
    const bool one_axis = t.measure == "loss";
    out += "<h3>" + escape(p.name) + "</h3><p>Kept: epoch " + std::to_string(t.best_epoch) +
           (t.interrupted ? "; ended by Ctrl-C" : "") + ".</p>";
    if (one_axis) {
      out += line_chart("loss by epoch", {loss, validation}, "epoch", "loss");
    } else {
      out += line_chart("validation by epoch", {validation}, "epoch", t.measure);
      out += line_chart("loss by epoch", {loss}, "epoch", "loss");
    }
  }
  return out;
}

// Size against accuracy of the model's states.
std::string trade_off_chart(const Report& r) {
  if (r.trade_off.size() < 2 || !r.accuracy) return {};
  const std::string& metric = r.accuracy->metric;
  Curve way{"", {}};
  Table table("Accuracy against size", {{"model"}, {"bytes", true}, {metric, true}});
  for (const TradeOff& t : r.trade_off) {
    way.points.emplace_back(static_cast<double>(t.bytes) / 1024, t.value);
    table.row({escape(t.what), with_commas(t.bytes), decimals(t.value, 4)});
  }
  return line_chart(metric + " by size", {way}, "KiB of weights and biases", metric) + table.html();
}

// Share of zeros in every layer with weights, where pruning left some.
std::string sparsity_table(const Report& r) {
  Table table("Sparsity", {{"layer"}, {"name"}, {"weights", true}, {"not zero", true}, {"zeros", true}});
  for (const LayerReport& l : r.layers) {
    if (!l.weights || l.nonzero == l.weights) continue;
    const double share = 100 * (1 - static_cast<double>(l.nonzero) / static_cast<double>(l.weights));
    table.row({std::to_string(l.index), escape(l.name), with_commas(static_cast<std::uint64_t>(l.weights)),
               with_commas(static_cast<std::uint64_t>(l.nonzero)), decimals(share, 1) + " %"});
  }
  return table.html();
}

std::string ram_lead(const Report& r) {
  const auto gap = r.arena > r.lower_bound ? r.arena - r.lower_bound : 0;
  return "Each area is a value in the arena from the layer that writes it to the last that reads it; where a layer "
         "writes its output over what it reads, the bytes change hands in its middle. Grey is scratch, the dashed line "
         "the lower bound" +
         (gap ? ", " + with_commas(gap) + " B below the arena" : std::string(", which the arena reaches")) +
         ", the band the layer that needs most: the arena becomes smaller only when what lies there does.";
}

}  // namespace

std::string to_html(const Report& r, const Program& p) {
  const auto key = [](const char* css, const char* what) {
    return "<span class=\"key " + std::string(css) + "\"></span>" + what;
  };
  const bool made_up = r.accuracy && r.accuracy->synthetic;
  Sections s;
  s.add("change", "Before and after", "", before_after(r));
  s.add("layers", "Layers",
        "The columns' names sort; RAM is what the arena holds meanwhile, SQNR the output against the float model in "
        "dB. A layer's name unfolds the rest.",
        layer_table(r, p));
  s.add("flash", "Flash", "Bytes of the emitted arrays and code.", flash_table(r));
  s.add("ram", "RAM over time", ram_lead(r), arena_chart(p) + arena_table(p));
  s.add("trade-off", "Accuracy against size", "From the model as given to what was written.", trade_off_chart(r));
  s.add("training", "Training", "Loss over the training samples, and what the held-out ones say.", training_charts(r));
  if (r.accuracy)
    s.add("confusion", "Confusion",
          key("after", "right") + key("bad", "wrong") + " &nbsp; shades: share of the label's samples",
          confusion_chart(*r.accuracy));
  s.add("size", "Size of each layer",
        key("before", "as float") + key("after", "now, with biases and multipliers") + " &nbsp; logarithmic",
        size_chart(r));
  s.add("bits", "Bits a weight",
        key("after", "stored") + key("entropy", "order-0 entropy") + " &nbsp; full width: 8.5 bits", bits_chart(r));
  s.add("sqnr", "Signal to quantization noise",
        "Each layer's output against the float model; full width: 60 dB, below 15 dB in red.", sqnr_chart(r));
  s.add("weights", "Weights", "Histograms over [-128, 127], heights as square roots.", weight_histograms(r));
  s.add("activations", "Activations",
        std::string("Histograms of the layers' outputs over what int8 can hold, heights as square roots") +
            (made_up ? "; of made-up samples." : "."),
        activation_histograms(r));
  s.add("sparsity", "Sparsity", "Weights that are zero, by layer.", sparsity_table(r));
  s.add("passes", "Passes", "Bytes of all constants before and after each pass.", pass_table(r));
  const std::string version = TINYC_VERSION;
  return page(r.model_name + " - tinyc report",
              "<h1>" + escape(r.model_name) + "</h1><p>compressed by tinyc " + version + " for " + escape(r.target) +
                  ", " + with_commas(p.layers.size()) + " layers, " +
                  with_commas(static_cast<std::uint64_t>(std::max<std::int64_t>(0, r.macs))) + " multiply-accumulates" +
                  (r.instructions() ? ", about " + with_commas(*r.instructions()) + " " + time_unit(r.target) : "") +
                  "</p>\n" + notes(r) + cards(r) + s.html());
}

}  // namespace tinyc
