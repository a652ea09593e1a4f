// Characters, numbers and strings of the text form, with the place of each error.
#pragma once
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "ir/text_format.h"
#include "tinyc/error.h"

namespace tinyc::text {

class Scanner {
 public:
  explicit Scanner(const std::string& s) : text_(s) { skip(); }

  [[noreturn]] void fail(const std::string& what) const { fail(what, pos_); }
  [[noreturn]] void fail(const std::string& what, std::size_t at) const {
    std::size_t line = 1, column = 1;
    for (std::size_t i = 0; i < at && i < text_.size(); ++i) {
      if (text_[i] == '\n') {
        ++line;
        column = 1;
      } else {
        ++column;
      }
    }
    throw Error(ErrorCode::graph_text,
                "graph text, line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + what);
  }

  std::size_t position() const { return pos_; }
  bool at_end() const { return pos_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[pos_]; }

  bool accept(char c) {
    if (peek() != c || at_end()) return false;
    ++pos_;
    skip();
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(std::string("'") + c + "' expected");
  }

  /// The word at the current place without consuming it; empty when there is none.
  std::string_view peek_word() const {
    std::size_t end = pos_;
    while (end < text_.size() && is_name_char(text_[end])) ++end;
    return std::string_view(text_).substr(pos_, end - pos_);
  }
  std::string_view word(const char* what) {
    const auto w = peek_word();
    if (w.empty()) fail(std::string(what) + " expected");
    pos_ += w.size();
    skip();
    return w;
  }
  bool accept_word(std::string_view expected) {
    if (peek_word() != expected) return false;
    pos_ += expected.size();
    skip();
    return true;
  }
  /// `key=`: true and consumed.
  bool accept_key(std::string& key) {
    const auto w = peek_word();
    if (w.empty() || pos_ + w.size() >= text_.size() || text_[pos_ + w.size()] != '=') return false;
    key = w;
    pos_ += w.size() + 1;
    skip();
    return true;
  }

  template <class T>
  T number() {
    T v{};
    const char* begin = text_.data() + pos_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), v);
    if (error == std::errc::result_out_of_range) fail("number out of range");
    if (error != std::errc{}) fail("number expected");
    pos_ += static_cast<std::size_t>(end - begin);
    if (!at_end() && is_name_char(text_[pos_])) fail("malformed number");
    skip();
    return v;
  }
  float finite() {
    const auto at = pos_;
    const auto v = number<float>();
    if (!std::isfinite(v)) fail("a finite number expected", at);
    return v;
  }

  /// "...": with \" \\ and \xNN.
  std::string quoted() {
    std::string out = string_token();
    skip();
    return out;
  }

  /// hex"...", at most `limit` bytes.
  Bytes hex(std::size_t limit) {
    if (text_.compare(pos_, 4, "hex\"") != 0) fail("hex\"...\" expected");
    pos_ += 4;
    Bytes out;
    for (; peek() != '"' || at_end(); pos_ += 2) {
      const int high = digit(pos_), low = digit(pos_ + 1);
      if (high < 0 || low < 0) fail("hexadecimal digits expected");
      if (out.size() == limit) fail("more bytes than the type holds");
      out.push_back(static_cast<std::uint8_t>(high * 16 + low));
    }
    ++pos_;
    skip();
    return out;
  }

  /// `%name` with its optional `#N`: the name, and the whole text that identifies the tensor. White space after it is
  /// skipped only at the end, so that a comment needs a space before it.
  std::string name(std::string& key) {
    const auto start = pos_;
    if (peek() != '%') fail("a tensor name (%name) expected");
    ++pos_;
    std::string out;
    if (peek() == '"') {
      out = string_token();
    } else {
      out = peek_word();
      if (out.empty()) fail("a name expected after '%'");
      pos_ += out.size();
    }
    if (peek() == '#' && pos_ + 1 < text_.size() && text_[pos_ + 1] >= '0' && text_[pos_ + 1] <= '9') {
      ++pos_;
      while (!at_end() && peek() >= '0' && peek() <= '9') ++pos_;
    }
    key = text_.substr(start, pos_ - start);
    skip();
    return out;
  }

 private:
  /// A string without the white space behind it.
  std::string string_token() {
    if (peek() != '"') fail("'\"' expected");
    std::string out;
    for (++pos_;; ++pos_) {
      if (at_end() || text_[pos_] == '\n') fail("the string does not end");
      if (text_[pos_] == '"') break;
      if (text_[pos_] != '\\') {
        out += text_[pos_];
        continue;
      }
      ++pos_;
      if (peek() == 'x') {
        const int high = digit(pos_ + 1), low = digit(pos_ + 2);
        if (high < 0 || low < 0) fail("two hexadecimal digits expected after \\x");
        out += static_cast<char>(high * 16 + low);
        pos_ += 2;
      } else if (peek() == '"' || peek() == '\\') {
        out += peek();
      } else {
        fail("unknown escape");
      }
    }
    ++pos_;
    return out;
  }

  int digit(std::size_t at) const {
    if (at >= text_.size()) return -1;
    const char c = text_[at];
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  }

  void skip() {
    while (!at_end()) {
      const char c = text_[pos_];
      if (c == '#') {
        while (!at_end() && text_[pos_] != '\n') ++pos_;
      } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        ++pos_;
      } else {
        return;
      }
    }
  }

  const std::string& text_;
  std::size_t pos_ = 0;
};

}  // namespace tinyc::text
