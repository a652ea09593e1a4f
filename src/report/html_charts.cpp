#include "report/html_charts.h"

#include <algorithm>
#include <cmath>

#include "report/html_page.h"
#include "report/numbers.h"
#include "report/svg.h"
#include "tinyc/error.h"

namespace tinyc {
using namespace svg;
namespace {

constexpr double kRow = 18, kLabel = 250, kValue = 90;

std::string layer_label(const LayerReport& l) {
  std::string name = printable(l.name, 1000);
  if (name.size() > 22) name.replace(0, name.size() - 19, "...");
  return std::to_string(l.index) + " " + l.op.substr(0, 12) + " " + name;
}

/// One bar of a horizontal bar chart; `length` in [0, 1].
struct Bar {
  std::string css;
  double length = 0;
};
struct BarRow {
  std::string label, value, title;
  std::vector<Bar> bars;
};

std::string bar_chart(const std::string& title, const std::vector<BarRow>& rows) {
  const double room = kWidth - kLabel - kValue;
  std::string body;
  double y = 0;
  for (const BarRow& r : rows) {
    body += label("end", kLabel - 8, y + 13, r.label);
    const double height = (kRow - 4) / static_cast<double>(r.bars.size());
    double top = y + 2;
    for (const Bar& b : r.bars) {
      body += rect(b.css, kLabel, top, std::clamp(b.length, 0.0, 1.0) * room, height - (r.bars.size() > 1 ? 0.5 : 0),
                   r.title);
      top += height;
    }
    body += label("end", kWidth, y + 13, r.value, "value");
    y += kRow;
  }
  return rows.empty() ? "" : chart(y, title, body);
}

std::vector<const LayerReport*> with_weights(const Report& r) {
  std::vector<const LayerReport*> out;
  for (const auto& l : r.layers)
    if (l.weights > 0) out.push_back(&l);
  return out;
}

}  // namespace

std::string size_chart(const Report& r) {
  double most = 2;
  for (const auto* l : with_weights(r)) most = std::max(most, static_cast<double>(l->float_bytes));
  const auto length = [&](std::uint64_t bytes) {
    return std::log2(1 + static_cast<double>(bytes)) / std::log2(1 + most);
  };
  std::vector<BarRow> rows;
  for (const auto* l : with_weights(r))
    rows.push_back({layer_label(*l),
                    bytes_text(l->bytes),
                    l->name + ": " + with_commas(l->float_bytes) + " B as float, " + with_commas(l->bytes) +
                        " B now (" + l->coding + ")",
                    {{"before", length(l->float_bytes)}, {"after", length(l->bytes)}}});
  return bar_chart("Size of each layer before and after", rows);
}

std::string bits_chart(const Report& r) {
  std::vector<BarRow> rows;
  for (const auto* l : with_weights(r))
    rows.push_back({layer_label(*l),
                    decimals(l->bits_per_weight, 2) + " bit",
                    l->name + ": " + decimals(l->bits_per_weight, 3) + " bits a weight, entropy " +
                        decimals(l->entropy_bits_per_weight, 3) + ", " +
                        with_commas(static_cast<std::uint64_t>(l->nonzero)) + " of " +
                        with_commas(static_cast<std::uint64_t>(l->weights)) + " weights are not zero",
                    {{"after", l->bits_per_weight / 8.5}, {"entropy", l->entropy_bits_per_weight / 8.5}}});
  return bar_chart("Bits a weight and entropy", rows);
}

std::string sqnr_chart(const Report& r) {
  std::vector<BarRow> rows;
  for (const auto& l : r.layers)
    if (l.sqnr_db)
      rows.push_back({layer_label(l),
                      decibels(*l.sqnr_db),
                      l.name + ": " + decibels(*l.sqnr_db),
                      {{*l.sqnr_db < 15 ? "bad" : "after", *l.sqnr_db / 60}}});
  return bar_chart("Signal to quantization noise of each layer", rows);
}

}  // namespace tinyc
