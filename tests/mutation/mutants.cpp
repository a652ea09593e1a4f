// Relies on the sources being formatted: a binary operator has a space on either side, a template bracket has not.
#include "mutation/mutants.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <map>
#include <set>

namespace mutation {
namespace {

enum class Kind { word, number, text, mark };

struct Token {
  Kind kind;
  std::size_t begin, end;
  std::string_view s;
  std::size_t match = 0;   ///< of a bracket: its partner
  std::size_t inside = 0;  ///< the innermost open bracket, its index + 1
  bool skip = false;       ///< part of a message or of a static_assert
};

bool word_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

std::vector<Token> tokens_of(std::string_view source) {
  static constexpr std::array<std::string_view, 23> kMarks{"<<=", ">>=", "<=>", "...", "->", "::", "<<", ">>",
                                                           "<=",  ">=",  "==",  "!=",  "&&", "||", "++", "--",
                                                           "+=",  "-=",  "*=",  "/=",  "|=", "&=", "^="};
  std::vector<Token> out;
  const auto at = [&](std::size_t i) { return i < source.size() ? source[i] : '\0'; };
  bool fresh = true;  // nothing on this line yet
  for (std::size_t i = 0; i < source.size();) {
    const char c = source[i];
    std::size_t end = i + 1;
    Kind kind = Kind::mark;
    if (c == '\n' || c == ' ' || c == '\t' || c == '\r') {
      if (c == '\n') fresh = true;
      ++i;
      continue;
    }
    if (source.substr(i, 2) == "//" || (c == '#' && fresh)) {  // comments; directives with their continuations
      while (end < source.size() && !(source[end] == '\n' && (c == '/' || source[end - 1] != '\\'))) ++end;
      i = end;
      continue;
    }
    if (source.substr(i, 2) == "/*") {
      i = std::min(source.find("*/", i + 2), source.size() - 2) + 2;
      continue;
    }
    fresh = false;
    if (c == 'R' && at(i + 1) == '"') {
      kind = Kind::text;
      const std::size_t open = source.find('(', i);
      const std::string close = ")" + std::string(source.substr(i + 2, open - i - 2)) + "\"";
      end = source.find(close, open) + close.size();
    } else if (std::isdigit(static_cast<unsigned char>(c))) {
      kind = Kind::number;
      while (word_character(at(end)) || at(end) == '.' || (at(end) == '\'' && word_character(at(end + 1))) ||
             ((at(end) == '-' || at(end) == '+') && (at(end - 1) == 'e' || at(end - 1) == 'p') && at(i + 1) != 'x'))
        ++end;
    } else if (word_character(c)) {
      kind = Kind::word;
      while (word_character(at(end))) ++end;
    } else if (c == '"' || c == '\'') {
      kind = Kind::text;
      while (at(end) != c) end += at(end) == '\\' ? 2 : 1;
      ++end;
    } else {
      for (const auto mark : kMarks)
        if (source.substr(i, mark.size()) == mark) {
          end = i + mark.size();
          break;
        }
    }
    out.push_back({kind, i, end, source.substr(i, end - i)});
    i = end;
  }
  return out;
}

void find_brackets(std::vector<Token>& t) {
  static const std::set<std::string_view> kMessages{
      "static_assert", "Error", "fail", "bad", "refuse", "complain", "warn", "unsupported", "info", "error", "what"};
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < t.size(); ++i) {
    if (!open.empty() && (t[i].s == ")" || t[i].s == "]" || t[i].s == "}")) {
      t[open.back()].match = i;
      t[i].match = open.back();
      open.pop_back();
    }
    t[i].inside = open.empty() ? 0 : open.back() + 1;
    t[i].skip =
        std::ranges::any_of(open, [&](auto o) { return o > 0 && t[o].s == "(" && kMessages.contains(t[o - 1].s); });
    if (t[i].s == "(" || t[i].s == "[" || t[i].s == "{") open.push_back(i);
  }
}

class Finder {
 public:
  Finder(std::string file, const std::string& source) : file_(std::move(file)), source_(source), t_(tokens_of(source)) {
    find_brackets(t_);
  }

  std::vector<Site> all() {
    for (std::size_t i = 1; i + 1 < t_.size(); ++i) {
      if (t_[i].skip) continue;
      if (t_[i].kind == Kind::mark) mark(i);
      if (t_[i].kind == Kind::number) number(i);
      if (t_[i].kind == Kind::word) word(i);
      statement(i);
    }
    return std::move(sites_);
  }

 private:
  bool spaced(const Token& t) const {
    return source_[t.begin - 1] == ' ' && (source_[t.end] == ' ' || source_[t.end] == '\n');
  }

  void add(std::size_t begin, std::size_t end, const std::vector<std::string>& alternatives) {
    Site site;
    const std::size_t from = source_.find_last_of('\n', begin) + 1;
    std::string text = source_.substr(from, source_.find('\n', from) - from);
    text.erase(0, text.find_first_not_of(' '));
    for (const auto& after : alternatives)
      site.push_back({file_, home_of(file_),
                      1 + static_cast<std::size_t>(
                              std::count(source_.begin(), source_.begin() + static_cast<std::ptrdiff_t>(begin), '\n')),
                      begin - from + 1, begin, end, source_.substr(begin, end - begin), after, text});
    sites_.push_back(std::move(site));
  }

  void mark(std::size_t i) {
    static const std::map<std::string_view, std::vector<std::string>> kOthers{
        {"<", {"<=", ">="}}, {"<=", {"<", ">"}},  {">", {">=", "<="}}, {">=", {">", "<"}},  {"==", {"!="}},
        {"!=", {"=="}},      {"&&", {"||"}},      {"||", {"&&"}},      {"+", {"-"}},        {"-", {"+"}},
        {"*", {"/"}},        {"/", {"*"}},        {"%", {"/"}},        {"<<", {">>"}},      {">>", {"<<"}},
        {"&", {"|"}},        {"|", {"&"}},        {"^", {"&"}},        {"+=", {"-=", "="}}, {"-=", {"+=", "="}},
        {"*=", {"/=", "="}}, {"/=", {"*=", "="}}, {"|=", {"&=", "="}}, {"&=", {"|=", "="}}, {"^=", {"="}},
        {"<<=", {">>="}},    {">>=", {"<<="}}};
    const Token& t = t_[i];
    if (const auto it = kOthers.find(t.s); it != kOthers.end()) {
      // text is joined by + and printed by <<
      if (spaced(t) && t_[i - 1].kind != Kind::text && t_[i + 1].kind != Kind::text) add(t.begin, t.end, it->second);
    } else if (t.s == "++" || t.s == "--") {
      add(t.begin, t.end, {t.s == "++" ? "--" : "++"});
    } else if (t.s == "!" && t_[i + 1].s != "=") {
      add(t.begin, t.end, {""});
    }
  }

  void number(std::size_t i) {
    const Token& t = t_[i];
    const bool hexadecimal = t.s.starts_with("0x");
    if (!hexadecimal && t.s.find_first_of(".ef") != std::string_view::npos) return;
    // the size of a local array
    if (i > 2 && t_[i - 1].s == "[" && t_[i - 2].kind == Kind::word && t_[i - 3].kind == Kind::word) return;
    std::string digits;
    std::size_t used = 0;
    for (const char c : t.s)
      if (c != '\'') digits += c;
    const std::uint64_t value = std::stoull(digits, &used, 0);
    const std::string suffix = digits.substr(used);
    const auto other = [&](std::uint64_t v) { return std::to_string(v) + suffix; };
    if (value > 0)
      add(t.begin, t.end, {other(value + 1), other(value - 1)});
    else
      add(t.begin, t.end, {other(1)});
  }

  void word(std::size_t i) {
    const Token &t = t_[i], &next = t_[i + 1];
    if (t.s == "true" || t.s == "false") add(t.begin, t.end, {t.s == "true" ? "false" : "true"});
    if ((t.s == "min" || t.s == "max") && (next.s == "<" || (next.s == "(" && next.match != i + 2)))
      add(t.begin, t.end, {t.s == "min" ? "max" : "min"});
    if ((t.s == "if" || t.s == "while") && next.s == "(") {
      std::size_t first = i + 2;
      for (std::size_t k = first; k < next.match; ++k)
        if (t_[k].s == ";" && t_[k].inside == i + 2) first = k + 1;
      for (std::size_t k = first; k < next.match; ++k)
        if (t_[k].s == "=" && t_[k].inside == i + 2) return;  // it declares what it tests
      if (first == next.match) return;
      const std::size_t begin = t_[first].begin, end = t_[next.match].begin;
      add(begin, end, {"!(" + source_.substr(begin, end - begin) + ")"});
    }
  }

  /// True for the opening parenthesis of an if, a for or a while.
  bool controls(std::size_t open) const {
    return open > 0 && (t_[open - 1].s == "if" || t_[open - 1].s == "for" || t_[open - 1].s == "while");
  }

  /// Removes a jump, a call or an assignment.
  void statement(std::size_t i) {
    static const std::set<std::string_view> kOther{
        "using",    "namespace", "typedef", "extern", "static", "const",    "constexpr", "inline",
        "template", "struct",    "class",   "enum",   "case",   "default",  "if",        "for",
        "while",    "do",        "switch",  "else",   "auto",   "void",     "int",       "unsigned",
        "public",   "private",   "friend",  "union",  "goto",   "explicit", "virtual"};
    const std::string_view before = t_[i - 1].s;
    const bool guarded = before == "else" || (before == ")" && controls(t_[i - 1].match));
    if (!guarded && before != ";" && before != "{" && before != "}") return;
    if (t_[i].inside == 0 || t_[t_[i].inside - 1].s != "{") return;
    if (t_[i].kind != Kind::word && t_[i].s != "++" && t_[i].s != "--" && t_[i].s != "*" && t_[i].s != "(") return;
    std::size_t end = i;
    while (end < t_.size() && !(t_[end].s == ";" && t_[end].inside == t_[i].inside)) {
      if (t_[end].s == "{" && t_[end].inside == t_[i].inside && t_[end - 1].s == ")" && t_[i].s != "return") return;
      ++end;
    }
    if (end == t_.size() || end == i) return;
    const std::string_view first = t_[i].s;
    const bool jump = first == "break" || first == "continue" || (first == "return" && (guarded || end == i + 1)) ||
                      (first == "throw" && guarded);
    if (!jump) {
      if ((t_[i + 1].s == "*" || t_[i + 1].s == "&") && !spaced(t_[i + 1])) return;  // declares a pointer
      if (first == "return" || first == "throw" || kOther.contains(first)) return;
      bool acts =
          t_[end - 1].s == ")" || first == "++" || first == "--" || t_[end - 1].s == "++" || t_[end - 1].s == "--";
      for (std::size_t k = i; k < end; ++k) {
        if (t_[k].inside != t_[i].inside) continue;
        if (t_[k].kind == Kind::word && k > i && (t_[k - 1].kind == Kind::word || t_[k - 1].s == ">"))
          return;  // declares
        if (t_[k].s.back() == '=' && t_[k].s != "==" && t_[k].s != "<=" && t_[k].s != ">=") acts = true;
      }
      if (!acts) return;
    }
    add(t_[i].begin, t_[end].end, {";"});
  }

  std::string file_;
  const std::string& source_;
  std::vector<Token> t_;
  std::vector<Site> sites_;
};

}  // namespace

std::string home_of(const std::string& file) {
  if (file.starts_with("passes/")) return "passes";
  const std::size_t slash = file.find('/', 4);
  const std::string folder = slash == std::string::npos ? "cli" : file.substr(4, slash - 4);
  return folder;
}

std::vector<Site> sites_of(const std::string& file, const std::string& source) { return Finder(file, source).all(); }

}  // namespace mutation
