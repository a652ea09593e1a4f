// report.html: one file, inline SVG, no script; readable in light and dark.
#include <algorithm>
#include <cstdio>

#include "report/html_page.h"
#include "report/numbers.h"

namespace tinyc {
namespace {

constexpr const char* kStyle = R"(
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5d6b7d;--paper:#f6f7f9;--card:#fff;--line:#d8dde4;--before:#b9c3d0;--after:#2f6fde;--entropy:#16a085;--bad:#d9482b;--warn:#fff4d6}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa7b8;--paper:#12161c;--card:#1a2028;--line:#303a47;--before:#55606f;--after:#5f97f5;--entropy:#37c5a5;--bad:#f0765b;--warn:#40371c}}
*{box-sizing:border-box}
body{margin:0;padding:2rem 1rem 4rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:960px;margin:auto}
h1{font-size:1.7rem;margin:0}h2{font-size:1.1rem;margin:0 0 .2rem}
p{margin:.2rem 0 .8rem;color:var(--soft)}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1.1rem 1.3rem;margin-top:1.1rem}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:1rem;margin-top:1.2rem}
.cards div{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.9rem 1.1rem}
.cards b{display:block;font-size:1.45rem;line-height:1.3}.cards span{color:var(--soft);font-size:.85rem}
.note{background:var(--warn);border-radius:8px;padding:.5rem .8rem;margin-top:.8rem}
.failed{color:var(--bad);font-weight:600}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td{overflow-wrap:anywhere}
svg{display:block;width:100%;height:auto}
svg text{font:11px system-ui,sans-serif;fill:var(--ink)}svg text.small,svg text.value{fill:var(--soft)}
.before{fill:var(--before)}.after{fill:var(--after)}.entropy{fill:var(--entropy)}.bad{fill:var(--bad)}
.key{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin:0 .35em 0 .9em;vertical-align:-1px}
.key.before{background:var(--before)}.key.after{background:var(--after)}.key.entropy{background:var(--entropy)}
.axis{stroke:var(--soft);stroke-width:1}.bound{stroke:var(--bad);stroke-width:1.2;stroke-dasharray:5 4}
.v0,.v1,.v2,.v3,.v4,.v5,.v6,.v7{opacity:.78;stroke:var(--card);stroke-width:.7}
.v0{fill:#4c78d8}.v1{fill:#2fa58c}.v2{fill:#d98f2b}.v3{fill:#9a63c9}.v4{fill:#c9577e}.v5{fill:#6f9c3c}.v6{fill:#3f9fc4}.v7{fill:#b0784f}
.scratch{fill:var(--soft);opacity:.75;stroke:var(--card);stroke-width:.7}
)";

std::string card(const std::string& value, const std::string& what) {
  return "<div><b>" + escape(value) + "</b><span>" + escape(what) + "</span></div>\n";
}

std::string cards(const Report& r) {
  std::string out = "<div class=\"cards\">\n";
  out += card(decimals(r.ratio(), 1) + "x", "weights smaller: " + bytes_text(r.float_weight_bytes) + " as float, " +
                                                bytes_text(r.flash.weights + r.flash.tables) + " now");
  out += card(bytes_text(r.flash_total()), std::string("flash in all") + (r.code_estimated ? ", code estimated" : ""));
  out += card(bytes_text(r.arena), "RAM for activations, lower bound " + bytes_text(r.lower_bound));
  if (r.accuracy) {
    const Accuracy& a = *r.accuracy;
    if (a.synthetic) {
      out += card(decibels(a.sqnr_db), "SQNR of the outputs on made-up data: accuracy is not known");
    } else if (a.float_value && a.compressed) {
      const bool share = a.metric == "top1";
      const auto value = [&](double v) { return share ? percent(v) : decimals(v, 4); };
      out += card(value(*a.compressed),
                  a.metric + ", before: " + value(*a.float_value) + ", " + with_commas(a.samples) + " samples");
    } else {
      out += card(percent(a.agreement),
                  "same answer as before, " + with_commas(a.samples) + " samples, SQNR " + decibels(a.sqnr_db));
    }
  }
  return out + "</div>\n";
}

std::string notes(const Report& r) {
  std::string out;
  for (const auto& f : r.failures) out += "<p class=\"note failed\">" + escape(f) + "</p>\n";
  for (const auto& w : r.warnings) out += "<p class=\"note\">" + escape(w) + "</p>\n";
  return out;
}

std::string flash_table(const Report& r) {
  std::string out = "<table><tr><th>part</th><th class=\"n\">bytes</th><th>what it is</th></tr>\n";
  const auto row = [&](const char* part, std::uint64_t bytes, const char* what) {
    out += "<tr><td>" + std::string(part) + "</td><td class=\"n\">" + with_commas(bytes) + "</td><td>" + what +
           "</td></tr>\n";
  };
  row("weights", r.flash.weights, "raw int8 and coded streams");
  row("tables", r.flash.tables, "decode tables and headers of coders");
  row("params", r.flash.params, "biases, multipliers, shifts, lookup tables, constants of operators");
  row("descriptors", r.flash.descriptors, "one record a layer");
  row("code", r.code_bytes,
      r.code_estimated ? "estimated from the runtime's source" : "measured with the target's compiler");
  row("total", r.flash_total(), "");
  return out + "</table>\n";
}

std::string pass_table(const Report& r) {
  std::string out =
      "<table><tr><th>pass</th><th class=\"n\">before</th><th class=\"n\">after</th><th "
      "class=\"n\">gain</th><th>notes</th></tr>\n";
  for (const PassRecord& p : r.passes) {
    const double gain =
        p.bytes_before ? 100.0 * (1 - static_cast<double>(p.bytes_after) / static_cast<double>(p.bytes_before)) : 0;
    std::string lines;
    for (const auto& n : p.notes) lines += (lines.empty() ? "" : "<br>") + escape(n);
    out += "<tr><td>" + escape(p.name) + "</td><td class=\"n\">" + with_commas(p.bytes_before) +
           "</td><td class=\"n\">" + with_commas(p.bytes_after) + "</td><td class=\"n\">" +
           (p.bytes_after == p.bytes_before ? "" : decimals(gain, 1) + " %") + "</td><td>" + lines + "</td></tr>\n";
  }
  return out + "</table>\n";
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
  Curve way{"", {}};
  std::string rows;
  for (const TradeOff& t : r.trade_off) {
    way.points.emplace_back(static_cast<double>(t.bytes) / 1024, t.value);
    rows += "<tr><td>" + escape(t.what) + "</td><td class=\"n\">" + with_commas(t.bytes) + "</td><td class=\"n\">" +
            decimals(t.value, 4) + "</td></tr>\n";
  }
  const std::string& metric = r.accuracy->metric;
  return line_chart(metric + " by size", {way}, "KiB of weights and biases", metric) +
         "<table><tr><th>model</th><th class=\"n\">bytes</th><th class=\"n\">" + escape(metric) + "</th></tr>\n" +
         rows + "</table>\n";
}

// Share of zeros in every layer with weights, where pruning left some.
std::string sparsity_table(const Report& r) {
  std::string rows;
  for (const LayerReport& l : r.layers) {
    if (!l.weights || l.nonzero == l.weights) continue;
    const double share = 100 * (1 - static_cast<double>(l.nonzero) / static_cast<double>(l.weights));
    rows += "<tr><td>" + std::to_string(l.index) + "</td><td>" + escape(l.name) + "</td><td class=\"n\">" +
            with_commas(l.weights) + "</td><td class=\"n\">" + with_commas(l.nonzero) + "</td><td class=\"n\">" +
            decimals(share, 1) + " %</td></tr>\n";
  }
  if (rows.empty()) return rows;
  return "<table><tr><th>layer</th><th>name</th><th class=\"n\">weights</th><th class=\"n\">not zero</th><th "
         "class=\"n\">zeros</th></tr>\n" +
         rows + "</table>\n";
}

}  // namespace

std::string coordinate(double v) {
  std::string s = decimals(v, 2);
  s.erase(s.find_last_not_of('0') + 1);
  if (s.back() == '.') s.pop_back();
  return s == "-0" ? "0" : s;
}

std::string escape(const std::string& text) {
  std::string out;
  for (const char ch : text) {
    const auto u = static_cast<unsigned char>(ch);
    switch (ch) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default:
        if (u < 0x20 || u >= 0x7f) {
          char hex[8];
          std::snprintf(hex, sizeof hex, "\\x%02X", u);
          out += hex;
        } else {
          out += ch;
        }
    }
  }
  return out;
}

std::string section(const std::string& title, const std::string& lead, const std::string& body) {
  return "<section><h2>" + escape(title) + "</h2><p>" + lead + "</p>\n" + body + "</section>\n";
}

std::string page(const std::string& title, const std::string& body) {
  return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
         "content=\"width=device-width,initial-scale=1\">\n<title>" +
         escape(title) + "</title>\n<style>" + kStyle + "</style></head>\n<body><main>\n" + body +
         "</main></body></html>\n";
}

std::string to_html(const Report& r, const Program& p) {
  const bool any_sqnr =
      std::any_of(r.layers.begin(), r.layers.end(), [](const LayerReport& l) { return l.sqnr_db.has_value(); });
  const bool any_weights =
      std::any_of(r.layers.begin(), r.layers.end(), [](const LayerReport& l) { return l.weights > 0; });
  const auto key = [](const char* css, const char* what) {
    return "<span class=\"key " + std::string(css) + "\"></span>" + what;
  };
  std::string out;
  out += "<h1>" + escape(r.model_name) + "</h1><p>compressed by tinyc " TINYC_VERSION " for " + escape(r.target) +
         ", " + with_commas(p.layers.size()) + " layers, " +
         with_commas(static_cast<std::uint64_t>(std::max<std::int64_t>(0, r.macs))) + " multiply-accumulates</p>\n";
  out += notes(r) + cards(r);
  out += section("Flash", "Bytes of the emitted arrays and code.", flash_table(r));
  if (any_weights) {
    out += section("Size of each layer",
                   key("before", "as float") + key("after", "now, with biases and multipliers") + " &nbsp; logarithmic",
                   size_chart(r));
    out += section("Bits a weight",
                   key("after", "stored") + key("entropy", "order-0 entropy") + " &nbsp; full width: 8.5 bits",
                   bits_chart(r));
  }
  if (any_sqnr)
    out +=
        section("Signal to quantization noise",
                "Each layer's output against the float model; full width: 60 dB, below 15 dB in red.", sqnr_chart(r));
  out += section("RAM over time",
                 "Each rectangle is a value in the arena from the layer that writes it to the last that reads it; grey "
                 "is scratch; the dashed line is the lower bound.",
                 arena_chart(p));
  if (any_weights) out += section("Weights", "Histograms over [-128, 127], heights as square roots.", histograms(r));
  if (const std::string chart = trade_off_chart(r); !chart.empty())
    out += section("Accuracy against size", "From the model as given to what was written.", chart);
  if (const std::string curves = training_charts(r); !curves.empty())
    out += section("Training", "Loss over the training samples, and what the held-out ones say.", curves);
  if (const std::string zeros = sparsity_table(r); !zeros.empty())
    out += section("Sparsity", "Weights that are zero, by layer.", zeros);
  if (!r.passes.empty()) out += section("Passes", "Bytes of all constants before and after each pass.", pass_table(r));
  return page(r.model_name + " - tinyc report", out);
}

}  // namespace tinyc
