// The table of layers. Rows carry their place in every order as a custom property; the anchor that a column's link
// points to stands before the table and chooses one of them.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "report/html_arena.h"
#include "report/html_charts.h"
#include "report/html_page.h"
#include "report/numbers.h"
#include "tinyc/error.h"

namespace tinyc {
namespace {

struct Entry {
  const LayerReport* layer;
  const Layer* program;
  std::uint64_t ram = 0;
};

struct Order {
  const char *name, *column, *css;
  std::function<double(const Entry&)> key;  ///< least first
};

constexpr double kLast = std::numeric_limits<double>::infinity();

std::array<Order, 6> orders() {
  return {
      {{"weights", "weights", "n spare", [](const Entry& e) { return -static_cast<double>(e.layer->weights); }},
       {"bytes", "bytes", "n", [](const Entry& e) { return -static_cast<double>(e.layer->bytes); }},
       {"bits", "bits", "n spare", [](const Entry& e) { return e.layer->weights ? -e.layer->bits_per_weight : kLast; }},
       {"macs", "MACs", "n", [](const Entry& e) { return -static_cast<double>(e.layer->macs); }},
       {"ram", "RAM", "n", [](const Entry& e) { return -static_cast<double>(e.ram); }},
       {"sqnr", "SQNR", "n", [](const Entry& e) { return e.layer->sqnr_db.value_or(kLast); }}}};
}

std::string number(std::int64_t v) { return with_commas(static_cast<std::uint64_t>(std::max<std::int64_t>(0, v))); }

std::string thousands(std::int64_t v) {
  return v < 10'000 ? number(v) : v < 10'000'000 ? number(v / 1000) + " k" : number(v / 1'000'000) + " M";
}

std::string facts(const Program& p, const Entry& e) {
  const LayerReport& l = *e.layer;
  std::string out;
  const auto fact = [&](const char* what, const std::string& value) {
    out += std::string("<dt>") + what + "</dt><dd>" + escape(value) + "</dd>";
  };
  const auto value = [&](const char* what, ValueId id) {
    if (id < 0) return;
    const Value& v = p.values[static_cast<std::size_t>(id)];
    fact(what, to_string(v.shape) + ", " + with_commas(v.bytes) + " B, " + short_name(v.name, 60));
  };
  fact("name", printable(l.name, 1000));
  if (e.program) {
    value("input", e.program->in0);
    value("input 2", e.program->in1);
    value("output", e.program->out);
    fact("kernel", e.program->kernel ? e.program->kernel->symbol : "none");
    if (e.program->scratch_bytes) fact("scratch", with_commas(e.program->scratch_bytes) + " B");
  }
  fact("multiply-accumulates", number(l.macs));
  if (l.instructions) fact("instructions", number(*l.instructions) + ", about");
  if (l.weights) {
    fact("weights", number(l.weights) + ", " + number(l.nonzero) + " of them not zero");
    fact("stored", with_commas(l.bytes) + " B with biases and multipliers, " + with_commas(l.float_bytes) +
                       " B as float; " + l.coding);
    fact("bits a weight", decimals(l.bits_per_weight, 3) + ", entropy " + decimals(l.entropy_bits_per_weight, 3));
    if (l.decode_share) fact("decoding", short_percent(*l.decode_share) + " of the work of its multiplications, about");
  }
  if (l.activations) {
    char text[160];
    std::snprintf(text, sizeof text, "holds %.4g to %.4g, seen %.4g to %.4g", l.activations->lowest,
                  l.activations->highest, l.activations->min, l.activations->max);
    fact("range of the output", text);
  }
  return "<dl class=\"facts\">" + out + "</dl>";
}

std::string cell(const std::string& css, const std::string& text) {
  return "<td role=\"cell\" class=\"" + css + "\">" + text + "</td>";
}

std::string row(const Program& p, const Entry& e, const std::string& places) {
  const LayerReport& l = *e.layer;
  return "<tr role=\"row\" style=\"" + places + "\"><th role=\"rowheader\" scope=\"row\">" + std::to_string(l.index) +
         " " + escape(l.op) + "</th>" + cell("n spare", l.weights ? number(l.weights) : "") +
         cell("n", with_commas(l.bytes)) + cell("n spare", l.weights ? decimals(l.bits_per_weight, 2) : "") +
         cell("n", thousands(l.macs)) + cell("n", with_commas(e.ram)) +
         cell("n", l.sqnr_db ? decimals(*l.sqnr_db, 1) : "") + "<td role=\"cell\" class=\"more\"><details><summary>" +
         escape(short_name(l.name, 44)) + "</summary>" + facts(p, e) + "</details></td></tr>\n";
}

}  // namespace

std::string layer_table(const Report& r, const Program& p) {
  if (r.layers.empty()) return {};
  const auto ram = ram_by_layer(p);
  std::vector<Entry> entries;
  for (const LayerReport& l : r.layers) {
    const auto i = static_cast<std::size_t>(l.index);
    entries.push_back({&l, i < p.layers.size() ? &p.layers[i] : nullptr, i < ram.size() ? ram[i] : 0});
  }
  std::vector<std::string> places(entries.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = "--run:" + std::to_string(i);
  std::string anchors = "<span class=\"order\" id=\"by-run\"></span>", head =
                                                                           "<th role=\"columnheader\" scope=\"col\"><a "
                                                                           "href=\"#by-run\">layer</a></th>";
  for (const Order& o : orders()) {
    std::vector<std::size_t> order(entries.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return o.key(entries[i]); });
    for (std::size_t place = 0; place < order.size(); ++place)
      places[order[place]] += std::string(";--") + o.name + ":" + std::to_string(place);
    anchors += std::string("<span class=\"order\" id=\"by-") + o.name + "\"></span>";
    head += std::string("<th role=\"columnheader\" scope=\"col\" class=\"") + o.css + "\"><a href=\"#by-" + o.name +
            "\">" + o.column + "</a></th>";
  }
  std::string rows;
  for (std::size_t i = 0; i < entries.size(); ++i) rows += row(p, entries[i], places[i]);
  return anchors +
         "\n<table class=\"layers\" role=\"table\" aria-label=\"Layers\"><thead role=\"rowgroup\"><tr "
         "role=\"row\">" +
         head + "</tr></thead><tbody role=\"rowgroup\">\n" + rows + "</tbody></table>\n";
}

}  // namespace tinyc
