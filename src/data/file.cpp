// Files read and written whole.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>

#include "data/mapped_file.h"
#include "tinyc/dataset.h"

namespace tinyc {
namespace {

std::string reason(int code) { return std::generic_category().message(code); }

/// Writes everything or returns the error number.
int write_all(int fd, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : EIO;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return 0;
}

[[noreturn]] void cannot_write(const std::filesystem::path& path, int code) {
  std::string hint;
  if (code == ENOSPC || code == EDQUOT) hint = "free some space or write to another folder";
  if (code == EACCES || code == EPERM || code == EROFS) hint = "write to a folder that you may change";
  if (code == ENOENT || code == ENOTDIR) hint = "its folder must exist";
  throw Error(ErrorKind::write, "cannot write '" + printable(path.string()) + "': " + reason(code), hint);
}

/// A device or pipe (as /dev/null): nothing to replace, so it is written in place.
void write_in_place(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (fd.get() < 0) cannot_write(path, errno);
  if (const int code = write_all(fd.get(), bytes)) cannot_write(path, code);
}

/// A new file beside `path` holding the bytes, on the disk.
void write_temporary(const std::filesystem::path& path, const std::filesystem::path& temporary,
                     std::span<const std::uint8_t> bytes) {
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) cannot_write(path, errno);
  int code = write_all(fd, bytes);
  if (!code && ::fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP) code = errno;  // some file systems cannot
  if (::close(fd) != 0 && !code) code = errno;
  if (code) {
    ::unlink(temporary.c_str());
    cannot_write(path, code);
  }
}

}  // namespace

Bytes read_file(const std::filesystem::path& path, ErrorKind kind, std::uint64_t limit) {
  const std::string where = "'" + printable(path.string()) + "'";
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) throw Error(kind, "cannot read " + where + ": " + reason(errno));
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) throw Error(kind, "cannot read " + where + ": " + reason(errno));
  if (S_ISDIR(info.st_mode)) throw Error(kind, "cannot read " + where + ": it is a folder");
  const auto too_large = [&] { throw Error(kind, where + " is over " + std::to_string(limit) + " bytes"); };
  const std::uint64_t size = S_ISREG(info.st_mode) ? static_cast<std::uint64_t>(info.st_size) : 0;
  if (size > limit) too_large();
  Bytes out(static_cast<std::size_t>(size) + 1);  // one more, to see the end
  std::size_t have = 0;
  for (;;) {
    const auto n = ::read(fd.get(), out.data() + have, out.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw Error(kind, "cannot read " + where + ": " + reason(errno));
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
    if (have > limit) too_large();
    if (have == out.size()) out.resize(std::max<std::size_t>(out.size() * 2, 65536));
  }
  out.resize(have);
  return out;
}

void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  static std::atomic<unsigned> counter{0};
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    if (std::filesystem::is_directory(status)) cannot_write(path, EISDIR);
    return write_in_place(path, bytes);
  }
  // Through a link: its target is replaced, not the link.
  const auto target = std::filesystem::exists(status) ? std::filesystem::canonical(path, error) : path;
  auto temporary = target;
  temporary.replace_filename(".tinyc-" + std::to_string(::getpid()) + "-" + std::to_string(counter++) + ".tmp");
  write_temporary(path, temporary, bytes);
  if (::rename(temporary.c_str(), target.c_str()) != 0) {
    const int code = errno;
    ::unlink(temporary.c_str());
    cannot_write(path, code);
  }
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  write_file(path, std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

}  // namespace tinyc
