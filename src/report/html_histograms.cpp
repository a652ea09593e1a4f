#include <algorithm>
#include <cmath>

#include "report/html_charts.h"
#include "report/html_page.h"
#include "report/numbers.h"
#include "report/svg.h"
#include "tinyc/error.h"

namespace tinyc {
using namespace svg;
namespace {

std::string caption(const LayerReport& l, const std::string& facts) {
  return "<b>" + std::to_string(l.index) + " " + escape(l.op) + "</b> " + facts;
}

std::string real(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", v);
  return text;
}
std::string range(double min, double max) { return real(min) + " to " + real(max); }

std::string grid(const std::string& figures) {
  return figures.empty() ? figures : "<div class=\"grid\">\n" + figures + "</div>\n";
}

}  // namespace

std::string histogram(const std::string& title, const std::vector<std::uint64_t>& counts, const std::string& caption) {
  constexpr double kBin = 5, kHeight = 60;
  double most = 1;
  for (const auto n : counts) most = std::max(most, std::sqrt(static_cast<double>(n)));
  std::string path;
  for (std::size_t b = 0; b < counts.size(); ++b) {
    if (counts[b] == 0) continue;
    const std::string height = coordinate(std::max(0.6, std::sqrt(static_cast<double>(counts[b])) / most * kHeight));
    path.append("M").append(coordinate(static_cast<double>(b) * kBin)).append(" 60v-").append(height);
    path.append("h4.5v").append(height).append("z");
  }
  const double width = kBin * static_cast<double>(std::max<std::size_t>(1, counts.size()));
  return "<figure>" +
         picture(width, kHeight + 1, title,
                 "<path class=\"after\" d=\"" + path + "\"/>" + line("axis", 0, kHeight, width, kHeight)) +
         "<figcaption>" + caption + "</figcaption></figure>\n";
}

std::string weight_histograms(const Report& r) {
  std::string figures;
  for (const LayerReport& l : r.layers) {
    if (l.histogram.empty()) continue;
    const double zeros = l.weights ? 1 - static_cast<double>(l.nonzero) / static_cast<double>(l.weights) : 0;
    figures += histogram("Weights of layer " + std::to_string(l.index) + " " + printable(l.name, 60),
                         {l.histogram.begin(), l.histogram.end()}, caption(l, short_percent(zeros) + " zeros"));
  }
  return grid(figures);
}

std::string activation_histograms(const Report& r) {
  std::string figures;
  for (const LayerReport& l : r.layers) {
    if (!l.activations) continue;
    const Activations& a = *l.activations;
    figures += histogram("Output of layer " + std::to_string(l.index) + " " + printable(l.name, 60), a.histogram,
                         caption(l, "holds " + range(a.lowest, a.highest) + ", seen " + range(a.min, a.max)));
  }
  return grid(figures);
}

}  // namespace tinyc
