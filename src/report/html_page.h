// Pieces of report.html: escaping and SVG charts. All text that comes from a model goes through escape().
#pragma once
#include <string>
#include <vector>

#include "tinyc/report.h"

namespace tinyc {

/// Text for HTML content and double-quoted attributes; control bytes and invalid UTF-8 are made visible.
std::string escape(const std::string& text);
/// A coordinate with at most two decimals.
std::string coordinate(double v);

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
