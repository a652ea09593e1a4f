// The page of a model before compression: `tinyc inspect --html`.
#include <algorithm>
#include <cmath>

#include "report/html_charts.h"
#include "report/html_page.h"
#include "report/numbers.h"
#include "tinyc/error.h"
#include "tinyc/report.h"

namespace tinyc {
namespace {

// The constants that a node reads, biases and weights alike.
std::vector<const Tensor*> constants(const Graph& g, const Node& n) {
  std::vector<const Tensor*> list;
  for (const TensorId id : n.inputs)
    if (id != kNoTensor && g.at(id).is_const()) list.push_back(&g.at(id));
  return list;
}

std::uint64_t work(const Graph& g, const Node& n) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, macs(g, n)));
}

std::string interface_table(const ModelFacts& facts) {
  Table table("Inputs and outputs", {{"what"}, {"name"}, {"shape"}, {"type"}});
  const auto row = [&](const char* what, const ModelFacts::IO& io) {
    table.row({what, escape(printable(io.name, 200)), to_string(io.shape), escape(io.dtype)});
  };
  for (const auto& io : facts.inputs) row("input", io);
  for (const auto& io : facts.outputs) row("output", io);
  return table.html();
}

std::string operator_table(const ModelFacts& facts) {
  Table table("Operators", {{"operator"}, {"count", true}});
  for (const auto& op : facts.ops) table.row({escape(printable(op.name)), std::to_string(op.count)});
  return table.html();
}

std::string unsupported_table(const ModelFacts& facts) {
  Table table("Not supported", {{"node"}, {"operator"}, {"tensor"}, {"why"}});
  for (const auto& u : facts.unsupported)
    table.row({std::to_string(u.node), escape(printable(u.op)), escape(printable(u.tensor, 200)),
               escape(printable(u.why, 300))});
  return table.html();
}

std::string node_table(const Graph& g) {
  Table table("Layers", {{"layer"}, {"name"}, {"output"}, {"parameters", true}, {"MACs", true}});
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    const Node& n = g.nodes[i];
    std::uint64_t parameters = 0;
    for (const Tensor* t : constants(g, n)) parameters += static_cast<std::uint64_t>(num_elements(t->shape));
    table.row({std::to_string(i) + " " + name_of(kind(n.op)), escape(printable(n.name, 200)),
               to_string(g.at(n.outputs[0]).shape), with_commas(parameters), with_commas(work(g, n))});
  }
  return table.html();
}

// Values between the least and the largest, in as many bins as the report's histograms have.
std::string weights_of(const std::string& title, const std::string& what, const Tensor& t) {
  constexpr double kBins = 32;
  std::vector<double> values;
  if (t.dtype == DType::f32) {
    const auto all = t.as<float>();
    values.assign(all.begin(), all.end());
  } else if (t.dtype == DType::i8) {
    const auto all = t.as<std::int8_t>();
    values.assign(all.begin(), all.end());
  }
  std::erase_if(values, [](double v) { return !std::isfinite(v); });
  if (values.empty()) return {};
  const auto [min, max] = std::ranges::minmax(values);
  std::vector<std::uint64_t> counts(static_cast<std::size_t>(kBins));
  for (const double v : values)
    ++counts[static_cast<std::size_t>(max > min ? std::min(kBins - 1, (v - min) / (max - min) * kBins) : kBins / 2)];
  char range[64];
  std::snprintf(range, sizeof range, " %.3g to %.3g", min, max);
  return histogram(title, counts, "<b>" + escape(what) + "</b>" + range);
}

std::string node_histograms(const Graph& g) {
  std::string figures;
  for (std::size_t i = 0; i < g.nodes.size(); ++i)
    for (const Tensor* t : constants(g, g.nodes[i]))
      if (t->shape.size() > 1 && num_elements(t->shape) > 1)
        figures += weights_of("Weights of layer " + std::to_string(i) + " " + printable(g.nodes[i].name, 60),
                              std::to_string(i) + " " + name_of(kind(g.nodes[i].op)), *t);
  return figures.empty() ? figures : "<div class=\"grid\">\n" + figures + "</div>\n";
}

}  // namespace

std::string to_html(const ModelFacts& facts, const std::string& name, const Graph* g, std::uint64_t ram_bound) {
  std::uint64_t macs = 0;
  if (g)
    for (const Node& n : g->nodes) macs += work(*g, n);
  std::string notes;
  for (const auto& note : facts.notes) notes += "<p class=\"note\">" + escape(printable(note, 300)) + "</p>\n";
  std::string cards = card("File", bytes_text(facts.file_bytes), "as it is on disk") +
                      card("Parameters", with_commas(facts.params), bytes_text(4 * facts.params) + " as float");
  Sections s;
  s.add("unsupported", "Not supported", "tinyc cannot compress the model before these are replaced or cut off.",
        unsupported_table(facts));
  s.add("interface", "Inputs and outputs", "", interface_table(facts));
  s.add("operators", "Operators", "", operator_table(facts));
  if (g) {
    cards += card("Multiply-accumulates", with_commas(macs), "one inference") +
             card("RAM", bytes_text(ram_bound), "int8 activations alive at once, in the model's own order");
    s.add("layers", "Layers", "As tinyc reads them.", node_table(*g));
    s.add("weights", "Weights", "Histograms between the least and the largest value, heights as square roots.",
          node_histograms(*g));
  }
  return page(name + " - tinyc inspect",
              "<h1>" + escape(name) + "</h1><p>as given" +
                  (g ? std::string(", weights ") + (g->stage == Stage::Float ? "as float" : "quantized") : "") +
                  ", SHA-256 " + escape(facts.sha256) + "</p>\n" + notes + "<dl class=\"cards\">\n" + cards +
                  "</dl>\n" + s.html());
}

}  // namespace tinyc
