// Names, shapes and quantization of a file's tensors.
#include "tflite/tensor_table.h"

#include <algorithm>
#include <cmath>

#include "tinyc/error.h"

namespace tinyc::tfl {
namespace {

constexpr std::size_t kMaxRank = 8, kMaxName = 256;

[[noreturn]] void bad(const std::string& name, const std::string& why) {
  throw Error(ErrorCode::damaged_model, "Tensor '" + name + "' " + why + ".",
              "The file is damaged; fetch or export it again.");
}

}  // namespace

TensorTable::TensorTable(const ModelFile& file, std::vector<std::string>& notes)
    : file_(file), entries_(file.tensor_count()) {
  std::vector<std::uint8_t> is_input(file.tensor_count(), 0);
  for (const auto i : file.inputs()) is_input[static_cast<std::size_t>(i)] = 1;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const fb::Tensor& t = file.tensor(i);
    Entry& e = entries_[i];
    e.name = t.name() ? printable(t.name()->str(), kMaxName) : "";
    if (e.name.empty()) e.name = "tensor_" + std::to_string(i);
    e.type = t.type();
    e.stored = t.external_buffer() != 0 || (!t.is_variable() && !is_input[i] && !file.stored(t).empty());
    resolve_shape(t, e, is_input[i], notes);
  }
}

// `shape` normally holds 1 where the signature holds -1; old files hold -1 or 0 in `shape` itself.
void TensorTable::resolve_shape(const fb::Tensor& t, Entry& e, bool is_input, std::vector<std::string>& notes) {
  e.shape = values(t.shape());
  const auto signature = values(t.shape_signature());
  if (e.shape.size() > kMaxRank)
    throw Error(ErrorCode::unsupported, "Tensor '" + e.name + "' has " + std::to_string(e.shape.size()) +
                                            " dimensions; at most " + std::to_string(kMaxRank) + " are supported.");
  std::int64_t elements = 1;
  bool open_batch = false;
  for (std::size_t d = 0; d < e.shape.size(); ++d) {
    const bool open = e.shape[d] == -1 || (signature.size() == e.shape.size() && signature[d] == -1);
    if (e.shape[d] < -1) bad(e.name, "has shape " + to_string(e.shape));
    if (open && d == 0) {
      e.shape[0] = 1;
      open_batch = true;
    }
    if (open && d > 0) e.dynamic = true;
    if (e.shape[d] <= 0) {
      e.shape_known = false;
      continue;
    }
    elements *= e.shape[d];
    if (elements >= std::int64_t{1} << 31) bad(e.name, "claims " + to_string(e.shape) + ", more than 2^31 elements");
  }
  // Converters leave the shape of tensors of unknown rank empty, as for a scalar.
  if (e.shape.empty() && !t.has_rank() && !e.stored) e.shape_known = false;
  if (e.dynamic) e.shape_known = false;
  if (open_batch && is_input) notes.push_back("dynamic batch dimension of input '" + e.name + "' set to 1");
}

std::optional<Quant> TensorTable::quant(std::int32_t i) const {
  const auto* q = file_.tensor(static_cast<std::size_t>(i)).quantization();
  const Entry& e = at(i);
  if (!q) return std::nullopt;
  if (q->details_type() != fb::QuantizationDetails::NONE)
    throw Error(
        ErrorCode::unsupported,
        "tensor '" + e.name + "' is quantized by " +
            (q->details_type() == fb::QuantizationDetails::BlockwiseQuantization ? "blocks" : "a custom scheme"),
        "Quantize by tensor or by channel.");
  Quant out{values(q->scale()), {}, 0};
  if (out.scale.empty()) return std::nullopt;
  const auto zero = values(q->zero_point());
  const std::size_t n = out.scale.size();
  if (zero.size() > 1 && zero.size() != n)
    bad(e.name, "has " + std::to_string(n) + " scales but " + std::to_string(zero.size()) + " zero points");
  for (std::size_t k = 0; k < n; ++k) {
    if (!std::isfinite(out.scale[k]) || out.scale[k] < 0 || (out.scale[k] == 0 && !e.stored))
      bad(e.name, "has an impossible scale");
    const std::int64_t z = zero.empty() ? 0 : zero[zero.size() == 1 ? 0 : k];
    const std::int64_t lowest = e.type == fb::TensorType::UINT8 ? 0 : -128,
                       shift = e.type == fb::TensorType::UINT8 ? 128 : 0;
    if (is_int8(i) && (z < lowest || z > lowest + 255)) bad(e.name, "has zero point " + std::to_string(z));
    if (z < -(std::int64_t{1} << 31) || z >= std::int64_t{1} << 31) bad(e.name, "has an impossible zero point");
    out.zero_point.push_back(static_cast<std::int32_t>(z - shift));
  }
  if (n > 1) {
    out.axis = e.shape.size() == 1 ? 0 : q->quantized_dimension();  // old converters left a stale axis on biases
    if (out.axis < 0 || static_cast<std::size_t>(out.axis) >= e.shape.size() ||
        static_cast<std::size_t>(e.shape[static_cast<std::size_t>(out.axis)]) != n)
      bad(e.name,
          "has " + std::to_string(n) + " scales along axis " + std::to_string(out.axis) + " of " + to_string(e.shape));
  }
  return out;
}

const Tensor& TensorTable::constant(std::int32_t i) {
  Entry& e = at(i);
  if (!e.value) e.value = decode(i);
  return *e.value;
}

void TensorTable::set_constant(std::int32_t i, Tensor value) {
  account(value.bytes());
  value.name = name(i);
  at(i).shape = value.shape;
  at(i).shape_known = true;
  at(i).value = std::move(value);
}

void TensorTable::account(std::uint64_t bytes) {
  constant_bytes_ += bytes;
  if (constant_bytes_ > kMaxConstantBytes)
    throw Error(ErrorCode::damaged_model, "The constants of the model take more than 1 GiB.",
                "tinyc compresses models for microcontrollers; is this the right file?");
}

}  // namespace tinyc::tfl
