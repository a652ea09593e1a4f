// Pictures and tables of report.html, each one HTML; empty where there is nothing to show.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tinyc/report.h"

namespace tinyc {

/// A chart of curves over a common axis, with a legend. Points need not be sorted; those that are not finite are left
/// out. Empty when no point is left.
struct Curve {
  std::string name;
  std::vector<std::pair<double, double>> points;  ///< x, y
};
std::string line_chart(const std::string& title, const std::vector<Curve>& curves, const std::string& x_label,
                       const std::string& y_label);

/// Every layer: numbers in a table that links put into other orders, the rest folded under its name.
std::string layer_table(const Report& r, const Program& p);

/// A bar pair of each layer with weights: as float, and now. The axis is logarithmic.
std::string size_chart(const Report& r);
/// Bits a weight as stored beside the entropy, for each layer with weights.
std::string bits_chart(const Report& r);
/// SQNR of each layer that has one.
std::string sqnr_chart(const Report& r);

/// Small histograms of the weights' values, and of the layers' outputs with their ranges.
std::string weight_histograms(const Report& r);
std::string activation_histograms(const Report& r);
/// A histogram of counts, heights as square roots, so that the tails are seen beside the zeros; `caption` is HTML.
std::string histogram(const std::string& title, const std::vector<std::uint64_t>& counts, const std::string& caption);

/// Labels against answers, the most frequent mistakes, and the share of right ones by class.
std::string confusion_chart(const Accuracy& a);

}  // namespace tinyc
