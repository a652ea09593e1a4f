#include "tinyc/graph.h"

#include <algorithm>
#include <cstring>

#include "tinyc/error.h"

namespace tinyc {

std::size_t size_of(DType t) noexcept {
  switch (t) {
    case DType::f32:
    case DType::i32: return 4;
    case DType::i16: return 2;
    case DType::i64: return 8;
    case DType::i8:
    case DType::boolean: return 1;
  }
  return 1;
}

const char* name_of(DType t) noexcept {
  constexpr const char* names[] = {"f32", "i8", "i16", "i32", "i64", "bool"};
  return names[static_cast<std::size_t>(t)];
}

const char* name_of(Stage s) noexcept {
  constexpr const char* names[] = {"float", "quantized", "coded"};
  return names[static_cast<std::size_t>(s)];
}

std::int64_t num_elements(const Shape& s) noexcept {
  std::int64_t n = 1;
  for (const auto d : s) n *= d;
  return n;
}

bool is_valid(const Shape& s) noexcept {
  std::int64_t n = 1;
  for (const auto d : s) {
    n *= std::max(d, 0);
    if (n == 0 || n >= (std::int64_t{1} << 31)) return false;
  }
  return true;
}

std::string to_string(const Shape& s) {
  std::string out = "[";
  for (std::size_t i = 0; i < s.size(); ++i) out.append(i ? "," : "").append(std::to_string(s[i]));
  return out + "]";
}

bool Tensor::operator==(const Tensor& o) const {
  const bool same_data = data == o.data || (data && o.data && *data == *o.data);
  return same_data && name == o.name && dtype == o.dtype && shape == o.shape && range == o.range && quant == o.quant &&
         coded == o.coded;
}

bool Graph::operator==(const Graph& o) const {
  const auto same_bytes = [](const SharedBytes& a, const SharedBytes& b) { return a == b || (a && b && *a == *b); };
  return name == o.name && stage == o.stage && tensors == o.tensors && nodes == o.nodes && inputs == o.inputs &&
         outputs == o.outputs &&
         std::equal(code_tables.begin(), code_tables.end(), o.code_tables.begin(), o.code_tables.end(), same_bytes);
}

namespace {
template <class T>
bool stores(DType d) {
  if constexpr (std::is_same_v<T, float>) return d == DType::f32;
  if constexpr (std::is_same_v<T, std::int8_t>) return d == DType::i8;
  if constexpr (std::is_same_v<T, std::int16_t>) return d == DType::i16;
  if constexpr (std::is_same_v<T, std::int32_t>) return d == DType::i32;
  if constexpr (std::is_same_v<T, std::int64_t>) return d == DType::i64;
  if constexpr (std::is_same_v<T, std::uint8_t>) return d == DType::boolean;
  return false;
}
}  // namespace

template <class T>
std::span<const T> Tensor::as() const {
  if (!data || !stores<T>(dtype))
    throw Error(ErrorCode::defect, "tensor '" + printable(name) + "' read as another type");
  return {reinterpret_cast<const T*>(data->data()), data->size() / sizeof(T)};
}
template std::span<const float> Tensor::as<float>() const;
template std::span<const std::int8_t> Tensor::as<std::int8_t>() const;
template std::span<const std::int16_t> Tensor::as<std::int16_t>() const;
template std::span<const std::int32_t> Tensor::as<std::int32_t>() const;
template std::span<const std::int64_t> Tensor::as<std::int64_t>() const;
template std::span<const std::uint8_t> Tensor::as<std::uint8_t>() const;

TensorId Graph::add(Tensor t) {
  tensors.push_back(std::move(t));
  return static_cast<TensorId>(tensors.size() - 1);
}

Tensor make_const(std::string name, Shape shape, std::span<const float> values) {
  Bytes bytes(values.size_bytes());
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return make_const(std::move(name), DType::f32, std::move(shape), std::move(bytes));
}

Tensor make_const(std::string name, DType dtype, Shape shape, Bytes bytes) {
  Tensor t;
  t.name = std::move(name);
  t.dtype = dtype;
  t.shape = std::move(shape);
  if (bytes.size() != t.bytes())
    throw Error(ErrorCode::defect, "constant '" + printable(t.name) + "' has " + std::to_string(bytes.size()) +
                                       " bytes, its shape needs " + std::to_string(t.bytes()));
  t.data = std::make_shared<const Bytes>(std::move(bytes));
  return t;
}

Uses::Uses(const Graph& g)
    : producer(g.tensors.size(), -1), consumers(g.tensors.size()), is_output(g.tensors.size(), 0) {
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    for (const auto id : g.nodes[i].inputs)
      if (id != kNoTensor) consumers[static_cast<std::size_t>(id)].push_back(static_cast<std::int32_t>(i));
    for (const auto id : g.nodes[i].outputs) producer[static_cast<std::size_t>(id)] = static_cast<std::int32_t>(i);
  }
  for (const auto id : g.outputs) is_output[static_cast<std::size_t>(id)] = 1;
}

bool Uses::single_use(TensorId id) const {
  const auto i = static_cast<std::size_t>(id);
  return consumers[i].size() == 1 && !is_output[i];
}

void remove_unused(Graph& g) {
  std::vector<std::uint8_t> needed(g.tensors.size(), 0);
  for (const auto id : g.outputs) needed[static_cast<std::size_t>(id)] = 1;
  std::vector<Node> kept;
  for (auto it = g.nodes.rbegin(); it != g.nodes.rend(); ++it) {
    const bool used = std::any_of(it->outputs.begin(), it->outputs.end(),
                                  [&](TensorId t) { return needed[static_cast<std::size_t>(t)] != 0; });
    if (!used) continue;
    for (const auto t : it->outputs) needed[static_cast<std::size_t>(t)] = 1;
    for (const auto t : it->inputs)
      if (t != kNoTensor) needed[static_cast<std::size_t>(t)] = 1;
    kept.push_back(std::move(*it));
  }
  std::reverse(kept.begin(), kept.end());
  g.nodes = std::move(kept);
  for (const auto id : g.inputs) needed[static_cast<std::size_t>(id)] = 1;
  std::vector<TensorId> renumbered(g.tensors.size(), kNoTensor);
  std::vector<Tensor> tensors;
  for (std::size_t i = 0; i < g.tensors.size(); ++i) {
    if (!needed[i]) continue;
    renumbered[i] = static_cast<TensorId>(tensors.size());
    tensors.push_back(std::move(g.tensors[i]));
  }
  g.tensors = std::move(tensors);
  const auto renumber = [&](std::vector<TensorId>& ids) {
    for (auto& id : ids)
      if (id != kNoTensor) id = renumbered[static_cast<std::size_t>(id)];
  };
  for (auto& n : g.nodes) {
    renumber(n.inputs);
    renumber(n.outputs);
  }
  renumber(g.inputs);
  renumber(g.outputs);
}

}  // namespace tinyc
