#include <algorithm>
#include <numeric>

#include "report/html_charts.h"
#include "report/html_page.h"
#include "report/numbers.h"
#include "report/svg.h"

namespace tinyc {
using namespace svg;
namespace {

using Row = std::vector<std::uint32_t>;
constexpr double kLeft = 60, kTop = 34, kSide = 560, kLargest = 48;
constexpr std::size_t kNumbered = 16,  // classes up to which cells show their numbers
    kMistakes = 8;

std::uint64_t total(const Row& row) { return std::accumulate(row.begin(), row.end(), std::uint64_t{0}); }

std::string matrix(const std::vector<Row>& counts) {
  const std::size_t n = counts.size(), every = (n + 24) / 25;
  const double cell = std::min(kLargest, kSide / static_cast<double>(n)), side = cell * static_cast<double>(n);
  std::string body = label("start", kLeft, 11, "answer of the compressed model", "small") +
                     label("start", 0, kTop + 12, "label", "small");
  for (std::size_t i = 0; i < n; ++i) {
    const double at = (static_cast<double>(i) + 0.5) * cell;
    if (i % every == 0)
      body += label("middle", kLeft + at, kTop - 6, std::to_string(i), "small") +
              label("end", kLeft - 6, kTop + at + 4, std::to_string(i), "small");
    const double all = std::max(1.0, static_cast<double>(total(counts[i])));
    for (std::size_t j = 0; j < n; ++j) {
      if (counts[i][j] == 0) continue;
      const double x = kLeft + static_cast<double>(j) * cell, y = kTop + static_cast<double>(i) * cell;
      // pale enough for the number on it, and never so pale that a single mistake is lost
      const double opacity = 0.12 + 0.38 * counts[i][j] / all;
      body += "<rect class=\"" + std::string(i == j ? "after" : "bad") + "\"" + attribute("x", x) + attribute("y", y) +
              attribute("width", cell - 1) + attribute("height", cell - 1) + attribute("fill-opacity", opacity) +
              "><title>label " + std::to_string(i) + ", answer " + std::to_string(j) + ": " +
              with_commas(counts[i][j]) + "</title></rect>";
      if (n <= kNumbered) body += label("middle", x + cell / 2, y + cell / 2 + 4, std::to_string(counts[i][j]));
    }
  }
  body += "<rect class=\"frame\"" + attribute("x", kLeft) + attribute("y", kTop) + attribute("width", side) +
          attribute("height", side) + "/>";
  return chart(kTop + side + 2, "Confusion matrix: labels downwards, answers to the right", body);
}

std::string mistakes(const std::vector<Row>& counts) {
  struct Mistake {
    std::size_t label, answer;
    std::uint32_t count;
  };
  std::vector<Mistake> list;
  for (std::size_t i = 0; i < counts.size(); ++i)
    for (std::size_t j = 0; j < counts.size(); ++j)
      if (i != j && counts[i][j]) list.push_back({i, j, counts[i][j]});
  std::ranges::stable_sort(list, std::greater{}, &Mistake::count);
  if (list.size() > kMistakes) list.resize(kMistakes);
  Table table("The most frequent mistakes", {{"label"}, {"answer"}, {"samples", true}, {"of the label's", true}});
  for (const Mistake& m : list)
    table.row({std::to_string(m.label), std::to_string(m.answer), with_commas(m.count),
               percent(m.count / static_cast<double>(total(counts[m.label])))});
  const std::string html = table.html();
  return html.empty() ? html : "<h3>The most frequent mistakes</h3>\n" + html;
}

std::string classes(const std::vector<Row>& counts) {
  Table table("Right answers by class", {{"label"}, {"samples", true}, {"right", true}, {"share", true}});
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (const auto all = total(counts[i]))
      table.row({std::to_string(i), with_commas(all), with_commas(counts[i][i]),
                 percent(counts[i][i] / static_cast<double>(all))});
  return "<details><summary>Right answers by class</summary>\n" + table.html() + "</details>\n";
}

}  // namespace

std::string confusion_chart(const Accuracy& a) {
  if (a.confusion.empty()) return {};
  return matrix(a.confusion) + mistakes(a.confusion) + classes(a.confusion);
}

}  // namespace tinyc
