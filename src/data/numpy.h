// Reading of .npy streams and .npz archives.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data/byte_stream.h"
#include "tinyc/dataset.h"

namespace tinyc {

/// One .npy. At most `max_rows` rows when max_rows > 0. Throws Error(data).
Array read_npy(ByteStream& in, std::size_t max_rows);

/// Names of the arrays of an .npz, in the order of the archive.
std::vector<std::string> npz_names(std::span<const std::uint8_t> file, const std::string& what);
/// The arrays whose names `wanted` accepts, in the order of the archive.
std::vector<Array> read_npz(std::span<const std::uint8_t> file, const std::string& what, std::size_t max_rows,
                            const std::function<bool(const std::string&)>& wanted);

/// "PK" or the .npy magic at the start.
bool is_zip(std::span<const std::uint8_t> file) noexcept;
bool is_npy(std::span<const std::uint8_t> file) noexcept;

}  // namespace tinyc
