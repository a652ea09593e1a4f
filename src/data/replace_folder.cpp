#include "data/replace_folder.h"

#include <fcntl.h>
#include <stdio.h>  // renameat2

#include <cerrno>
#include <system_error>

#include "tinyc/dataset.h"
#include "tinyc/parallel.h"

namespace fs = std::filesystem;

namespace tinyc {
namespace {

// True when both now bear the other's name.
bool exchange([[maybe_unused]] const fs::path& a, [[maybe_unused]] const fs::path& b) {
#if defined(RENAME_EXCHANGE)
  return ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0;
#else
  return false;
#endif
}

void rename_folder(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error)
    throw Error(ErrorCode::cannot_write, "cannot replace '" + printable(to.string()) + "': " + error.message());
}

}  // namespace

void replace_folder(const fs::path& dir, const std::map<std::string, Bytes>& files) {
  const InterruptHold hold;
  fs::path next = dir, old = dir;
  next.replace_filename("." + dir.filename().string() + ".next");
  old.replace_filename("." + dir.filename().string() + ".old");
  std::error_code error;
  for (const fs::path& left : {next, old}) fs::remove_all(left, error);  // of a process that was killed
  write_files(next, files);
  if (!fs::exists(dir, error)) {
    rename_folder(next, dir);
  } else if (!exchange(next, dir)) {
    rename_folder(dir, old);
    rename_folder(next, dir);
  }
  for (const fs::path& left : {next, old}) fs::remove_all(left, error);
}

}  // namespace tinyc
