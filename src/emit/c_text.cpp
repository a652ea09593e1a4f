#include "emit/c_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "tinyc/emit.h"

namespace tinyc {
namespace {

constexpr std::size_t kColumns = 120;

void append_number(std::string& out, std::size_t& column, std::int64_t v) {
  std::array<char, 24> text;
  // -2147483648 is no int32 constant in C: the minus is an operator on a number that does not fit
  if (v == INT32_MIN) {
    constexpr std::string_view lowest = "(-2147483647 - 1)";
    std::copy(lowest.begin(), lowest.end(), text.begin());
    v = 0;
    text[lowest.size()] = '\0';
  } else {
    *std::to_chars(text.data(), text.data() + text.size() - 1, v).ptr = '\0';
  }
  const std::size_t length = std::strlen(text.data());
  if (column + length + 1 > kColumns) {
    out += '\n';
    column = 0;
  }
  out.append(text.data(), length);
  out += ',';
  column += length + 1;
}

}  // namespace

std::string c_float(float v) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.9g", static_cast<double>(v));
  std::string out = text.data();
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out + "f";
}

std::string c_int(std::int64_t v) {
  if (v == INT32_MIN) return "(-2147483647 - 1)";
  const std::string digits = std::to_string(v);
  return v < 0 ? '(' + digits + ')' : digits;
}

std::string c_comment(const std::string& text) {
  std::string out;
  for (const char c : text.substr(0, 100)) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::strchr("_-.:;,+=()[] ", c);
    // a slash between plain letters cannot open or close a comment: '*' is never copied
    out += c != '\0' && (plain || c == '/') ? c : '_';
  }
  return out;
}

const char* c_type(Blob::Type t) {
  switch (t) {
    case Blob::Type::i8: return "int8_t";
    case Blob::Type::u8: return "uint8_t";
    case Blob::Type::i32: break;
  }
  return "int32_t";
}

std::string upper(std::string s) {
  std::transform(s.begin(), s.end(), s.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return s;
}

std::string filled(std::string text, const std::map<std::string, std::string>& values) {
  for (const auto& [key, value] : values)
    for (std::size_t at = 0; (at = text.find(key, at)) != std::string::npos; at += value.size())
      text.replace(at, key.size(), value);
  return text;
}

std::string filled(std::string text, const Program& p) {
  return filled(std::move(text), {{"@n@", p.name}, {"@N@", upper(p.name)}});
}

std::size_t c_count(const Blob& b) { return b.type == Blob::Type::i32 ? b.bytes.size() / 4 : b.bytes.size(); }

std::string c_elements(const Blob& b) {
  std::string out;
  out.reserve(b.bytes.size() * 4);
  std::size_t column = 0;
  if (b.type == Blob::Type::i32) {
    for (std::size_t i = 0; i + 4 <= b.bytes.size(); i += 4) {
      std::int32_t v;
      std::memcpy(&v, b.bytes.data() + i, 4);
      append_number(out, column, v);
    }
  } else {
    for (const std::uint8_t v : b.bytes)
      append_number(out, column, b.type == Blob::Type::i8 ? static_cast<std::int8_t>(v) : std::int64_t{v});
  }
  return out;
}

bool is_c_identifier(const std::string& name) {
  // of C and C++, each between spaces
  constexpr std::string_view keywords =
      " alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t char8_t "
      "class co_await co_return co_yield compl concept const const_cast consteval constexpr constinit continue "
      "decltype default delete do double dynamic_cast else enum explicit export extern false float for friend "
      "goto if inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private "
      "protected public register reinterpret_cast requires restrict return short signed sizeof static "
      "static_assert static_cast struct switch template this thread_local throw true try typedef typeid typename "
      "typeof union unsigned using virtual void volatile wchar_t while xor xor_eq _Alignas _Alignof _Atomic _Bool "
      "_Complex _Generic _Imaginary _Noreturn _Static_assert _Thread_local ";
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (const char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) return false;
  return keywords.find(" " + name + " ") == std::string_view::npos;
}

}  // namespace tinyc
