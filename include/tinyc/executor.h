// Running models on the host: the float graph, and the compiled program with the shipped C99 runtime.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "tinyc/dataset.h"
#include "tinyc/graph.h"
#include "tinyc/program.h"

namespace tinyc {

/// Runs a float graph sample by sample. Immutable after construction: share it between threads, one State each.
class FloatExecutor {
 public:
  /// Working memory of one thread. Buffers are reused along the graph unless `keep_all` was asked for.
  struct State {
    std::vector<std::vector<float>> buffers;  ///< by slot
    std::vector<float> scratch;
  };
  /// `keep_all`: every tensor keeps its own buffer, for observers. The graph must outlive the executor, stage Float.
  explicit FloatExecutor(const Graph& g, bool keep_all = false);

  State make_state() const;
  /// The buffer of graph input i, to be filled before run().
  std::span<float> input(State& s, std::size_t i) const;
  /// Computes all nodes. Throws Error(internal) when an operator fails.
  void run(State& s) const;
  /// A tensor's values after run(): graph outputs, constants, and with keep_all every activation.
  std::span<const float> value(const State& s, TensorId id) const;

 private:
  const Graph& graph_;
  std::vector<std::int32_t> slot_;  // by tensor; -1: constant
  std::vector<std::size_t> slot_elements_;
  bool keep_all_;
};

/// Outputs of the first `n` samples: result[output][sample * elements + e]. Parallel over samples; independent of
/// threads.
std::vector<std::vector<float>> run_float(const Graph& g, const Dataset& d, std::size_t n);

/// Calls `observe(sample, tensor, values)` for every activation of every sample, graph inputs included. Samples are run
/// in parallel but a call for one `worker` never overlaps another of the same worker; items are assigned to workers
/// dynamically, so keep results by sample or in a form whose merge does not depend on order.
void observe_float(
    const Graph& g, const Dataset& d, std::size_t n,
    const std::function<void(std::size_t sample, int worker, TensorId tensor, std::span<const float> values)>& observe);

/// Runs a Program with the same C99 files that firmware compiles. Share between threads, one State (arena) each.
class ProgramExecutor {
 public:
  struct State {
    std::vector<std::uint8_t> memory;
    std::uint8_t* arena = nullptr;  ///< 16-byte aligned inside memory
  };
  explicit ProgramExecutor(const Program& p);

  State make_state() const;
  /// The bytes of input i, and its elements filled from whole numbers (clamped to its type) or from reals (quantized).
  std::span<std::int8_t> input(State& s, std::size_t i) const;
  void set_input(State& s, std::size_t i, std::span<const std::int32_t> integers) const;
  void set_input(State& s, std::size_t i, std::span<const float> reals) const;
  /// Throws Error(internal) when a kernel reports an error. `trace`, when given, sees each complete layer's output.
  void run(State& s, const std::function<void(std::size_t layer, std::span<const std::int8_t> out)>& trace = {}) const;
  std::span<const std::int8_t> output(const State& s, std::size_t i) const;
  /// Output i's elements, whatever their type, copied to `to`.
  void read_output(const State& s, std::size_t i, std::span<std::int32_t> to) const;

 private:
  const Program& program_;
  void run_group(State& s, const RowGroup& g, std::span<const std::int16_t> numbers,
                 const std::function<void(std::size_t, std::span<const std::int8_t>)>& trace) const;
  void check(std::size_t layer, int code) const;

  std::vector<tinyc_layer> records_;
  std::vector<std::vector<std::int16_t>> row_numbers_;  // by group of rows
};

/// Integer outputs of the first `n` samples (inputs quantized with the program's own scale): result[output][sample *
/// elements + e].
std::vector<std::vector<std::int32_t>> run_program(const Program& p, const Dataset& d, std::size_t n);

/// round-half-away(x / scale) + zero_point, clamped to int8. NaN becomes zero_point.
inline std::int8_t quantize_value(float x, float scale, std::int32_t zero_point) noexcept {
  const float r = x / scale;
  const float near = r > 512.0f ? 512.0f : r < -512.0f ? -512.0f : r == r ? r : 0.0f;  // farther is clamped anyway
  const auto whole = static_cast<std::int32_t>(near);
  const float rest = near - static_cast<float>(whole);
  const std::int32_t q = whole + (rest >= 0.5f) - (rest <= -0.5f) + zero_point;
  return static_cast<std::int8_t>(q < -128 ? -128 : q > 127 ? 127 : q);
}
/// scale * (q - zero_point).
inline float dequantize_value(std::int8_t q, float scale, std::int32_t zero_point) noexcept {
  return scale * static_cast<float>(q - zero_point);
}
/// The real value that x becomes as an int8 activation.
inline float fake_quantize(float x, float scale, std::int32_t zero_point) noexcept {
  return dequantize_value(quantize_value(x, scale, zero_point), scale, zero_point);
}

}  // namespace tinyc
