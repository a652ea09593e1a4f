#include "data/byte_stream.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "tinyc/error.h"

namespace tinyc {

struct ByteStream::Inflater {
  z_stream z{};
  bool ended = false;
  explicit Inflater(int window_bits) {
    if (inflateInit2(&z, window_bits) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&z); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
};

ByteStream::ByteStream(std::span<const std::uint8_t> in, Method method, std::string what)
    : in_(in), what_(std::move(what)) {
  if (method != Method::stored) inflater_ = std::make_unique<Inflater>(method == Method::gzip ? 15 + 16 : -15);
}

ByteStream::~ByteStream() = default;

std::size_t ByteStream::read_some(std::span<std::uint8_t> out) {
  std::size_t done = 0;
  if (!inflater_) {
    done = std::min(out.size(), in_.size());
    if (done) std::memcpy(out.data(), in_.data(), done);
    in_ = in_.subspan(done);
  } else {
    z_stream& z = inflater_->z;
    constexpr std::size_t chunk = std::size_t{1} << 30;  // zlib counts in 32 bits
    while (done < out.size() && !inflater_->ended) {
      const std::size_t given = std::min(in_.size(), chunk), wanted = std::min(out.size() - done, chunk);
      z.next_in = const_cast<Bytef*>(in_.data());
      z.avail_in = static_cast<uInt>(given);
      z.next_out = out.data() + done;
      z.avail_out = static_cast<uInt>(wanted);
      const int code = inflate(&z, Z_NO_FLUSH);
      const std::size_t used = given - z.avail_in, made = wanted - z.avail_out;
      in_ = in_.subspan(used);
      done += made;
      if (code == Z_STREAM_END)
        inflater_->ended = true;
      else if (code != Z_OK && code != Z_BUF_ERROR)
        throw Error(ErrorCode::damaged_data, what_ + " is damaged: its compressed data cannot be read");
      if (used == 0 && made == 0) break;  // no progress: the input is cut off
    }
  }
  consumed_ += done;
  for (std::size_t at = 0; at < done; at += std::size_t{1} << 30)
    crc_ = static_cast<std::uint32_t>(
        crc32(crc_, out.data() + at, static_cast<uInt>(std::min(done - at, std::size_t{1} << 30))));
  return done;
}

void ByteStream::read(std::span<std::uint8_t> out) {
  if (read_some(out) != out.size())
    throw Error(ErrorCode::damaged_data, what_ + " ends too early: it is cut off or damaged");
}

Bytes ByteStream::take(std::uint64_t n) {
  if (n > at_most())
    throw Error(ErrorCode::damaged_data, what_ + " claims " + std::to_string(n) + " bytes, more than it can hold");
  Bytes out;
  for (std::uint64_t have = 0; have < n;) {  // in steps: a large claim must come with large data
    out.resize(static_cast<std::size_t>(std::min(n, std::max(std::uint64_t{1} << 26, have * 2))));
    read(std::span(out).subspan(static_cast<std::size_t>(have)));
    have = out.size();
  }
  return out;
}

std::uint64_t ByteStream::at_most() const noexcept {
  if (!inflater_) return in_.size();
  return inflater_->ended ? 0 : in_.size() * kMaxExpansion + 65536;  // up to a window may be waiting inside zlib
}

}  // namespace tinyc
