// What must hold before a picture goes to the decoder, which trusts its input in a few places.
#pragma once
#include <cstdint>
#include <span>

namespace tinyc {

/// False for a PNG or JPEG that the decoder must not see, not even its header:
///  - PNG: compressed data of more than a little over the pixels (it could unpack to gigabytes), or empty at its start;
///  - JPEG: a Huffman table of more than 255 symbols or with more codes than its lengths allow. stb_image 2.27 writes
///  and
///    reads past its tables then. (256 symbols are possible in theory; no encoder of 8-bit pictures needs over 162.)
bool safe_to_decode(std::span<const std::uint8_t> file) noexcept;

}  // namespace tinyc
