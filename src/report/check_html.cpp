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
  Table table("Figures of " + m.report.model_name, {{"figure"}, {"before", true}, {"after", true}, {"change", true}});
  for (const Comparison& c : compare(m)) table.row({escape(c.what), c.before_text(), c.after_text(), c.change()});
  return table.html();
}

std::string layers(const CheckedModel& m) {
  Table table("Layers of " + m.report.model_name + " that changed", {{"layer"}, {"before", true}, {"after", true}});
  for (const LayerChange& c : changed_layers(m))
    table.row({escape(c.op + " " + c.name), with_commas(c.before), with_commas(c.after)});
  const std::string html = table.html();
  return html.empty() ? html : "<h3>Layers that changed</h3>\n" + html;
}

}  // namespace

std::string check_html(std::span<const CheckedModel> models) {
  std::string body;
  for (const CheckedModel& m : models) body += section(m.report.model_name, "", gates(m) + table(m) + layers(m));
  return page("tinyc: what changed", body);
}

}  // namespace tinyc
