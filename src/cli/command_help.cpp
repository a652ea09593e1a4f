// help TOPIC: a page of docs/, or what a code means.
#include <algorithm>

#include "cli/cli.h"
#include "cli/console.h"
#include "cli/help.h"
#include "tinyc/error.h"

namespace tinyc {
namespace {

/// `[text](page.md)` becomes "text (page)", or the text alone where it is the page's name or an address within a page.
std::string without_links(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto middle = line.find("](", i), end = line.find(')', i);
    if (line[i] != '[' || middle == line.npos || end == line.npos || end < middle || line.find(']', i) != middle) {
      out += line[i];
      continue;
    }
    const std::string text(line.substr(i + 1, middle - i - 1));
    std::string page(line.substr(middle + 2, end - middle - 2));
    page.resize(std::min(page.size(), page.find(".md")));
    out += text;
    if (text != page + ".md" && text != page) out += " (" + page + ")";
    i = end;
  }
  return out;
}

std::string without_marks(const std::string& line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '`') continue;
    if (line.compare(i, 2, "**") == 0) {
      ++i;
      continue;
    }
    out += line[i];
  }
  return out;
}

/// Appends words to the paragraph's lines, `indent` blanks before all but the first.
void wrap(std::string& out, const std::string& text, std::size_t width, std::size_t indent) {
  std::size_t column = out.size() - (out.rfind('\n') + 1);
  std::size_t at = 0;
  while (at < text.size()) {
    const auto blank = std::min(text.find(' ', at), text.size());
    const auto word = text.substr(at, blank - at);
    at = blank + 1;
    if (word.empty()) continue;
    if (column > indent && column + 1 + word.size() > width) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    }
    if (column > indent) out += ' ', ++column;
    out += word;
    column += word.size();
  }
}

}  // namespace

std::string for_terminal(std::string_view markdown, std::size_t width) {
  std::string out;
  bool in_prose = false;
  std::size_t indent = 0;
  while (!markdown.empty()) {
    const auto end = std::min(markdown.find('\n'), markdown.size());
    const std::string_view line = markdown.substr(0, end);
    markdown.remove_prefix(std::min(end + 1, markdown.size()));
    const bool verbatim = line.starts_with("    ") || line.starts_with("|") || line.empty();
    const bool item = line.starts_with("- ") || (line.size() > 2 && line[0] >= '1' && line[0] <= '9' && line[1] == '.');
    if (in_prose && (verbatim || item || line.starts_with("#"))) out += "\n", in_prose = false;
    if (line.starts_with("    ") || line.empty()) {
      out.append(line).append("\n");
    } else if (line.starts_with("|")) {
      if (!line.starts_with("|---")) out += without_marks(without_links(line)) + "\n";
    } else if (line.starts_with("#")) {
      out += without_marks(without_links(line.substr(line.find_first_not_of("# ")))) + "\n";
    } else {
      if (!in_prose) indent = item ? line.find(' ') + 1 : 0;
      wrap(out, without_marks(without_links(line.substr(line.find_first_not_of(' ')))), width, in_prose ? indent : 0);
      in_prose = true;
    }
  }
  return in_prose ? out + "\n" : out;
}

int command_help(const std::string& topic) {
  std::string names;
  for (const HelpTopic& t : help_topics()) {
    if (topic == t.name) {
      answer(for_terminal(t.text));
      return 0;
    }
    names += std::string(names.empty() ? "" : ", ") + t.name;
  }
  for (const ErrorEntry& e : error_catalogue())
    if (topic == e.label) {
      answer(for_terminal(std::string(e.meaning) + "\n" + e.remedy + "\n"));
      return 0;
    }
  if (topic.empty()) {
    answer("tinyc help TOPIC, with one of: " + names +
           "; or a code such as E401.\ntinyc COMMAND --help lists the options of a command.\n");
    return 0;
  }
  throw Error(ErrorCode::unknown_name, "there is no help on '" + printable(topic) + "'",
              "topics: " + names + ", and codes such as E401");
}

}  // namespace tinyc
