// Reading of stored, deflated and gzipped bytes from memory, only as far as they are asked for.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "tinyc/graph.h"

namespace tinyc {

/// Deflate never expands more than this (zlib's technical notes: 1032 to 1).
inline constexpr std::uint64_t kMaxExpansion = 1032;

class ByteStream {
 public:
  enum class Method : std::uint8_t { stored, deflate, gzip };
  /// `what` names the source in messages. The bytes must outlive the stream.
  ByteStream(std::span<const std::uint8_t> in, Method method, std::string what);
  ~ByteStream();
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  /// Fills `out` as far as there are bytes; returns how many. Throws Error(data) on damaged data.
  std::size_t read_some(std::span<std::uint8_t> out);
  /// Fills all of `out`. Throws Error(data) when the bytes end before.
  void read(std::span<std::uint8_t> out);
  /// The next `n` bytes, where `n` comes from a file: refuses what the source cannot hold before allocating.
  Bytes take(std::uint64_t n);
  /// An upper bound of the bytes that are still to come.
  std::uint64_t at_most() const noexcept;
  const std::string& what() const noexcept { return what_; }
  /// Bytes read so far.
  std::uint64_t consumed() const noexcept { return consumed_; }
  /// CRC-32 of everything read so far.
  std::uint32_t crc() const noexcept { return crc_; }

 private:
  struct Inflater;
  std::span<const std::uint8_t> in_;
  std::unique_ptr<Inflater> inflater_;  // null for stored bytes
  std::string what_;
  std::uint64_t consumed_ = 0;
  std::uint32_t crc_ = 0;
};

}  // namespace tinyc
