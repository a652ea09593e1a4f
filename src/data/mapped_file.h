// A file seen as memory, so that the first samples of a large file cost only their own bytes.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>

#include "tinyc/graph.h"

namespace tinyc {

/// Owns a file descriptor; negative when there is none.
class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

/// Read-only view of a file's bytes: mapped, or read whole where it cannot be mapped (a pipe).
class MappedFile {
 public:
  /// Throws Error(data) when it cannot be read.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::span<const std::uint8_t> bytes() const noexcept { return bytes_; }

 private:
  void* mapping_ = nullptr;
  Bytes copy_;
  std::span<const std::uint8_t> bytes_;
};

}  // namespace tinyc
