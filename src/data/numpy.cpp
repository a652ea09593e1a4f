// .npy (NumPy enhancement proposal 1, format versions 1 to 3) and .npz.
#include "data/numpy.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <set>

#include "data/mapped_file.h"
#include "data/zip.h"

namespace tinyc {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 31;
constexpr std::size_t kMaxHeader = 65536, kMaxRank = 32;

/// How elements are stored, and as what they are kept.
struct Element {
  char kind = 'f';       ///< numpy's letter: b i u f
  std::size_t size = 4;  ///< bytes in the file
  bool big_endian = false;
  Array::Type type = Array::Type::f32;
};

struct Header {
  Element element;
  bool fortran = false;
  std::vector<std::int64_t> shape;
  std::uint64_t elements = 1;
};

/// The header is a Python dictionary with three keys in any order.
class HeaderParser {
 public:
  HeaderParser(const std::string& text, const std::string& what) : text_(text), what_(what) {}

  Header run() {
    Header h;
    unsigned seen = 0;
    expect('{');
    while (!accept('}')) {
      const std::string key = string();
      expect(':');
      unsigned bit = 0;
      if (key == "descr") {
        bit = 1;
        h.element = element();
      } else if (key == "fortran_order") {
        bit = 2;
        h.fortran = boolean();
      } else if (key == "shape") {
        bit = 4;
        shape(h);
      }
      if (bit == 0 || (seen & bit)) damaged();
      seen |= bit;
      if (!accept(',') && peek() != '}') damaged();
    }
    if (seen != 7) damaged();
    if (h.elements > kMaxBytes / h.element.size)
      throw Error(ErrorCode::damaged_data, what_ + " claims more than 2 GiB");
    // Zero dimensions count only now, so that the others are bounded too.
    if (std::count(h.shape.begin(), h.shape.end(), 0) != 0) h.elements = 0;
    if (h.shape.empty()) h.shape = {1};
    return h;
  }

 private:
  [[noreturn]] void damaged() const {
    throw Error(ErrorCode::damaged_data, what_ + " is damaged: its .npy header cannot be read");
  }

  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) damaged();
  }

  std::string string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') damaged();
    const std::size_t end = text_.find(quote, ++at_);
    if (end == std::string::npos) damaged();
    std::string out = text_.substr(at_, end - at_);
    at_ = end + 1;
    return out;
  }

  bool boolean() {
    peek();
    for (const bool v : {true, false}) {
      const std::string word = v ? "True" : "False";
      if (text_.compare(at_, word.size(), word) != 0) continue;
      at_ += word.size();
      return v;
    }
    damaged();
  }

  void shape(Header& h) {
    expect('(');
    while (!accept(')')) {
      peek();
      std::int64_t d = 0;
      const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), d);
      if (error != std::errc{} || d < 0 || h.shape.size() == kMaxRank) damaged();
      at_ = static_cast<std::size_t>(end - text_.data());
      accept('L');  // Python 2 wrote long integers so
      h.shape.push_back(d);
      const auto factor = static_cast<std::uint64_t>(std::max<std::int64_t>(d, 1));
      if (factor > kMaxBytes || h.elements * factor > kMaxBytes)
        throw Error(ErrorCode::damaged_data, what_ + " claims more than 2 GiB");
      h.elements *= factor;
      if (!accept(',') && peek() != ')') damaged();
    }
  }

  [[noreturn]] void refuse(const std::string& type) const {
    throw Error(ErrorCode::unknown_data,
                what_ + " has elements of type '" + printable(type) + "', which hold no plain numbers",
                "store integers, floats or booleans, as array.astype('float32')");
  }

  Element element() {
    if (peek() == '[') refuse("a structure");
    const std::string text = string();
    const std::size_t letter = text.find_first_not_of("<>|=");
    if (letter == std::string::npos || letter > 1 || letter + 1 >= text.size()) refuse(text);
    Element e;
    e.kind = text[letter];
    e.big_endian = text[0] == '>';
    const auto [end, error] = std::from_chars(text.data() + letter + 1, text.data() + text.size(), e.size);
    if (error != std::errc{} || end != text.data() + text.size()) refuse(text);
    struct Known {
      char kind;
      std::size_t size;
      Array::Type type;
    };
    using T = Array::Type;
    constexpr Known known[] = {{'b', 1, T::boolean}, {'u', 1, T::u8},  {'u', 2, T::u16}, {'u', 4, T::i64},
                               {'u', 8, T::i64},     {'i', 1, T::i8},  {'i', 2, T::i16}, {'i', 4, T::i32},
                               {'i', 8, T::i64},     {'f', 2, T::f16}, {'f', 4, T::f32}, {'f', 8, T::f64}};
    for (const auto& k : known)
      if (k.kind == e.kind && k.size == e.size) {
        e.type = k.type;
        return e;
      }
    refuse(text);
  }

  const std::string& text_;
  const std::string& what_;
  std::size_t at_ = 0;
};

Header read_header(ByteStream& in) {
  std::uint8_t start[12] = {};
  in.read(std::span(start, 10));
  const bool wide = start[6] >= 2;
  if (!is_npy(start) || start[6] < 1 || start[6] > 3)
    throw Error(ErrorCode::damaged_data, in.what() + " is no .npy data of version 1 to 3");
  std::size_t length = start[8] | static_cast<std::size_t>(start[9]) << 8;
  if (wide) {
    in.read(std::span(start + 10, 2));
    length |= static_cast<std::size_t>(start[10]) << 16 | static_cast<std::size_t>(start[11]) << 24;
  }
  if (length > kMaxHeader) throw Error(ErrorCode::damaged_data, in.what() + " is damaged: its header is too long");
  const Bytes text = in.take(length);
  return HeaderParser(std::string(text.begin(), text.end()), in.what()).run();
}

void to_little_endian(Bytes& data, std::size_t size) {
  for (std::size_t i = 0; i < data.size(); i += size) std::reverse(data.data() + i, data.data() + i + size);
}

/// Unsigned integers that no Array::Type holds become int64.
Bytes widen(const Bytes& data, std::size_t size, const std::string& what) {
  const std::size_t n = data.size() / size;
  Bytes out(n * 8, 0);
  for (std::size_t i = 0; i < n; ++i) {
    std::memcpy(out.data() + i * 8, data.data() + i * size, size);
    if (out[i * 8 + 7] & 0x80)
      throw Error(ErrorCode::damaged_data, what + ": element " + std::to_string(i) + " is over 2^63 - 1");
  }
  return out;
}

/// Fortran order runs along the first axis first.
Bytes to_c_order(const Bytes& data, std::size_t size, const std::vector<std::int64_t>& shape) {
  Bytes out(data.size());
  std::vector<std::size_t> index(shape.size(), 0), stride(shape.size(), size);
  for (std::size_t d = 1; d < shape.size(); ++d) stride[d] = stride[d - 1] * static_cast<std::size_t>(shape[d - 1]);
  std::size_t from = 0;
  for (std::size_t to = 0; to < out.size(); to += size) {
    std::memcpy(out.data() + to, data.data() + from, size);
    for (std::size_t d = shape.size(); d-- > 0;) {
      from += stride[d];
      if (++index[d] < static_cast<std::size_t>(shape[d])) break;
      from -= stride[d] * index[d];
      index[d] = 0;
    }
  }
  return out;
}

std::string array_name(const std::string& member) { return member.substr(0, member.size() - 4); }
bool is_array_member(const std::string& member) {
  return member.size() > 4 && member.compare(member.size() - 4, 4, ".npy") == 0;
}

}  // namespace

bool is_zip(std::span<const std::uint8_t> file) noexcept {
  return file.size() >= 4 && std::memcmp(file.data(), "PK", 2) == 0;
}
bool is_npy(std::span<const std::uint8_t> file) noexcept {
  return file.size() >= 10 && std::memcmp(file.data(), "\x93NUMPY", 6) == 0;
}

Array read_npy(ByteStream& in, std::size_t max_rows) {
  const Header h = read_header(in);
  Array a;
  a.type = h.element.type;
  a.shape = h.shape;
  const auto rows = static_cast<std::uint64_t>(h.shape[0]);
  const std::uint64_t kept = max_rows == 0 ? rows : std::min<std::uint64_t>(rows, max_rows);
  const bool transposed = h.fortran && h.shape.size() > 1;
  const std::uint64_t row_bytes = rows == 0 ? 0 : h.elements / rows * h.element.size;
  if (h.elements * h.element.size > in.at_most())
    throw Error(ErrorCode::damaged_data, in.what() + " claims more elements than it can hold");
  a.data = in.take(row_bytes * (transposed ? rows : kept));
  if (h.element.big_endian && h.element.size > 1) to_little_endian(a.data, h.element.size);
  if (transposed) a.data = to_c_order(a.data, h.element.size, h.shape);
  a.data.resize(static_cast<std::size_t>(row_bytes * kept));
  if (h.element.kind == 'u' && h.element.size >= 4) a.data = widen(a.data, h.element.size, in.what());
  a.shape[0] = static_cast<std::int64_t>(kept);
  return a;
}

std::vector<std::string> npz_names(std::span<const std::uint8_t> file, const std::string& what) {
  std::vector<std::string> names;
  for (const auto& m : read_zip_directory(file, what))
    if (is_array_member(m.name)) names.push_back(array_name(m.name));
  return names;
}

std::vector<Array> read_npz(std::span<const std::uint8_t> file, const std::string& what, std::size_t max_rows,
                            const std::function<bool(const std::string&)>& wanted) {
  std::vector<Array> arrays;
  std::set<std::string> seen;
  for (const auto& m : read_zip_directory(file, what)) {
    if (!is_array_member(m.name) || !wanted(array_name(m.name))) continue;
    if (!seen.insert(m.name).second)
      throw Error(ErrorCode::damaged_data, what + " has two arrays named '" + printable(array_name(m.name)) + "'");
    ByteStream in(m.stored, m.method, what + ": array '" + printable(array_name(m.name)) + "'");
    Array a = read_npy(in, max_rows);
    a.name = array_name(m.name);
    if (in.consumed() == m.size && in.crc() != m.crc)
      throw Error(ErrorCode::damaged_data, in.what() + " is damaged: its checksum is wrong");
    if (in.consumed() > m.size)
      throw Error(ErrorCode::damaged_data, in.what() + " is damaged: it is longer than the archive says");
    arrays.push_back(std::move(a));
  }
  return arrays;
}

std::vector<Array> read_numpy(std::span<const std::uint8_t> file, const std::string& what, std::size_t max_rows) {
  if (is_zip(file)) return read_npz(file, what, max_rows, [](const std::string&) { return true; });
  if (!is_npy(file))
    throw Error(ErrorCode::unknown_data, what + " is no .npy or .npz file",
                "write it with numpy.save, numpy.savez or numpy.savez_compressed");
  ByteStream in(file, ByteStream::Method::stored, what);
  std::vector<Array> arrays;
  arrays.push_back(read_npy(in, max_rows));
  arrays[0].name = "x";
  return arrays;
}

std::vector<Array> read_numpy(const std::filesystem::path& path, std::size_t max_rows) {
  const MappedFile file(path);
  return read_numpy(file.bytes(), "'" + printable(path.string()) + "'", max_rows);
}

}  // namespace tinyc
