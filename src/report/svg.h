// SVG elements as text, for the charts of the pages.
#pragma once
#include <string>

namespace tinyc::svg {

inline constexpr double kWidth = 900;  ///< of every chart

/// ` name="v"`.
std::string attribute(const char* name, double v);
std::string rect(const std::string& css, double x, double y, double w, double h, const std::string& title = "");
std::string label(const char* anchor, double x, double y, const std::string& s, const char* css = "");
std::string line(const char* css, double x1, double y1, double x2, double y2);
std::string picture(double width, double height, const std::string& title, const std::string& body);
/// A picture of full width, which a small screen scrolls by itself.
std::string chart(double height, const std::string& title, const std::string& body);

}  // namespace tinyc::svg
