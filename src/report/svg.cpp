#include "report/svg.h"

#include <algorithm>

#include "report/html_page.h"

namespace tinyc::svg {

std::string attribute(const char* name, double v) {
  std::string out = " ";
  return out + name + "=\"" + coordinate(v) + "\"";
}

std::string rect(const std::string& css, double x, double y, double w, double h, const std::string& title) {
  return "<rect class=\"" + css + "\"" + attribute("x", x) + attribute("y", y) + attribute("width", std::max(0.0, w)) +
         attribute("height", std::max(0.0, h)) +
         (title.empty() ? "/>" : "><title>" + escape(title) + "</title></rect>");
}

std::string label(const char* anchor, double x, double y, const std::string& s, const char* css) {
  return "<text" + attribute("x", x) + attribute("y", y) + " text-anchor=\"" + anchor + "\" class=\"" + css + "\">" +
         escape(s) + "</text>";
}

std::string line(const char* css, double x1, double y1, double x2, double y2) {
  return "<line class=\"" + std::string(css) + "\"" + attribute("x1", x1) + attribute("y1", y1) + attribute("x2", x2) +
         attribute("y2", y2) + "/>";
}

std::string picture(double width, double height, const std::string& title, const std::string& body) {
  return "<svg viewBox=\"0 0 " + coordinate(width) + " " + coordinate(height) + "\" role=\"img\" aria-label=\"" +
         escape(title) + "\">" + body + "</svg>\n";
}

std::string chart(double height, const std::string& title, const std::string& body) {
  return "<div class=\"wide\" tabindex=\"0\">" + picture(kWidth, height, title, body) + "</div>\n";
}

}  // namespace tinyc::svg
