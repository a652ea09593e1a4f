// The members of a ZIP archive in memory, found by its central directory (APPNOTE 6.3.10, sections 4.3 and 4.5.3).
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/byte_stream.h"

namespace tinyc {

struct ZipMember {
  std::string name;
  std::span<const std::uint8_t> stored;  ///< the bytes in the archive
  std::uint64_t size = 0;                ///< claimed size when unpacked, within what `stored` can expand to
  std::uint32_t crc = 0;
  ByteStream::Method method = ByteStream::Method::stored;
};

/// All members in the order of the directory. `what` names the archive. Throws Error(data) on a damaged archive,
/// members that overlap, encryption, methods other than stored and deflate, more than 65,536 members.
std::vector<ZipMember> read_zip_directory(std::span<const std::uint8_t> file, const std::string& what);

}  // namespace tinyc
