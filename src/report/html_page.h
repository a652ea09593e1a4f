// The frame of all pages: escaping, sections, tables, style. All text that comes from a model goes through escape().
#pragma once
#include <string>
#include <vector>

namespace tinyc {

/// Text for HTML content and double-quoted attributes; control bytes and invalid UTF-8 are made visible.
std::string escape(const std::string& text);
/// A coordinate with at most two decimals.
std::string coordinate(double v);

/// A whole page, and a section of one; `lead` and `body` are HTML. `id` is what links point to, if any do.
std::string page(const std::string& title, const std::string& body);
std::string section(const std::string& title, const std::string& lead, const std::string& body,
                    const std::string& id = "");

/// One figure of `<dl class="cards">`: text of what it is, its value, and what to know about it.
std::string card(const std::string& what, const std::string& value, const std::string& detail);

/// A page's sections with the links that lead to them.
class Sections {
 public:
  /// Nothing where `body` is empty.
  void add(const std::string& id, const std::string& title, const std::string& lead, const std::string& body);
  std::string html() const;

 private:
  std::string links_, bodies_;
};

/// A table whose first column heads its rows. Cells are HTML.
class Table {
 public:
  struct Column {
    std::string name;
    bool number = false;  ///< flush right
  };
  Table(const std::string& label, std::vector<Column> columns) : label_(label), columns_(std::move(columns)) {}
  void row(const std::vector<std::string>& cells);
  /// Nothing without rows.
  std::string html() const;

 private:
  std::string label_, rows_;
  std::vector<Column> columns_;
};

}  // namespace tinyc
