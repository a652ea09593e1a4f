// Samples to calibrate, measure and train on: .npz, .npy, picture folders, .bin, IDX(.gz), .csv.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tinyc/error.h"
#include "tinyc/graph.h"

namespace tinyc {

/// A numeric array as stored, rows along the first axis. Values are converted when read, so a large file costs its own
/// size.
struct Array {
  enum class Type : std::uint8_t { u8, i8, u16, i16, i32, i64, f16, f32, f64, boolean };
  std::string name;
  Type type = Type::f32;
  std::vector<std::int64_t> shape;  ///< shape[0] = rows (1 for a scalar)
  Bytes data;                       ///< little-endian, C order

  std::size_t rows() const noexcept;
  std::size_t row_elements() const noexcept;
  /// Converts row i to float by value (uint8 200 becomes 200.0f). `out.size()` must equal row_elements().
  void row(std::size_t i, std::span<float> out) const;
};
std::size_t size_of(Array::Type t) noexcept;

/// x = (raw - mean) * scale, applied to stored values before they become the model's float input.
struct Preprocess {
  float scale = 1, mean = 0;
  bool operator==(const Preprocess&) const = default;
};
/// Parses "scale=S,mean=M" (either may be absent). Throws Error(usage).
Preprocess parse_preprocess(const std::string& text);

/// Samples for one graph: inputs[i] belongs to graph input i.
struct Dataset {
  std::vector<Array> inputs;
  std::optional<Array> labels;  ///< `y`: class numbers (one a row) or targets (one output's elements a row)
  std::optional<Array> groups;  ///< `clip`: rows that are scored together
  Preprocess preprocess;
  std::vector<std::string> warnings;  ///< e.g. a suspicious range; for the caller to log

  std::size_t samples() const noexcept { return inputs.empty() ? 0 : inputs[0].rows(); }
  /// Sample i of input k as the model's float input (preprocessed); `out.size()` = elements of that input.
  void sample(std::size_t k, std::size_t i, std::span<float> out) const;
};

struct DatasetOptions {
  std::size_t max_samples = 0;  ///< 0: all; else only the first rows are read
  Preprocess preprocess;
  bool need_labels = false;  ///< Error(data) when there are none
};

/// Loads samples that fit the inputs of `g`. A path may end with rows, "samples.npz[0:250]". Throws Error(data):
/// unreadable, damaged, wrong shape or type, different row counts, no rows, NaN or infinity (naming row and element).
Dataset load_dataset(const std::filesystem::path& path, const Graph& g, const DatasetOptions& options = {});

/// Deterministic stand-in when there is no data: `n` samples, uniform in each input's declared range or [-1, 1],
/// seeded, smooth along the picture axes.
Dataset synthetic_dataset(const Graph& g, std::size_t n, std::uint64_t seed);

/// Reads all arrays of an .npz or the one of an .npy (name "x"). Only the first `max_rows` rows of each are kept when
/// max_rows > 0. Throws Error(data). Bounded: a member may not claim more than 2 GiB, nor more than its file can hold.
std::vector<Array> read_numpy(const std::filesystem::path& path, std::size_t max_rows = 0);
std::vector<Array> read_numpy(std::span<const std::uint8_t> file, const std::string& what, std::size_t max_rows = 0);
/// Writes .npz (stored members, fixed time stamps) or .npy by the path's ending. Throws Error(write).
void write_numpy(const std::filesystem::path& path, std::span<const Array> arrays);

/// A whole file. Throws Error(`kind`) when it cannot be read or is over `limit` bytes.
Bytes read_file(const std::filesystem::path& path, ErrorKind kind, std::uint64_t limit = std::uint64_t{1} << 31);
/// Writes whole or not at all: temporary file in the same folder, fsync, rename. Throws Error(write).
void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes);
void write_file(const std::filesystem::path& path, const std::string& text);
/// Creates `dir` and writes files by name (which may begin with folders), all or none: when one cannot be written, the
/// folder stays as it was. Throws Error(write).
void write_files(const std::filesystem::path& dir, const std::map<std::string, Bytes>& files);

}  // namespace tinyc
