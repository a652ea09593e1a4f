// .npy, .npz, PNG and IDX bytes made in memory for the tests, independently of the writer under test.
#pragma once
#include <zlib.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

#include "tinyc/dataset.h"

namespace testing {

using tinyc::Bytes;

inline void put(Bytes& out, std::uint64_t v, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(v >> (8 * i)));
}
inline void put_big(Bytes& out, std::uint32_t v) {
  for (int i = 3; i >= 0; --i) out.push_back(static_cast<std::uint8_t>(v >> (8 * i)));
}
inline void put(Bytes& out, const std::string& s) { out.insert(out.end(), s.begin(), s.end()); }
inline void put(Bytes& out, const Bytes& b) { out.insert(out.end(), b.begin(), b.end()); }

template <class T>
Bytes raw(std::initializer_list<T> values) {
  Bytes out(values.size() * sizeof(T));
  std::memcpy(out.data(), values.begin(), out.size());
  return out;
}
template <class T>
Bytes raw(const std::vector<T>& values) {
  Bytes out(values.size() * sizeof(T));
  std::memcpy(out.data(), values.data(), out.size());
  return out;
}

inline Bytes npy_header(const std::string& dictionary, int version = 1) {
  Bytes out;
  put(out, "\x93NUMPY");
  put(out, static_cast<std::uint64_t>(version), 1);
  put(out, 0, 1);
  put(out, dictionary.size() + 1, version == 1 ? 2 : 4);
  put(out, dictionary + "\n");
  return out;
}
inline Bytes npy(const std::string& descr, const std::string& shape, const Bytes& data, bool fortran = false) {
  Bytes out = npy_header("{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") +
                         ", 'shape': " + shape + ", }");
  put(out, data);
  return out;
}

inline Bytes deflate_raw(const Bytes& data) {
  z_stream z{};
  deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY);
  Bytes out(deflateBound(&z, static_cast<uLong>(data.size())));
  z.next_in = const_cast<Bytef*>(data.data());
  z.avail_in = static_cast<uInt>(data.size());
  z.next_out = out.data();
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}
inline Bytes gzip(const Bytes& data) {
  Bytes out;
  put(out, 0x08088b1f & 0x00ffffff, 4);  // magic, method, no flags
  put(out, 0, 6);
  put(out, deflate_raw(data));
  put(out, crc32(0, data.data(), static_cast<uInt>(data.size())), 4);
  put(out, data.size(), 4);
  return out;
}

struct Member {
  std::string name;
  Bytes content;
  bool deflated = false;
  bool descriptor = false;    ///< sizes in a data descriptor, zeros in the local header
  bool zip64 = false;         ///< sizes and offset in ZIP64 extra fields
  std::int64_t claimed = -1;  ///< a false unpacked size
};

/// An archive as Info-ZIP and numpy write it; `zip64_end` adds the ZIP64 end records.
inline Bytes zip(const std::vector<Member>& members, bool zip64_end = false, const std::string& comment = {}) {
  Bytes out, directory;
  for (const auto& m : members) {
    const Bytes packed = m.deflated ? deflate_raw(m.content) : m.content;
    const std::uint64_t at = out.size(),
                        size = m.claimed >= 0 ? static_cast<std::uint64_t>(m.claimed) : m.content.size();
    const auto crc = crc32(0, m.content.data(), static_cast<uInt>(m.content.size()));
    const auto shared = [&](Bytes& to, bool local) {
      const bool hidden = m.descriptor && local;
      put(to, m.zip64 ? 45 : 20, 2);
      put(to, m.descriptor ? 8 : 0, 2);
      put(to, m.deflated ? 8 : 0, 2);
      put(to, 0, 4);
      put(to, hidden ? 0 : crc, 4);
      put(to, m.zip64 ? 0xffffffffu : hidden ? 0 : packed.size(), 4);
      put(to, m.zip64 ? 0xffffffffu : hidden ? 0 : size, 4);
      put(to, m.name.size(), 2);
      put(to, m.zip64 ? (local ? 20 : 28) : 0, 2);
    };
    const auto extra = [&](Bytes& to, bool local) {
      if (!m.zip64) return;
      put(to, 1, 2);
      put(to, local ? 16 : 24, 2);
      put(to, size, 8);
      put(to, packed.size(), 8);
      if (!local) put(to, at, 8);
    };
    put(out, 0x04034b50, 4);
    shared(out, true);
    put(out, m.name);
    extra(out, true);
    put(out, packed);
    if (m.descriptor) {
      put(out, 0x08074b50, 4);
      put(out, crc, 4);
      put(out, packed.size(), 4);
      put(out, size, 4);
    }
    put(directory, 0x02014b50, 4);
    put(directory, 20, 2);
    shared(directory, false);
    put(directory, 0, 6);
    put(directory, 0, 4);
    put(directory, m.zip64 ? 0xffffffffu : at, 4);
    put(directory, m.name);
    extra(directory, false);
  }
  const std::uint64_t start = out.size();
  put(out, directory);
  if (zip64_end) {
    const std::uint64_t end64 = out.size();
    put(out, 0x06064b50, 4);
    put(out, 44, 8);
    put(out, 45, 2);
    put(out, 45, 2);
    put(out, 0, 8);
    put(out, members.size(), 8);
    put(out, members.size(), 8);
    put(out, directory.size(), 8);
    put(out, start, 8);
    put(out, 0x07064b50, 4);
    put(out, 0, 4);
    put(out, end64, 8);
    put(out, 1, 4);
  }
  put(out, 0x06054b50, 4);
  put(out, 0, 4);
  put(out, zip64_end ? 0xffff : members.size(), 2);
  put(out, zip64_end ? 0xffff : members.size(), 2);
  put(out, zip64_end ? 0xffffffffu : directory.size(), 4);
  put(out, zip64_end ? 0xffffffffu : start, 4);
  put(out, comment.size(), 2);
  put(out, comment);
  return out;
}

inline void png_chunk(Bytes& out, const std::string& type, const Bytes& content) {
  put_big(out, static_cast<std::uint32_t>(content.size()));
  Bytes body;
  put(body, type);
  put(body, content);
  put(out, body);
  put_big(out, static_cast<std::uint32_t>(crc32(0, body.data(), static_cast<uInt>(body.size()))));
}
/// 8-bit PNG with 1 (grey), 3 (RGB) or 4 (RGBA) channels; rows unfiltered.
inline Bytes png(std::uint32_t height, std::uint32_t width, std::uint32_t channels, const Bytes& pixels) {
  Bytes out, header, rows;
  put(out, "\x89PNG\r\n\x1a\n");
  put_big(header, width);
  put_big(header, height);
  header.push_back(8);
  header.push_back(channels == 1 ? 0 : channels == 3 ? 2 : 6);
  put(header, 0, 3);
  png_chunk(out, "IHDR", header);
  for (std::size_t y = 0; y < height; ++y) {
    rows.push_back(0);
    rows.insert(rows.end(), pixels.begin() + static_cast<std::ptrdiff_t>(y * width * channels),
                pixels.begin() + static_cast<std::ptrdiff_t>((y + 1) * width * channels));
  }
  Bytes packed(compressBound(static_cast<uLong>(rows.size())));
  uLongf size = static_cast<uLongf>(packed.size());
  compress(packed.data(), &size, rows.data(), static_cast<uLong>(rows.size()));
  packed.resize(size);
  png_chunk(out, "IDAT", packed);
  png_chunk(out, "IEND", {});
  return out;
}

/// A fresh folder, removed at the end.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tinyc_data_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  /// Writes a file and returns its path; makes the folders in between.
  std::filesystem::path file(const std::string& name, const Bytes& content) const {
    const auto p = path_ / name;
    std::filesystem::create_directories(p.parent_path());
    tinyc::write_file(p, content);
    return p;
  }
  std::filesystem::path file(const std::string& name, const std::string& content) const {
    return file(name, Bytes(content.begin(), content.end()));
  }

 private:
  std::filesystem::path path_;
};

/// A graph that is only its inputs and one output of `classes` elements.
inline tinyc::Graph graph(std::vector<std::pair<std::string, tinyc::Shape>> inputs, int classes = 10) {
  tinyc::Graph g;
  for (auto& [name, shape] : inputs) {
    tinyc::Tensor t;
    t.name = name;
    t.shape = shape;
    g.inputs.push_back(g.add(t));
  }
  tinyc::Tensor out;
  out.name = "out";
  out.shape = {1, classes};
  g.outputs = {g.add(out)};
  return g;
}

}  // namespace testing
