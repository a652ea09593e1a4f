// Reading of tensors in the text form: types, payloads, generated constants, quantization.
#pragma once
#include "ir/text_scan.h"
#include "tinyc/graph.h"

namespace tinyc::text {

inline constexpr std::size_t kMaxGenerated = std::size_t{16} << 20;  ///< bytes of all random, zeros and fill constants
inline constexpr std::size_t kMaxItems = 65536;  ///< tensors, scales of one tensor, elements of one attribute

class TensorReader {
 public:
  explicit TensorReader(Scanner& in) : in_(in) {}

  bool peek_type() const;
  /// `f32[1,2]`: fills dtype and shape.
  void type(Tensor& t);
  /// `quant(...)`, `coded(...)` and `range(...)`, each optional.
  void facts(Tensor& t);
  /// `[const] TYPE PAYLOAD`, `random(SEED) TYPE`, `zeros TYPE` or `fill(VALUE) TYPE`, with its facts. `expected` says
  /// what else could stand here.
  Tensor constant(const char* expected);
  /// `[1,2]`.
  Ints ints();

 private:
  void quant(Quant& q);
  Bytes random(DType dtype, std::uint64_t seed, Bytes bytes);
  Bytes fill(const Tensor& t, double v, std::size_t at);
  Bytes generated(const Tensor& t);
  void element(DType d, std::int64_t v, Bytes& out, std::size_t at);
  Bytes payload(const Tensor& t);

  Scanner& in_;
  std::size_t generated_ = 0;
};

}  // namespace tinyc::text
