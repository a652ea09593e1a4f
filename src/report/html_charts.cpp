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
  return picture(kWidth, y, title, body);
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

std::string histograms(const Report& r) {
  constexpr double kCell = 170, kHeight = 70, kGapX = 12, kGapY = 34;
  const auto columns = static_cast<std::size_t>((kWidth + kGapX) / (kCell + kGapX));
  std::string body;
  std::size_t i = 0;
  for (const auto* l : with_weights(r)) {
    const std::size_t column = i % columns, row = i / columns;
    const double x = static_cast<double>(column) * (kCell + kGapX), y = static_cast<double>(row) * (kHeight + kGapY);
    ++i;
    // square roots, so that the tails are seen beside the zeros
    double most = 1;
    for (const auto n : l->histogram) most = std::max(most, std::sqrt(static_cast<double>(n)));
    const double step = kCell / static_cast<double>(std::max<std::size_t>(1, l->histogram.size()));
    std::string bars;
    for (std::size_t b = 0; b < l->histogram.size(); ++b) {
      const double h = std::sqrt(static_cast<double>(l->histogram[b])) / most * kHeight;
      if (h > 0) bars += rect("after", x + static_cast<double>(b) * step, y + kHeight - h, step - 0.5, h);
    }
    body += "<g><title>" + escape(l->name) + "</title>" + bars + "</g>" +
            line("axis", x, y + kHeight, x + kCell, y + kHeight);
    body += label("start", x, y + kHeight + 14, std::to_string(l->index) + " " + l->op, "small");
  }
  const std::size_t rows = (i + columns - 1) / columns;
  return picture(kWidth, static_cast<double>(rows) * (kHeight + kGapY), "Histograms of weights", body);
}

std::string arena_chart(const Program& p) {
  constexpr double kHeight = 360, kLeft = 80, kBottom = 34;
  const auto layers = static_cast<double>(p.layers.size());
  const double column = (kWidth - kLeft) / (layers + 2),
               scale = kHeight / std::max(1.0, static_cast<double>(p.arena_bytes));
  const auto top = [&](std::uint64_t offset, std::uint64_t bytes) {
    return kHeight - static_cast<double>(offset + bytes) * scale;
  };
  std::string body;
  const auto end = static_cast<std::int32_t>(p.layers.size());
  for (std::size_t i = 0; i < p.values.size(); ++i) {
    const Value& v = p.values[i];
    if (v.first > end) continue;  // nobody writes it
    const std::string when = (v.first < 0 ? "input" : "layer " + std::to_string(v.first)) + " to " +
                             (v.last >= end ? "the end" : "layer " + std::to_string(v.last));
    body += rect("v" + std::to_string(i % 8), kLeft + (v.first + 1) * column, top(v.offset, v.bytes),
                 (v.last - v.first + 1) * column, v.bytes * scale,
                 v.name + " " + to_string(v.shape) + ": " + with_commas(v.bytes) + " B at " + with_commas(v.offset) +
                     ", " + when);
  }
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    const Layer& l = p.layers[i];
    if (l.scratch_bytes == 0) continue;
    body += rect("scratch", kLeft + (static_cast<double>(i) + 1) * column, top(l.record.scratch, l.scratch_bytes),
                 column, l.scratch_bytes * scale,
                 "scratch of layer " + std::to_string(i) + " " + l.name + ": " + with_commas(l.scratch_bytes) +
                     " B at " + with_commas(l.record.scratch));
  }
  const double bound = top(0, p.arena_lower_bound);
  body += line("axis", kLeft, kHeight, kWidth, kHeight) + line("axis", kLeft, 0, kLeft, kHeight) +
          line("bound", kLeft, bound, kWidth, bound);
  body += label("end", kLeft - 6, 12, with_commas(p.arena_bytes) + " B", "small") +
          label("end", kLeft - 6, kHeight, "0", "small");
  body += label("start", kLeft + 2, kHeight + 16, "inputs", "small") +
          label("end", kWidth, kHeight + 16, "outputs", "small");
  const std::size_t every = std::max<std::size_t>(1, (p.layers.size() + 19) / 20);
  for (std::size_t i = every; i < p.layers.size(); i += every) {
    const double x = kLeft + (static_cast<double>(i) + 1.5) * column;
    if (x < kLeft + 60 || x > kWidth - 70) continue;
    body += label("middle", x, kHeight + 16, std::to_string(i), "small");
  }
  return picture(kWidth, kHeight + kBottom, "Arena over time", body);
}

}  // namespace tinyc
