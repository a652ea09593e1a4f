// Writing of .npy and .npz: stored members and fixed time stamps, so that equal arrays give equal files.
#include <zlib.h>

#include "tinyc/dataset.h"

namespace tinyc {
namespace {

void put(Bytes& out, std::uint64_t v, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(v >> (8 * i)));
}

void put(Bytes& out, const std::string& text) { out.insert(out.end(), text.begin(), text.end()); }

const char* descr(Array::Type t) {
  switch (t) {
    case Array::Type::u8: return "|u1";
    case Array::Type::i8: return "|i1";
    case Array::Type::boolean: return "|b1";
    case Array::Type::u16: return "<u2";
    case Array::Type::i16: return "<i2";
    case Array::Type::i32: return "<i4";
    case Array::Type::i64: return "<i8";
    case Array::Type::f16: return "<f2";
    case Array::Type::f32: return "<f4";
    case Array::Type::f64: return "<f8";
  }
  return "";
}

Bytes npy(const Array& a) {
  std::string header = std::string("{'descr': '") + descr(a.type) + "', 'fortran_order': False, 'shape': (";
  for (std::size_t i = 0; i < a.shape.size(); ++i)
    header += std::to_string(a.shape[i]) + (i + 1 < a.shape.size() ? ", " : "");
  header += a.shape.size() == 1 ? ",), }" : "), }";
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';  // numpy maps files at multiples of 64
  header += '\n';
  Bytes out;
  out.reserve(10 + header.size() + a.data.size());
  put(out, "\x93NUMPY");
  put(out, 1, 2);  // version 1.0
  put(out, header.size(), 2);
  put(out, header);
  out.insert(out.end(), a.data.begin(), a.data.end());
  return out;
}

Bytes npz(std::span<const Array> arrays, const std::string& what) {
  Bytes out, directory;
  for (const Array& a : arrays) {
    const Bytes member = npy(a);
    const std::string name = a.name + ".npy";
    const std::uint64_t at = out.size();
    if (member.size() + at >= 0xffffffffu || name.size() > 65535)
      throw Error(ErrorCode::output_form, "cannot write " + what + ": over 4 GiB", "write fewer samples");
    Bytes fields;                // the part that the local header and the directory entry share
    put(fields, 20, 2);          // version needed
    put(fields, 0x800, 2);       // names are UTF-8
    put(fields, 0, 2);           // stored
    put(fields, 0x00210000, 4);  // 1980-01-01 00:00
    put(fields, crc32(0, member.data(), static_cast<uInt>(member.size())), 4);
    put(fields, member.size(), 4);
    put(fields, member.size(), 4);
    put(fields, name.size(), 2);
    put(fields, 0, 2);  // no extra field
    put(out, 0x04034b50, 4);
    out.insert(out.end(), fields.begin(), fields.end());
    put(out, name);
    out.insert(out.end(), member.begin(), member.end());
    put(directory, 0x02014b50, 4);
    put(directory, 20, 2);
    directory.insert(directory.end(), fields.begin(), fields.end());
    put(directory, 0, 6);  // no comment, disk 0, internal attributes
    put(directory, 0, 4);  // external attributes
    put(directory, at, 4);
    put(directory, name);
  }
  const std::uint64_t start = out.size();
  out.insert(out.end(), directory.begin(), directory.end());
  put(out, 0x06054b50, 4);
  put(out, 0, 4);
  put(out, arrays.size(), 2);
  put(out, arrays.size(), 2);
  put(out, directory.size(), 4);
  put(out, start, 4);
  put(out, 0, 2);
  return out;
}

}  // namespace

void write_numpy(const std::filesystem::path& path, std::span<const Array> arrays) {
  const std::string what = "'" + printable(path.string()) + "'";
  if (path.extension() == ".npz") {
    write_file(path, npz(arrays, what));
  } else if (path.extension() == ".npy" && arrays.size() == 1) {
    write_file(path, npy(arrays[0]));
  } else {
    throw Error(ErrorCode::output_form,
                "cannot write " + what + ": its name must end with .npz, or with .npy for one array");
  }
}

}  // namespace tinyc
