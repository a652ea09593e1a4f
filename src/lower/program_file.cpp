// NAME.tinyc: a Program as a FlatBuffer.
//
// Trust: the file's structure is proved by the FlatBuffers verifier, its content by a checksum against damage, and all
// that does not depend on the operator by verify(). What a kernel's own numbers mean (p, shapes in the record) is not
// proved again: kernels trust them as firmware does, so a file made up on purpose deserves the trust given to a
// program.
#include <algorithm>
#include <limits>
#include <type_traits>

#include "program_generated.h"
#include "tinyc/error.h"
#include "tinyc/program.h"
#include "tinyc/record.h"

namespace tinyc {
namespace {

constexpr std::uint32_t kVersion = 4;

[[noreturn]] void bad(const std::string& path, const std::string& why) {
  throw Error(ErrorCode::damaged_program, "'" + printable(path) + "' is not a usable .tinyc file: " + why,
              "write it again with `tinyc compress`");
}

std::vector<std::int32_t> numbers(const tinyc_layer& record) {
  std::vector<std::int32_t> out;
  visit_numbers(record, [&](const auto& field) {
    if constexpr (std::is_array_v<std::remove_reference_t<decltype(field)>>) {
      for (const auto v : field) out.push_back(v);
    } else {
      out.push_back(static_cast<std::int32_t>(field));
    }
  });
  return out;
}

/// False when the numbers are too few, too many, or do not fit their fields.
bool set_numbers(tinyc_layer& record, std::span<const std::int32_t> in) {
  std::size_t next = 0;
  bool fits = true;
  const auto take = [&](auto& field) {
    const std::int32_t v = next < in.size() ? in[next] : 0;
    ++next;
    field = static_cast<std::remove_reference_t<decltype(field)>>(v);
    fits = fits && static_cast<std::int32_t>(field) == v;
  };
  visit_numbers(record, [&](auto& field) {
    if constexpr (std::is_array_v<std::remove_reference_t<decltype(field)>>) {
      for (auto& v : field) take(v);
    } else {
      take(field);
    }
  });
  return fits && next == in.size();
}

class Fnv {
 public:
  void add(const void* data, std::size_t n) {
    const auto* p = static_cast<const std::uint8_t*>(data);
    for (std::size_t i = 0; i < n; ++i) hash_ = (hash_ ^ p[i]) * 1099511628211u;
  }
  template <class T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void add(T v) {
    add(&v, sizeof v);
  }
  void add(const std::string& s) {
    add(s.size());
    add(s.data(), s.size());
  }
  template <class T>
    requires std::is_arithmetic_v<T>
  void add(const std::vector<T>& v) {
    add(v.size());
    add(v.data(), v.size() * sizeof(T));
  }
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 14695981039346656037u;
};

std::vector<std::int32_t> blob_ids(const Layer& l) { return {l.weights, l.codec, l.bias, l.mult, l.shift, l.table}; }
std::vector<std::int32_t> value_ids(const Layer& l) { return {l.in0, l.in1, l.out}; }

/// Four numbers a group.
std::vector<std::int32_t> row_ids(const Program& p) {
  std::vector<std::int32_t> n;
  for (const RowGroup& g : p.rows) n.insert(n.end(), {g.first, g.count, g.step, g.state});
  return n;
}

std::uint64_t checksum(const Program& p) {
  Fnv f;
  f.add(kVersion);
  f.add(p.name);
  for (const Blob& b : p.blobs) {
    f.add(b.kind);
    f.add(b.type);
    f.add(b.name);
    f.add(b.bytes);
  }
  for (const Value& v : p.values) {
    f.add(v.name);
    f.add(v.shape);
    f.add(v.type);
    f.add(v.bytes);
    f.add(v.offset);
    f.add(v.scale);
    f.add(v.zero_point);
    f.add(v.first);
    f.add(v.last);
  }
  for (const Layer& l : p.layers) {
    f.add(l.name);
    f.add(std::string(name_of(l.op)));
    f.add(std::string(l.kernel->symbol));
    f.add(l.source);
    f.add(blob_ids(l));
    f.add(value_ids(l));
    f.add(numbers(l.record));
    f.add(l.weight_count);
    f.add(l.scratch_bytes);
    f.add(l.part);
    f.add(l.macs);
  }
  f.add(row_ids(p));
  f.add(p.inputs);
  f.add(p.outputs);
  f.add(p.arena_bytes);
  f.add(p.arena_lower_bound);
  return f.value();
}

/// Reads fields; what is copied out of the file may in all not exceed the file, so that shared offsets cannot blow it
/// up.
class Reader {
 public:
  Reader(std::span<const std::uint8_t> file, const std::string& path) : path_(path), budget_(file.size()) {}

  std::string text(const flatbuffers::String* s) {
    spend(s ? s->size() : 0);
    return s ? s->str() : std::string();
  }
  template <class T>
  std::vector<T> list(const flatbuffers::Vector<T>* v) {
    spend((v ? v->size() : 0) * sizeof(T));
    return v ? std::vector<T>(v->begin(), v->end()) : std::vector<T>();
  }
  template <class T, class Read>
  void each(const flatbuffers::Vector<flatbuffers::Offset<T>>* v, Read read) {
    if (!v) return;
    spend(v->size() * sizeof(flatbuffers::Offset<T>));
    for (const T* item : *v) read(*item);
  }
  [[noreturn]] void fail(const std::string& why) const { bad(path_, why); }

 private:
  void spend(std::size_t bytes) {
    if (bytes > budget_) fail("its parts overlap");
    budget_ -= bytes;
  }
  const std::string& path_;
  std::size_t budget_;
};

Layer read_layer(Reader& r, const file::Layer& f) {
  Layer l;
  l.name = r.text(f.name());
  OpData op;
  const std::string stem = r.text(f.op()), symbol = r.text(f.kernel());
  if (!make_op(stem, op)) r.fail("unknown operator '" + printable(stem) + "'");
  l.op = kind(op);
  l.kernel = find_kernel(symbol);
  if (!l.kernel) r.fail("unknown kernel '" + printable(symbol) + "'");
  l.source = f.source();
  const auto blobs = r.list(f.blobs()), values = r.list(f.values());
  if (blobs.size() != 6 || values.size() != 3) r.fail("a layer is incomplete");
  l.weights = blobs[0];
  l.codec = blobs[1];
  l.bias = blobs[2];
  l.mult = blobs[3];
  l.shift = blobs[4];
  l.table = blobs[5];
  l.in0 = values[0];
  l.in1 = values[1];
  l.out = values[2];
  if (!set_numbers(l.record, r.list(f.record()))) r.fail("a layer's record is damaged");
  l.weight_count = f.weight_count();
  l.scratch_bytes = f.scratch_bytes();
  l.part = f.part();
  l.macs = f.macs();
  return l;
}

}  // namespace

Bytes write_program(const Program& p) {
  flatbuffers::FlatBufferBuilder b;
  std::vector<flatbuffers::Offset<file::Blob>> blobs;
  for (const Blob& x : p.blobs) {
    // named first: compilers differ in the order in which they evaluate arguments, and the bytes follow that order
    const auto name = b.CreateString(x.name);
    const auto bytes = b.CreateVector(x.bytes);
    blobs.push_back(
        file::CreateBlob(b, static_cast<file::BlobKind>(x.kind), static_cast<file::BlobType>(x.type), name, bytes));
  }
  std::vector<flatbuffers::Offset<file::Value>> values;
  for (const Value& v : p.values) {
    const auto name = b.CreateString(v.name);
    const auto shape = b.CreateVector(v.shape);
    values.push_back(file::CreateValue(b, name, shape, static_cast<file::ValueType>(v.type), v.bytes, v.offset, v.scale,
                                       v.zero_point, v.first, v.last));
  }
  std::vector<flatbuffers::Offset<file::Layer>> layers;
  for (const Layer& l : p.layers) {
    // named one by one: the order in which arguments are evaluated differs between compilers
    const auto name = b.CreateString(l.name), op = b.CreateString(name_of(l.op)),
               kernel = b.CreateString(l.kernel->symbol);
    const auto blob_list = b.CreateVector(blob_ids(l)), value_list = b.CreateVector(value_ids(l)),
               record = b.CreateVector(numbers(l.record));
    layers.push_back(file::CreateLayer(b, name, op, kernel, l.source, blob_list, value_list, record, l.weight_count,
                                       l.scratch_bytes, l.part, l.macs));
  }
  const auto name = b.CreateString(p.name);
  const auto blob_list = b.CreateVector(blobs);
  const auto value_list = b.CreateVector(values);
  const auto layer_list = b.CreateVector(layers);
  const auto inputs = b.CreateVector(p.inputs), outputs = b.CreateVector(p.outputs), rows = b.CreateVector(row_ids(p));
  file::FinishProgramBuffer(b, file::CreateProgram(b, kVersion, checksum(p), name, blob_list, value_list, layer_list,
                                                   inputs, outputs, p.arena_bytes, p.arena_lower_bound, rows));
  return Bytes(b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize());
}

Program read_program(std::span<const std::uint8_t> data, const std::string& path) {
  flatbuffers::Verifier verifier(data.data(), data.size());
  if (data.size() < 16 || data.size() > std::numeric_limits<std::int32_t>::max() ||
      !file::ProgramBufferHasIdentifier(data.data()))
    bad(path, "it does not start like one");
  if (!file::VerifyProgramBuffer(verifier)) bad(path, "it is damaged");
  const file::Program& f = *file::GetProgram(data.data());
  if (f.version() != kVersion)
    bad(path, "it is of format version " + std::to_string(f.version()) + ", this tinyc reads version " +
                  std::to_string(kVersion));
  Reader r(data, path);
  Program p;
  p.name = r.text(f.name());
  r.each(f.blobs(), [&](const file::Blob& x) {
    if (x.kind() > file::BlobKind::MAX || x.type() > file::BlobType::MAX) r.fail("an array has an unknown type");
    p.blobs.push_back(
        {static_cast<Blob::Kind>(x.kind()), static_cast<Blob::Type>(x.type()), r.text(x.name()), r.list(x.bytes())});
  });
  r.each(f.values(), [&](const file::Value& x) {
    p.values.push_back({r.text(x.name()), r.list(x.shape()), static_cast<DType>(x.type()), x.bytes(), x.offset(),
                        x.scale(), x.zero_point(), x.first(), x.last()});
  });
  r.each(f.layers(), [&](const file::Layer& x) { p.layers.push_back(read_layer(r, x)); });
  const std::vector<std::int32_t> rows = r.list(f.rows());
  if (rows.size() % 4 != 0) r.fail("its groups of rows are damaged");
  for (std::size_t i = 0; i < rows.size(); i += 4) p.rows.push_back({rows[i], rows[i + 1], rows[i + 2], rows[i + 3]});
  p.inputs = r.list(f.inputs());
  p.outputs = r.list(f.outputs());
  p.arena_bytes = f.arena_bytes();
  p.arena_lower_bound = f.arena_lower_bound();
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION  // no random change keeps the checksum: verify() would see none
  if (checksum(p) != f.checksum()) bad(path, "its checksum is wrong");
#endif
  try {
    verify(p);
  } catch (const Error& e) {
    bad(path, e.what());
  }
  return p;
}

}  // namespace tinyc
