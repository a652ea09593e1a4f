#include "data/zip.h"

#include <algorithm>

#include "tinyc/error.h"

namespace tinyc {
namespace {

constexpr std::uint32_t kEnd = 0x06054b50, kEnd64Locator = 0x07064b50, kEnd64 = 0x06064b50, kEntry = 0x02014b50,
                        kLocal = 0x04034b50;
constexpr std::uint64_t kMaxMembers = 65536;

class Zip {
 public:
  Zip(std::span<const std::uint8_t> file, const std::string& what) : file_(file), what_(what) {}

  std::vector<ZipMember> run() {
    const std::uint64_t end = find_end();
    std::uint64_t count = number(end + 10, 2), directory = number(end + 16, 4), size = number(end + 12, 4);
    if (end >= 20 && number(end - 20, 4) == kEnd64Locator) {
      const std::uint64_t end64 = number(end - 20 + 8, 8);
      if (number(end64, 4) != kEnd64) damaged("the ZIP64 directory is not where it should be");
      count = number(end64 + 32, 8);
      size = number(end64 + 40, 8);
      directory = number(end64 + 48, 8);
    }
    if (count > kMaxMembers) damaged("it has more than 65536 members");
    slice(directory, size);
    std::vector<ZipMember> members;
    std::vector<std::span<const std::uint8_t>> used;
    for (std::uint64_t i = 0, at = directory; i < count; ++i) {
      members.push_back(entry(at));
      if (!members.back().stored.empty()) used.push_back(members.back().stored);
    }
    std::sort(used.begin(), used.end(), [](auto a, auto b) { return a.data() < b.data(); });
    for (std::size_t i = 1; i < used.size(); ++i)
      if (used[i - 1].data() + used[i - 1].size() > used[i].data()) damaged("its members overlap");
    return members;
  }

 private:
  [[noreturn]] void damaged(const std::string& why) const {
    throw Error(ErrorCode::damaged_data, what_ + " is damaged: " + why, "write it again, as with numpy.savez");
  }

  std::span<const std::uint8_t> slice(std::uint64_t at, std::uint64_t n) const {
    if (at > file_.size() || n > file_.size() - at) damaged("it ends too early");
    return file_.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(n));
  }

  std::uint64_t number(std::uint64_t at, std::size_t bytes) const {
    std::uint64_t v = 0;
    const auto s = slice(at, bytes);
    for (std::size_t i = 0; i < bytes; ++i) v |= static_cast<std::uint64_t>(s[i]) << (8 * i);
    return v;
  }

  /// The end record stands last, before a comment of at most 65,535 bytes.
  std::uint64_t find_end() const {
    const std::uint64_t size = file_.size();
    for (std::uint64_t back = 22; back <= size && back <= 22 + 65535; ++back)
      if (number(size - back, 4) == kEnd && number(size - back + 20, 2) == back - 22) return size - back;
    damaged("no ZIP directory was found, it may be cut off");
  }

  /// The directory entry at `at`, which moves to the next one.
  ZipMember entry(std::uint64_t& at) const {
    if (number(at, 4) != kEntry) damaged("a directory entry is missing");
    const std::uint64_t flags = number(at + 8, 2), method = number(at + 10, 2);
    const std::uint64_t name_size = number(at + 28, 2), extra_size = number(at + 30, 2),
                        comment_size = number(at + 32, 2);
    const auto name = slice(at + 46, name_size);
    ZipMember m;
    m.name.assign(name.begin(), name.end());
    m.crc = static_cast<std::uint32_t>(number(at + 16, 4));
    std::uint64_t packed = number(at + 20, 4), local = number(at + 42, 4);
    m.size = number(at + 24, 4);
    zip64(at + 46 + name_size, extra_size, m.size, packed, local);
    at += 46 + name_size + extra_size + comment_size;

    const std::string member = "member '" + printable(m.name) + "'";
    if (flags & 1) throw Error(ErrorCode::unknown_data, what_ + ": " + member + " is encrypted");
    if (method != 0 && method != 8)
      throw Error(ErrorCode::unknown_data, what_ + ": " + member + " is packed with method " + std::to_string(method),
                  "only stored and deflated members are read, as numpy.savez and numpy.savez_compressed write them");
    m.method = method == 0 ? ByteStream::Method::stored : ByteStream::Method::deflate;
    if (number(local, 4) != kLocal) damaged(member + " is not where the directory says");
    m.stored = slice(local + 30 + number(local + 26, 2) + number(local + 28, 2), packed);
    // Sizes come from the directory alone: with a data descriptor the local header holds zeros.
    const bool possible = method == 0 ? m.size == packed : m.size <= (packed + 1) * kMaxExpansion;
    if (!possible) damaged(member + " claims " + std::to_string(m.size) + " bytes, more than it can hold");
    return m;
  }

  /// Replaces the values that are 0xffffffff by those of the ZIP64 extra field, which holds only these, in this order.
  void zip64(std::uint64_t at, std::uint64_t size, std::uint64_t& a, std::uint64_t& b, std::uint64_t& c) const {
    const std::uint64_t end = at + size;
    while (end - at >= 4) {
      const std::uint64_t id = number(at, 2), length = number(at + 2, 2);
      at += 4;
      if (length > end - at) return;  // other programs' padding
      if (id == 1) {
        std::uint64_t p = at;
        for (std::uint64_t* v : {&a, &b, &c}) {
          if (*v != 0xffffffffu) continue;
          if (p + 8 > at + length) damaged("a ZIP64 field is too short");
          *v = number(p, 8);
          p += 8;
        }
        return;
      }
      at += length;
    }
  }

  std::span<const std::uint8_t> file_;
  const std::string& what_;
};

}  // namespace

std::vector<ZipMember> read_zip_directory(std::span<const std::uint8_t> file, const std::string& what) {
  return Zip(file, what).run();
}

}  // namespace tinyc
