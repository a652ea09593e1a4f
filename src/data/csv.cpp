// Comma-separated values: one sample a row.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

#include "data/loaders.h"

namespace tinyc {
namespace {

class Csv {
 public:
  Csv(const LoadRequest& r, std::span<const std::uint8_t> file)
      : r_(r), text_(reinterpret_cast<const char*>(file.data()), file.size()), elements_(sample_elements(r)) {
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
  }

  Samples run() {
    std::string_view line;
    bool first = true;
    while ((r_.max_rows == 0 || rows_ < r_.max_rows) && next_line(line)) {
      if (first) {
        separator_ = ',';
        for (const char c : {'\t', ';', ','})
          if (line.find(c) != std::string_view::npos) separator_ = c;
      }
      if (!(first && header(line))) row(line);
      first = false;
    }
    Samples s;
    s.x.type = Array::Type::f32;
    s.x.shape = rows_of_shape(rows_, r_.shape);
    s.x.data = std::move(x_);
    if (label_ != kNone) {
      s.y.emplace();
      s.y->type = Array::Type::f32;
      s.y->shape = {static_cast<std::int64_t>(rows_)};
      s.y->data = std::move(y_);
    }
    return s;
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  [[noreturn]] void fail(const std::string& why, const std::string& hint = {},
                         ErrorCode code = ErrorCode::damaged_data) const {
    throw Error(code, r_.what + ", line " + std::to_string(line_) + ": " + why, hint);
  }

  /// The next line that is not empty.
  bool next_line(std::string_view& line) {
    while (!text_.empty()) {
      const auto end = std::min(text_.find('\n'), text_.size());
      line = text_.substr(0, end);
      text_.remove_prefix(std::min(end + 1, text_.size()));
      ++line_;
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (!line.empty()) return true;
    }
    return false;
  }

  /// Cuts the next field off; surrounding spaces and quotes are not part of it.
  std::string_view field(std::string_view& rest) const {
    const auto end = std::min(rest.find(separator_), rest.size());
    std::string_view f = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto strip = [&](char c) {
      while (f.starts_with(c)) f.remove_prefix(1);
      while (f.ends_with(c)) f.remove_suffix(1);
    };
    strip(' ');
    strip('"');
    return f;
  }

  static bool number(std::string_view f, float& v) {
    if (f.starts_with('+')) f.remove_prefix(1);
    double wide = 0;  // 1e-60 is a number too
    const auto [end, error] = std::from_chars(f.data(), f.data() + f.size(), wide);
    v = static_cast<float>(wide);
    return error == std::errc{} && end == f.data() + f.size();
  }

  /// A first line with anything but numbers is a header; it may name the label column.
  bool header(std::string_view line) {
    bool words = false;
    std::string_view rest = line;
    for (std::size_t column = 0; !rest.empty(); ++column) {
      const auto f = field(rest);
      float v;
      words = words || !number(f, v);
      for (const std::string_view name : {"label", "y", "class", "target"})
        if (f == name) named_label_ = column;
    }
    return words;
  }

  void row(std::string_view line) {
    const std::size_t columns = 1 + static_cast<std::size_t>(std::count(line.begin(), line.end(), separator_));
    if (rows_ == 0 && columns == elements_ + 1) label_ = named_label_ < columns ? named_label_ : elements_;
    const std::size_t expected = elements_ + (label_ == kNone ? 0 : 1);
    if (columns != expected)
      fail(std::to_string(columns) + " columns, " + std::to_string(elements_) + " expected",
           "the input has shape " + to_string(r_.shape) + ": one column for each element, and one more for a label",
           ErrorCode::data_does_not_fit);
    std::string_view rest = line;
    for (std::size_t column = 0; column < columns; ++column) {
      const auto f = field(rest);
      float v = 0;
      if (!number(f, v))
        fail("column " + std::to_string(column + 1) + " is no number: '" + printable(std::string(f), 40) + "'");
      Bytes& out = column == label_ ? y_ : x_;
      std::uint8_t raw[sizeof v];
      std::memcpy(raw, &v, sizeof v);
      out.insert(out.end(), raw, raw + sizeof v);
    }
    ++rows_;
  }

  const LoadRequest& r_;
  std::string_view text_;
  const std::size_t elements_;
  char separator_ = ',';
  std::size_t line_ = 0, rows_ = 0, label_ = kNone, named_label_ = kNone;
  Bytes x_, y_;
};

}  // namespace

Samples load_csv(const LoadRequest& r, std::span<const std::uint8_t> file) { return Csv(r, file).run(); }

}  // namespace tinyc
