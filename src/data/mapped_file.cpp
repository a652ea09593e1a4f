#include "data/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tinyc/dataset.h"

namespace tinyc {

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

MappedFile::MappedFile(const std::filesystem::path& path) {
  struct stat info{};
  const auto is_file = [&] { return S_ISREG(info.st_mode) && info.st_size > 0; };
  // asked by name first: a pipe can be opened only once
  const Descriptor fd(::stat(path.c_str(), &info) == 0 && is_file() ? ::open(path.c_str(), O_RDONLY | O_CLOEXEC) : -1);
  if (fd.get() >= 0 && ::fstat(fd.get(), &info) == 0 && is_file()) {
    const auto size = static_cast<std::size_t>(info.st_size);
    void* p = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
    if (p != MAP_FAILED) {
      mapping_ = p;
      bytes_ = {static_cast<const std::uint8_t*>(p), size};
      return;
    }
  }
  copy_ = read_file(path, ErrorKind::data);  // also says why when it cannot be read
  bytes_ = copy_;
}

MappedFile::~MappedFile() {
  if (mapping_) ::munmap(mapping_, bytes_.size());
}

}  // namespace tinyc
