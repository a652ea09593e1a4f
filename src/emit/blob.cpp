#include "emit/blob.h"

#include <zlib.h>

#include <cstring>
#include <type_traits>

#include "emit/amalgamate.h"
#include "emit/c_text.h"
#include "tinyc/record.h"

namespace tinyc {
namespace {

// As in src/rt/tinyc_blob.c.
constexpr std::size_t kHeader = 32, kValue = 8, kLayer = 24 + 96;
constexpr std::uint32_t kMagic = 0x42594E54, kVersion = 1;

template <class T>
void put(Bytes& to, T v) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&v);
  to.insert(to.end(), bytes, bytes + sizeof v);
}

std::uint32_t crc(const std::uint8_t* bytes, std::size_t n) {
  return static_cast<std::uint32_t>(::crc32(0, bytes, static_cast<uInt>(n)));
}

std::vector<ValueId> values(const Program& p) {
  std::vector<ValueId> all = p.inputs;
  all.insert(all.end(), p.outputs.begin(), p.outputs.end());
  return all;
}

constexpr const char* kFunctions = R"(
static const uint8_t *loaded; /* @n@.bin; 0: not yet */

int @n@_load(const void *data, uint32_t bytes) {
  const int rc = tinyc_blob_check((const uint8_t *)data, bytes, @structure@u, @N@_ARENA_SIZE);
  if (rc == TINYC_OK) loaded = (const uint8_t *)data;
  return rc;
}

float @n@_scale(int value) {
  float v = 0;
  if (loaded) tinyc_load(&v, loaded + 32 + 8 * value, 4, 1);
  return v;
}

int32_t @n@_zero_point(int value) {
  int32_t v = 0;
  if (loaded) tinyc_load(&v, loaded + 36 + 8 * value, 4, 1);
  return v;
}

int @n@_invoke(uint8_t *arena) {
  if (!loaded) return TINYC_E_NO_DATA;
)";

}  // namespace

std::uint32_t blob_structure(const Program& p) {
  std::string text;
  for (const Layer& l : p.layers) text += std::string(l.kernel->symbol) + "\n";
  for (const std::string& file : kernel_files(p)) text += file + "\n";
  for (const ValueId id : values(p)) {
    const Value& v = p.values[static_cast<std::size_t>(id)];
    text += std::to_string(v.offset) + " " + std::to_string(v.bytes) + " " + std::to_string(static_cast<int>(v.type)) +
            "\n";
  }
  return crc(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

std::string blob_functions(const Program& p) {
  const std::string out = filled(kFunctions, {{"@structure@", std::to_string(blob_structure(p))}});
  return out + (p.layers.empty() ? "  (void)arena;\n  return TINYC_OK;\n}\n"
                                 : "  return tinyc_blob_run(kernels, @N@_NUM_LAYERS, loaded, arena);\n}\n");
}

Bytes emit_blob(const Program& p) {
  const auto io = values(p);
  // arrays in the order in which layers name them, each once
  std::vector<std::uint32_t> offset(p.blobs.size(), 0);
  std::size_t end = kHeader + kValue * io.size() + kLayer * p.layers.size();
  Bytes layers, arrays;
  const std::size_t first = (end + 15) / 16 * 16;
  for (const Layer& l : p.layers) {
    for (const BlobId id : {l.weights, l.codec, l.bias, l.mult, l.shift, l.table}) {
      if (id < 0) {
        put(layers, std::uint32_t{0});
        continue;
      }
      const auto i = static_cast<std::size_t>(id);
      if (offset[i] == 0) {
        arrays.resize((arrays.size() + 15) / 16 * 16);
        offset[i] = static_cast<std::uint32_t>(first + arrays.size());
        arrays.insert(arrays.end(), p.blobs[i].bytes.begin(), p.blobs[i].bytes.end());
      }
      put(layers, offset[i]);
    }
    visit_numbers(l.record, [&](const auto& v) {
      if constexpr (std::is_array_v<std::remove_reference_t<decltype(v)>>)
        for (const auto x : v) put(layers, x);
      else
        put(layers, v);
    });
  }
  Bytes out;
  const auto bytes = static_cast<std::uint32_t>(first + arrays.size());
  for (const std::uint32_t v : {kMagic, kVersion, bytes, 0u, blob_structure(p), p.arena_bytes,
                                static_cast<std::uint32_t>(p.layers.size()), static_cast<std::uint32_t>(io.size())})
    put(out, v);
  for (const ValueId id : io) {
    put(out, p.values[static_cast<std::size_t>(id)].scale);
    put(out, p.values[static_cast<std::size_t>(id)].zero_point);
  }
  out.insert(out.end(), layers.begin(), layers.end());
  out.resize(first);
  out.insert(out.end(), arrays.begin(), arrays.end());
  const std::uint32_t sum = crc(out.data() + 16, out.size() - 16);
  std::memcpy(out.data() + 12, &sum, 4);
  return out;
}

}  // namespace tinyc
