// Pieces of report.html: escaping and SVG charts. All text that comes from a model goes through escape().
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "tinyc/report.h"

namespace tinyc {

/// Text for HTML content and double-quoted attributes; control bytes and invalid UTF-8 are made visible.
std::string escape(const std::string& text);
/// A coordinate with at most two decimals.
std::string coordinate(double v);

/// A whole page, and a section of one; `lead` and `body` are HTML.
std::string page(const std::string& title, const std::string& body);
std::string section(const std::string& title, const std::string& lead, const std::string& body);

/// A chart of curves over a common axis, with a legend. Points need not be sorted; those that are not finite are left
/// out. Empty when no point is left.
struct Curve {
  std::string name;
  std::vector<std::pair<double, double>> points;  ///< x, y
};
std::string line_chart(const std::string& title, const std::vector<Curve>& curves, const std::string& x_label,
                       const std::string& y_label);

/// A bar pair of each layer with weights: as float, and now. The axis is logarithmic.
std::string size_chart(const Report& r);
/// Bits a weight as stored beside the entropy, for each layer with weights.
std::string bits_chart(const Report& r);
/// SQNR of each layer that has one.
std::string sqnr_chart(const Report& r);
/// Small histograms of the weights' values.
std::string histograms(const Report& r);
/// The arena over time: values and scratch as rectangles, layers to the right, offsets upwards.
std::string arena_chart(const Program& p);

}  // namespace tinyc
