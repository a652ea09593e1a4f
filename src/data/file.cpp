// Files read and written whole.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <list>
#include <system_error>

#include "data/mapped_file.h"
#include "tinyc/dataset.h"
#include "tinyc/parallel.h"

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
  throw Error(ErrorCode::cannot_write, "cannot write '" + printable(path.string()) + "': " + reason(code), hint);
}

/// A file on its way: whole on the disk under a temporary name, then renamed; removed again if it comes to nothing.
class PendingFile {
 public:
  PendingFile(std::filesystem::path path, std::span<const std::uint8_t> bytes) : path_(std::move(path)), bytes_(bytes) {
    static std::atomic<unsigned> counter{0};
    std::error_code error;
    const auto status = std::filesystem::status(path_, error);
    if (std::filesystem::is_directory(status)) cannot_write(path_, EISDIR);
    // A device or pipe (as /dev/null) cannot be replaced: it is written in place.
    in_place_ = std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
    if (in_place_) return;
    // Through a link: its target is replaced, not the link.
    target_ = std::filesystem::exists(status) ? std::filesystem::canonical(path_, error) : path_;
    temporary_ = target_;
    temporary_.replace_filename(".tinyc-" + std::to_string(::getpid()) + "-" + std::to_string(counter++) + ".tmp");
    write_temporary();
  }
  ~PendingFile() {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
  }
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  void commit() {
    if (in_place_) {
      const Descriptor fd(::open(path_.c_str(), O_WRONLY | O_CLOEXEC));
      if (fd.get() < 0) cannot_write(path_, errno);
      if (const int code = write_all(fd.get(), bytes_)) cannot_write(path_, code);
      return;
    }
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) cannot_write(path_, errno);
    temporary_.clear();
  }

 private:
  void write_temporary() {
    const int fd = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) cannot_write(path_, errno);
    int code = write_all(fd, bytes_);
    if (!code && ::fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP) code = errno;  // some file systems cannot
    if (::close(fd) != 0 && !code) code = errno;
    if (!code) return;
    ::unlink(temporary_.c_str());  // no destructor runs for what a constructor throws
    cannot_write(path_, code);
  }

  InterruptHold hold_;
  std::filesystem::path path_, target_, temporary_;
  std::span<const std::uint8_t> bytes_;
  bool in_place_ = false;
};

/// Folders made for one job, removed again if it comes to nothing.
class PendingFolders {
 public:
  PendingFolders() = default;
  void make(const std::filesystem::path& dir) {
    std::error_code error;
    std::vector<std::filesystem::path> missing;  // innermost first
    for (auto d = dir; !d.empty() && !std::filesystem::exists(d, error); d = d.parent_path()) {
      missing.push_back(d);
      if (d == d.parent_path()) break;
    }
    made_.insert(made_.begin(), missing.begin(), missing.end());
    std::filesystem::create_directories(dir, error);
    if (!error && !std::filesystem::is_directory(dir, error)) error = std::make_error_code(std::errc::not_a_directory);
    if (error)
      throw Error(ErrorCode::cannot_write,
                  "cannot create the folder '" + printable(dir.string()) + "': " + error.message(),
                  "choose another folder, or mend the one above it");
  }
  ~PendingFolders() {
    std::error_code ignored;  // one that somebody else put files into stays
    for (const auto& d : made_) std::filesystem::remove(d, ignored);
  }
  PendingFolders(const PendingFolders&) = delete;
  PendingFolders& operator=(const PendingFolders&) = delete;
  void commit() { made_.clear(); }

 private:
  std::vector<std::filesystem::path> made_;  // inner ones before those that they are in
};

ErrorCode unreadable(ErrorKind kind) {
  if (kind == ErrorKind::data) return ErrorCode::data_unreadable;
  return kind == ErrorKind::usage ? ErrorCode::bad_configuration : ErrorCode::model_unreadable;
}

}  // namespace

Bytes read_file(const std::filesystem::path& path, ErrorKind kind, std::uint64_t limit) {
  const ErrorCode code = unreadable(kind);
  const std::string where = "'" + printable(path.string()) + "'";
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));  // of a pipe: waits for a writer
  check_interrupt();
  if (fd.get() < 0) throw Error(code, "cannot read " + where + ": " + reason(errno));
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) throw Error(code, "cannot read " + where + ": " + reason(errno));
  if (S_ISDIR(info.st_mode)) throw Error(code, "cannot read " + where + ": it is a folder");
  if (S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode))  // /dev/zero never ends
    throw Error(code, "cannot read " + where + ": it is a device", "name a file, or pipe the data in");
  const auto too_large = [&] { throw Error(code, where + " is over " + std::to_string(limit) + " bytes"); };
  const std::uint64_t size = S_ISREG(info.st_mode) ? static_cast<std::uint64_t>(info.st_size) : 0;
  if (size > limit) too_large();
  Bytes out(static_cast<std::size_t>(size) + 1);  // one more, to see the end
  std::size_t have = 0;
  for (;;) {
    const auto n = ::read(fd.get(), out.data() + have, out.size() - have);
    check_interrupt();
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw Error(code, "cannot read " + where + ": " + reason(errno));
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
    if (have > limit) too_large();
    if (have == out.size()) out.resize(std::max<std::size_t>(out.size() * 2, 65536));
  }
  out.resize(have);
  return out;
}

void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  PendingFile file(path, bytes);
  check_interrupt();
  file.commit();
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  write_file(path, std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

void write_files(const std::filesystem::path& dir, const std::map<std::string, Bytes>& files) {
  PendingFolders folders;
  folders.make(dir);
  std::list<PendingFile> pending;  // before the folders go, so do they
  for (const auto& [name, bytes] : files) {
    folders.make((dir / name).parent_path());
    pending.emplace_back(dir / name, bytes);
    check_interrupt();
  }
  for (PendingFile& file : pending) file.commit();
  folders.commit();
}

}  // namespace tinyc
