// Line charts: curves over a common axis.
#include <algorithm>
#include <cmath>
#include <limits>

#include "report/html_charts.h"
#include "report/html_page.h"
#include "report/numbers.h"
#include "report/svg.h"

namespace tinyc {
using namespace svg;
namespace {

constexpr double kHeight = 320, kLeft = 60, kRight = 240, kTop = 12, kBottom = 44, kLegendRow = 16;
constexpr int kColours = 8;
constexpr const char* kStyle =
    "<style>.c{fill:none;stroke-width:1.8}.grid{stroke:var(--line);stroke-width:.7}"
    ".c0{stroke:#4c78d8}.c1{stroke:#2fa58c}.c2{stroke:#d98f2b}.c3{stroke:#9a63c9}.c4{stroke:#c9577e}.c5{stroke:#6f9c3c}"
    ".c6{stroke:#3f9fc4}.c7{stroke:#b0784f}.again{stroke-dasharray:6 3}</style>";

constexpr std::size_t kMarked = 16;  // points of a curve that are shown one by one

std::string dot(const std::string& css, double x, double y) {
  return "<circle class=\"" + css + "\" cx=\"" + coordinate(x) + "\" cy=\"" + coordinate(y) + "\" r=\"2.5\"/>";
}

struct Scale {
  double lo = std::numeric_limits<double>::infinity(), hi = -std::numeric_limits<double>::infinity(), step = 1;

  void see(double v) {
    lo = std::min(lo, v);
    hi = std::max(hi, v);
  }
  /// Rounds outwards to multiples of 1, 2 or 5 times a power of ten, about five of them.
  void round_out() {
    if (hi - lo < 1e-9 * std::max(1.0, std::fabs(hi))) lo -= 0.5, hi += 0.5;
    const double raw = (hi - lo) / 5, power = std::pow(10.0, std::floor(std::log10(raw))), share = raw / power;
    step = power * (share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10);
    lo = std::floor(lo / step + 1e-9) * step;
    hi = std::ceil(hi / step - 1e-9) * step;
  }
  int places() const { return std::clamp(static_cast<int>(-std::floor(std::log10(step) + 1e-9)), 0, 6); }
  double share(double v) const { return (v - lo) / (hi - lo); }
};

bool finite(const std::pair<double, double>& p) { return std::isfinite(p.first) && std::isfinite(p.second); }

}  // namespace

std::string line_chart(const std::string& title, const std::vector<Curve>& curves, const std::string& x_label,
                       const std::string& y_label) {
  Scale xs, ys;
  for (const Curve& c : curves)
    for (const auto& p : c.points)
      if (finite(p)) xs.see(p.first), ys.see(p.second);
  if (!(xs.lo <= xs.hi)) return {};
  xs.round_out();
  ys.round_out();
  const double height = std::max(kHeight, kTop + kBottom + kLegendRow * static_cast<double>(curves.size()));
  const double right = kWidth - kRight, bottom = height - kBottom;
  const auto x_of = [&](double v) { return kLeft + xs.share(v) * (right - kLeft); };
  const auto y_of = [&](double v) { return bottom - ys.share(v) * (bottom - kTop); };

  std::string body = kStyle;
  for (double v = ys.lo; v < ys.hi + ys.step / 2; v += ys.step)
    body += line("grid", kLeft, y_of(v), right, y_of(v)) +
            label("end", kLeft - 6, y_of(v) + 4, decimals(v, ys.places()), "small");
  for (double v = xs.lo; v < xs.hi + xs.step / 2; v += xs.step)
    body += line("grid", x_of(v), kTop, x_of(v), bottom) +
            label("middle", x_of(v), bottom + 15, decimals(v, xs.places()), "small");
  body += line("axis", kLeft, bottom, right, bottom) + line("axis", kLeft, kTop, kLeft, bottom);
  body += label("end", right, bottom + 32, x_label, "small") + label("start", kLeft, bottom + 32, y_label, "small");
  for (std::size_t i = 0; i < curves.size(); ++i) {
    auto points = curves[i].points;
    std::erase_if(points, [](const auto& p) { return !finite(p); });
    std::stable_sort(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    const std::string css = "c c" + std::to_string(i % kColours) + (i >= kColours ? " again" : "");
    std::string path;
    if (points.size() <= kMarked)
      for (const auto& [x, y] : points) body += dot(css, x_of(x), y_of(y));
    for (const auto& [x, y] : points)
      path.append(path.empty() ? "" : " ").append(coordinate(x_of(x))).append(",").append(coordinate(y_of(y)));
    body.append("<polyline class=\"").append(css).append("\" points=\"").append(path).append("\"><title>");
    body.append(escape(curves[i].name)).append("</title></polyline>");
    if (curves[i].name.empty()) continue;  // a single one needs no key
    const double y = kTop + kLegendRow * (static_cast<double>(i) + 0.5);
    body +=
        line(css.c_str(), right + 14, y, right + 34, y) + label("start", right + 40, y + 4, curves[i].name, "small");
  }
  return chart(height, title, body);
}

}  // namespace tinyc
