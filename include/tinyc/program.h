// The compiled model: flat layers, constant blobs and a planned arena. The emitter, the int8 executor, the report and
// the NAME.tinyc file read only this.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "tinyc/codec.h"
#include "tinyc/graph.h"
#include "tinyc_rt/tinyc_rt.h"

namespace tinyc {

struct Layer;
struct Program;

/// How the output of a layer may lie over an operand that dies in it, in bytes between their first bytes: safe is
/// out + below <= in, and in + above <= out, since the kernel has read each byte before it overwrites it. -1: never.
struct Overlap {
  std::int32_t below = -1;  ///< 0: in place
  std::int32_t above = -1;  ///< at least 1; kernels that walk backwards where their output lies above
  bool exact = false;       ///< out == in is safe, whatever `below` says
  bool operator==(const Overlap&) const = default;
};
struct Overlaps {
  Overlap in0, in1;
};

/// What a kernel makes of a picture that is only a band of rows (tinyc_run_rows.c).
enum class Bands : std::uint8_t {
  none,      ///< it needs the whole
  elements,  ///< record.p[0] elements of equally long operands and output, one by one
  windows,   ///< the picture of the record's geometry, whatever its height
  sums       ///< bands of the input, in turn, for one row of outputs; scratch is kept between them
};

/// A runtime kernel: its C symbol, the function the host calls, the file under src/rt that holds it, and what it
/// permits its output; it sees operands as arena values and trusts no number of the record. `list`: its weights are a
/// list (ListLayout in codec.h), else they are raw or come from a reader.
struct Kernel {
  const char* symbol;
  tinyc_kernel run;
  const char* source;
  Overlaps (*overlaps)(const Program&, const Layer&) = nullptr;
  bool list = false;
  Bands bands = Bands::none;
};

/// Instruction sets with kernels of their own; every one of their kernels falls back on the portable one, so a program
/// lowered for a family runs everywhere, with the same outputs.
enum class Family : std::uint8_t {
  portable,
  pair,  ///< 32-bit multiplication shared by two activations: Cortex-M0, M3, RV32IM
  dsp,   ///< Armv7E-M, Armv8-M with the DSP extension: Cortex-M4, M7, M33
  mve    ///< Armv8.1-M with integer vectors (Helium): Cortex-M52, M55, M85
};

/// What lowering may choose by.
struct LowerOptions {
  Family family = Family::portable;
  bool fast = false;        ///< scratch may enlarge the arena where that saves instructions
  bool rows = false;        ///< layers may run row by row where that makes the arena smaller
  std::uint32_t arena = 0;  ///< bytes that scratch which saves instructions may enlarge the arena to; 0: none
};

/// A constant array of the emitted C file.
struct Blob {
  enum class Kind : std::uint8_t { weights, tables, params };  ///< how report.json accounts for it
  enum class Type : std::uint8_t { i8, u8, i32 };
  Kind kind = Kind::weights;
  Type type = Type::i8;
  std::string name;  ///< for the comment and the report: tensor name
  Bytes bytes;       ///< little-endian
  bool operator==(const Blob&) const = default;
};

/// An activation in the arena.
struct Value {
  std::string name;
  Shape shape;
  DType type = DType::i8;    ///< i8, or i32 (little-endian) for numbers that count
  std::uint32_t bytes = 0;   ///< elements times their size
  std::uint32_t offset = 0;  ///< set by plan()
  float scale = 0;
  std::int32_t zero_point = 0;
  std::int32_t first = 0;  ///< first layer that writes; -1: an input
  std::int32_t last = 0;   ///< last layer that reads; layers.size(): an output
  std::size_t elements() const { return bytes / size_of(type); }
  bool operator==(const Value&) const = default;
};

using BlobId = std::int32_t;
using ValueId = std::int32_t;

/// One kernel call. `record` is what is emitted; its pointers are null here and its arena offsets are set by plan().
struct Layer {
  std::string name;  ///< the node's name
  OpKind op{};
  std::int32_t source = -1;  ///< operator index in the model file
  const Kernel* kernel = nullptr;
  tinyc_layer record{};
  BlobId weights = -1, codec = -1, bias = -1, mult = -1, shift = -1, table = -1;
  ValueId in0 = -1, in1 = -1, out = -1;
  std::uint32_t weight_count = 0;   ///< int8 weights behind `weights`, decoded
  std::uint32_t scratch_bytes = 0;  ///< RAM needed while the layer runs
  bool part = false;                ///< more layers write the same output before it is complete
  std::int64_t macs = 0;
};

/// Layers that run row by row (tinyc_run_rows.c): the values between them are bands, whose bytes say how many rows they
/// hold, and live as long as the whole group.
struct RowGroup {
  std::int32_t first = 0, count = 0;  ///< layers
  std::int32_t step = 1;              ///< most rows at a time
  ValueId state = -1;                 ///< a record, and a tinyc_rows_state for each layer
  bool operator==(const RowGroup&) const = default;
};

/// How the weights of a layer's filters lie, as its kernel tells the reader.
FilterShape filter_shape(const Layer& l) noexcept;

/// No arena is larger: more is no microcontroller's, and a damaged file could claim anything.
inline constexpr std::uint32_t kMaxArenaBytes = 1u << 28;

struct Program {
  std::string name = "model";
  std::vector<Blob> blobs;
  std::vector<Value> values;
  std::vector<Layer> layers;
  std::vector<RowGroup> rows;  ///< in the order of their layers
  std::vector<ValueId> inputs, outputs;
  std::uint32_t arena_bytes = 0;
  std::uint32_t arena_lower_bound = 0;  ///< most bytes that live at one time; overlaps count once
};

/// What an operator's `lower` writes to.
class ProgramBuilder {
 public:
  ProgramBuilder(const Graph& g, Program& p, const LowerOptions& options)
      : graph_(g), program_(p), options_(options), value_of_(g.tensors.size(), -1) {}

  const LowerOptions& options() const noexcept { return options_; }
  /// Bytes of scratch for decoded filters that cost the arena nothing while the present node runs.
  std::int64_t room() const noexcept { return room_; }
  /// The output should be able to lie over the input: one sweep, not one for each block of filters.
  bool one_sweep() const noexcept { return one_sweep_; }
  /// Rows of its output that a kernel sees at a time; 0: all.
  std::int32_t rows() const noexcept { return rows_; }
  void set_room(std::int64_t bytes, bool one_sweep, std::int32_t rows) noexcept {
    room_ = bytes;
    one_sweep_ = one_sweep;
    rows_ = rows;
  }
  /// The arena value of an activation (created on first use). Reshapes share their input's value through `alias`.
  ValueId value(TensorId id);
  /// Makes `to` another name of the value of `from`: no copy at run time.
  void alias(TensorId from, TensorId to);
  /// A new activation that is no graph tensor.
  ValueId temporary(std::string name, std::uint32_t bytes);
  /// Adds a constant; equal blobs are stored once.
  BlobId blob(Blob::Kind kind, Blob::Type type, const std::string& name, Bytes bytes);
  BlobId params_i32(const std::string& name, std::span<const std::int32_t> v);
  BlobId params_i8(const std::string& name, std::span<const std::int8_t> v);
  /// The weights blob of a constant int8 tensor: raw, or its coded stream together with its decode table. Sets weights,
  /// codec and record.stream_bytes of `l`, and scratch_bytes to what its reader needs.
  void weights(Layer& l, TensorId id);
  /// A layer of node n with kernel k; `out` and the activation inputs are set from the node where they are given.
  Layer make(const Node& n, const Kernel& k);
  /// Appends it. Sets record.out_bytes from the output value unless `part`, and weight_count where it is not yet known.
  void add(Layer l);

 private:
  const Graph& graph_;
  Program& program_;
  LowerOptions options_;
  std::vector<ValueId> value_of_;
  std::unordered_multimap<std::size_t, BlobId> blobs_by_hash_;
  std::int64_t room_ = 0;
  bool one_sweep_ = false;
  std::int32_t rows_ = 0;
};

/// Graph (stage Quantized or Coded) to Program with a planned arena. Throws Error(unsupported) listing every node that
/// has no integer kernel.
Program lower(const Graph& g, const LowerOptions& options = {});

/// Places values and scratch in the arena: no two that live at the same time overlap, but for an output and the
/// operands that die in its layer, as far as the kernel permits; every offset a multiple of 4 (16 for inputs at offset
/// 0). Sets Value::offset, record offsets, arena_bytes and arena_lower_bound. Deterministic.
void plan(Program& p);

/// The numbers of a program's row groups as tinyc_run_rows reads them, or of one group. Throws Error(internal) where
/// the layers cannot run row by row.
std::vector<std::int16_t> row_numbers(const Program& p);
std::vector<std::int16_t> row_numbers(const Program& p, const RowGroup& g);

/// Checks a program that came from a file: ids, offsets + sizes within the arena, blob sizes, kernels that exist,
/// lifetimes, and that values overlap only where their kernel permits. Throws Error(input).
void verify(const Program& p);

/// NAME.tinyc: the FlatBuffer of schemas/program.fbs. `read_program` trusts nothing and verifies.
Bytes write_program(const Program& p);
Program read_program(std::span<const std::uint8_t> file, const std::string& path);

/// Every kernel by symbol, nullptr when unknown.
const Kernel* find_kernel(const std::string& symbol) noexcept;

/// Bytes of emitted constant arrays, as report.json's "flash" counts them (code excluded).
struct FlashBytes {
  std::uint64_t weights = 0, tables = 0, params = 0, descriptors = 0;
};
FlashBytes flash_bytes(const Program& p) noexcept;

}  // namespace tinyc
