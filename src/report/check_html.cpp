// `check` and `diff` as a page.
#include "report/check_forms.h"
#include "report/html_page.h"
#include "report/numbers.h"

namespace tinyc {
namespace {

std::string gates(const CheckedModel& m) {
  std::string out;
  for (const GateResult& g : m.gates) {
    if (g.passed) continue;
    out += "<p class=\"note failed\"><b>" + label(g.code) + "</b> " + escape(with_layer(g));
    if (!g.remedy.empty()) out += "<br>Try " + escape(g.remedy);
    out += "</p>\n";
  }
  if (out.empty() && !m.gates.empty()) out = "<p>All " + std::to_string(m.gates.size()) + " gates pass.</p>\n";
  return out;
}

std::string table(const CheckedModel& m) {
  std::string out =
      "<table><tr><th></th><th class=\"n\">before</th><th class=\"n\">after</th><th class=\"n\">change</th></tr>\n";
  for (const Comparison& c : compare(m))
    out += "<tr><td>" + escape(c.what) + "</td><td class=\"n\">" + c.before_text() + "</td><td class=\"n\">" +
           c.after_text() + "</td><td class=\"n\">" + c.change() + "</td></tr>\n";
  return out + "</table>\n";
}

std::string layers(const CheckedModel& m) {
  const auto changed = changed_layers(m);
  if (changed.empty()) return "";
  std::string out =
      "<h3>Layers that changed</h3>\n<table><tr><th>layer</th><th class=\"n\">before</th><th "
      "class=\"n\">after</th></tr>\n";
  for (const LayerChange& c : changed)
    out += "<tr><td>" + escape(c.op + " " + c.name) + "</td><td class=\"n\">" + with_commas(c.before) +
           "</td><td class=\"n\">" + with_commas(c.after) + "</td></tr>\n";
  return out + "</table>\n";
}

}  // namespace

std::string check_html(std::span<const CheckedModel> models) {
  std::string body;
  for (const CheckedModel& m : models)
    body += section(m.report.model_name, "", gates(m) + table(m) + layers(m));
  return page("tinyc: what changed", body);
}

}  // namespace tinyc
