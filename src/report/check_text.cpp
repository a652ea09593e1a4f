// `check` as lines for people, as a table for a pull request, and as GitHub's workflow commands.
#include "report/check_forms.h"
#include "report/numbers.h"

namespace tinyc {
namespace {

/// A pull request's comment holds 65,536 characters.
constexpr std::size_t kMarkdownLimit = 65000;
constexpr std::size_t kLayerRows = 20;

/// Text for a cell: no bars, no line breaks, nothing that Markdown would take for markup.
std::string cell(const std::string& text, std::size_t limit = 80) {
  std::string out;
  for (const char c : printable(text, limit)) {
    if (c == '|' || c == '`' || c == '*' || c == '_' || c == '<' || c == '[' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string headline(const CheckedModel& m) {
  return "flash " + std::to_string(m.report.flash_total()) + " B, RAM " + std::to_string(m.report.arena) + " B";
}

/// A message of a workflow command: https://docs.github.com, "Workflow commands".
std::string command_text(const std::string& text, bool property) {
  std::string out;
  for (const char c : text) {
    if (c == '%')
      out += "%25";
    else if (c == '\r')
      out += "%0D";
    else if (c == '\n')
      out += "%0A";
    else if (property && c == ':')
      out += "%3A";
    else if (property && c == ',')
      out += "%2C";
    else
      out += c;
  }
  return out;
}

std::string layer_table(const CheckedModel& m) {
  const auto layers = changed_layers(m);
  if (layers.empty()) return "";
  std::string out = "\n<details><summary>" + std::to_string(layers.size()) +
                    (layers.size() == 1 ? " layer" : " layers") +
                    " changed</summary>\n\n| layer | before | after | change |\n|---|---:|---:|---:|\n";
  std::size_t shown = 0;
  for (const LayerChange& c : layers) {
    if (shown++ == kLayerRows) {
      out += "| and " + std::to_string(layers.size() - kLayerRows) + " more | | | |\n";
      break;
    }
    const auto grew = static_cast<std::int64_t>(c.after) - static_cast<std::int64_t>(c.before);
    out += "| " + cell(c.op) + " " + cell(c.name) + " | " + with_commas(c.before) + " | " + with_commas(c.after) +
           " | " + (grew > 0 ? "+" : "") + std::to_string(grew) + " |\n";
  }
  return out + "\n</details>\n";
}

std::string model_table(const CheckedModel& m) {
  std::string out = "| " + cell(m.report.model_name) + " | before | after | change |\n|---|---:|---:|---:|\n";
  for (const Comparison& c : compare(m))
    out += "| " + c.what + " | " + c.before_text() + " | " + c.after_text() + " | " + c.change() + " |\n";
  std::string failed;
  for (const GateResult& g : m.gates)
    if (!g.passed) {
      failed += "- **" + label(g.code) + "** " + cell(g.message, 400);
      if (!g.layer.empty()) failed += "; " + cell(g.layer, 400);
      if (!g.remedy.empty()) failed += ". Try: " + cell(g.remedy, 400);
      failed += "\n";
    }
  return out + (failed.empty() ? "" : "\n" + failed);
}

}  // namespace

std::string check_text(std::span<const CheckedModel> models) {
  std::string text;
  for (const CheckedModel& m : models) {
    const std::string name = models.size() > 1 ? printable(m.report.model_name) + ": " : "";
    for (const GateResult& g : m.gates) {
      if (g.passed) continue;
      text += "FAIL  " + name + with_layer(g) + " [" + label(g.code) + "]\n";
      if (!g.remedy.empty()) text += "      try " + g.remedy + "\n";
    }
    if (m.passed()) text += "ok    " + name + headline(m) + "\n";
  }
  return text;
}

std::string check_github(std::span<const CheckedModel> models) {
  std::string out;
  for (const CheckedModel& m : models) {
    const std::string file = "file=" + command_text(m.path, true);
    for (const GateResult& g : m.gates) {
      if (g.passed) continue;
      const std::string title = "tinyc " + label(g.code) + " " + printable(m.report.model_name) + " " + g.gate;
      out += "::error " + file + ",line=1,title=" + command_text(title, true) +
             "::" + command_text(with_layer(g) + (g.remedy.empty() ? "" : "\ntry " + g.remedy), false) + "\n";
    }
    if (m.passed())
      out += "::notice " + file + ",line=1,title=tinyc " + command_text(printable(m.report.model_name), true) +
             "::" + headline(m) + "\n";
  }
  return out;
}

std::string check_markdown(std::span<const CheckedModel> models) {
  std::string out;
  for (const CheckedModel& m : models) {
    const std::string table = (out.empty() ? "" : "\n") + model_table(m), layers = layer_table(m);
    if (out.size() + table.size() > kMarkdownLimit) {
      out += "\nThe other models are in report.json: a comment holds no more.\n";
      break;
    }
    out += table;
    if (out.size() + layers.size() <= kMarkdownLimit) out += layers;
  }
  return out;
}

}  // namespace tinyc
