// Printing of the text form; the grammar is in text_format.h.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <set>
#include <type_traits>

#include "ir/text_format.h"
#include "tinyc/text.h"

namespace tinyc {
namespace {

template <class T>
std::string number(T v) {
  char buffer[32];
  return {buffer,
          std::to_chars(buffer, buffer + sizeof buffer, v).ptr};  // floats: the shortest text that reads back equal
}

std::string quoted(const std::string& s) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : s) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (u < 0x20 || u >= 0x7f) {
      out += "\\x";
      out += digits[u >> 4];
      out += digits[u & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string hex(const Bytes& bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out = "hex\"";
  out.reserve(bytes.size() * 2 + 5);
  for (const auto b : bytes) {
    out += digits[b >> 4];
    out += digits[b & 15];
  }
  return out + '"';
}

std::string digest(const Bytes& bytes) {
  std::uint64_t h = 0xcbf29ce484222325u;
  for (const auto b : bytes) h = (h ^ b) * 0x100000001b3u;
  char buffer[16];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, h, 16).ptr;
  return "data(" + number(bytes.size()) + " bytes, fnv " + std::string(buffer, end) + ")";
}

std::string value_text(bool v) { return v ? "true" : "false"; }
std::string value_text(std::int32_t v) { return number(v); }
std::string value_text(float v) { return number(v); }
std::string value_text(Act v) { return std::string(text::kActs.at(static_cast<std::size_t>(v))); }
std::string value_text(const Pair& v) { return number(v.h) + "," + number(v.w); }
std::string value_text(const Pads& v) {
  return number(v.top) + "," + number(v.bottom) + "," + number(v.left) + "," + number(v.right);
}
std::string value_text(const Ints& v) { return to_string(v); }

/// ` name=value` for every attribute that differs from its default.
std::string attributes(const OpData& op) {
  OpData defaults;
  make_op(name_of(kind(op)), defaults);
  std::vector<std::string> default_text;
  visit_fields(defaults, [&](const char*, const auto& field) { default_text.push_back(value_text(field)); });
  std::string out;
  std::size_t i = 0;
  visit_fields(op, [&](const char* name, const auto& field) {
    if (const auto v = value_text(field); v != default_text[i++]) out += std::string(" ") + name + "=" + v;
  });
  return out;
}

template <class T>
std::string list_of(const Bytes& bytes) {
  std::string out = "[";
  for (std::size_t at = 0; at + sizeof(T) <= bytes.size(); at += sizeof(T)) {
    T v;
    std::memcpy(&v, bytes.data() + at, sizeof v);
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(v)) return hex(bytes);  // a NaN's payload has no other exact text
    }
    if (at) out += ", ";
    out += sizeof(T) == 1 ? number(static_cast<int>(v)) : number(v);
  }
  return out + "]";
}

class Printer {
 public:
  Printer(const Graph& g, bool elide) : g_(g), elide_(elide), printed_(g.tensors.size(), 0) { choose_names(); }

  std::string run() {
    out_ = "graph " + quoted(g_.name) + " " + name_of(g_.stage) + "\n";
    for (const auto& table : g_.code_tables) out_ += "code_table " + bytes_text(table) + "\n";
    for (const auto id : g_.inputs) out_ += define(id) + " = input" + facts(id) + "\n";
    std::vector<std::uint8_t> written(g_.tensors.size(), 0);
    for (const auto& n : g_.nodes)
      for (const auto id : n.outputs)
        if (valid(id)) written[static_cast<std::size_t>(id)] = 1;
    for (std::size_t i = 0; i < g_.tensors.size(); ++i)
      if (!written[i] && !printed_[i]) waiting_.insert(static_cast<TensorId>(i));
    for (const auto& n : g_.nodes) node(n);
    while (!waiting_.empty()) leaf(*waiting_.begin());
    if (!g_.outputs.empty()) out_ += "output " + list(g_.outputs) + "\n";
    return std::move(out_);
  }

 private:
  bool valid(TensorId id) const { return id >= 0 && static_cast<std::size_t>(id) < g_.tensors.size(); }

  void choose_names() {
    std::set<std::string> taken;
    for (std::size_t i = 0; i < g_.tensors.size(); ++i) {
      const std::string& name = g_.tensors[i].name;
      const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), text::is_name_char);
      std::string shown = "%" + (plain ? name : quoted(name));
      if (!taken.insert(shown).second) shown += "#" + number(i);
      names_.push_back(std::move(shown));
    }
  }

  /// Bad ids print too: the form is also there to look at a broken graph.
  std::string name(TensorId id) const {
    if (id == kNoTensor) return "_";
    return valid(id) ? names_[static_cast<std::size_t>(id)] : "%<bad id " + number(id) + ">";
  }

  std::string list(const std::vector<TensorId>& ids) const {
    std::string out;
    for (std::size_t i = 0; i < ids.size(); ++i) out += (i ? ", " : "") + name(ids[i]);
    return out;
  }

  /// The name at the place of definition, with the id where it is not the next one.
  std::string define(TensorId id) {
    std::string out = name(id);
    if (!valid(id)) return out;
    printed_[static_cast<std::size_t>(id)] = 1;
    if (id != next_id_) out += "@" + number(id);
    next_id_ = id + 1;
    return out;
  }

  std::string bytes_text(const SharedBytes& b) const {
    if (!b) return "hex\"\"";
    return elide_ && b->size() > text::kShortList ? digest(*b) : hex(*b);
  }

  std::string payload(const Tensor& t) const {
    const std::size_t elements = t.data->size() / size_of(t.dtype);
    if (elements > text::kShortList) return elide_ ? digest(*t.data) : hex(*t.data);
    switch (t.dtype) {
      case DType::f32: return list_of<float>(*t.data);
      case DType::i8: return list_of<std::int8_t>(*t.data);
      case DType::i16: return list_of<std::int16_t>(*t.data);
      case DType::i32: return list_of<std::int32_t>(*t.data);
      case DType::i64: return list_of<std::int64_t>(*t.data);
      case DType::boolean: return list_of<std::uint8_t>(*t.data);
    }
    return {};
  }

  /// Type, payload, quantization, coded form and range of a tensor, each with a space before it.
  std::string facts(TensorId id) const {
    if (!valid(id)) return {};
    const Tensor& t = g_.at(id);
    std::string out = std::string(" ") + name_of(t.dtype) + to_string(t.shape);
    if (t.data) out += " " + payload(t);
    if (t.quant) {
      out += " quant(";
      if (t.quant->axis != 0) out += "axis=" + number(t.quant->axis) + ", ";
      for (std::size_t i = 0; i < t.quant->scale.size(); ++i) {
        out += (i ? ", " : "") + number(t.quant->scale[i]);
        if (i < t.quant->zero_point.size() && t.quant->zero_point[i] != 0) out += ":" + number(t.quant->zero_point[i]);
      }
      out += ")";
    }
    if (t.coded) out += " coded(" + number(t.coded->table) + ", " + bytes_text(t.coded->stream) + ")";
    if (t.range) out += " range(" + number(t.range->min) + "," + number(t.range->max) + ")";
    return out;
  }

  void leaf(TensorId id) {
    waiting_.erase(id);
    const std::string head = define(id);
    out_ += head + (g_.at(id).data ? " = const" : " = unused") + facts(id) + "\n";
  }

  void node(const Node& n) {
    // Constants come in the order of their ids as far as their uses allow, so that few ids must be spelled out.
    const TensorId first = n.outputs.empty() ? 0 : n.outputs[0];
    while (!waiting_.empty() && *waiting_.begin() < first) leaf(*waiting_.begin());
    std::set<TensorId> used;
    for (const auto id : n.inputs)
      if (waiting_.count(id)) used.insert(id);
    for (const auto id : used) leaf(id);
    for (std::size_t i = 0; i < n.outputs.size(); ++i) out_ += (i ? ", " : "") + define(n.outputs[i]);
    out_ += std::string(" = ") + name_of(kind(n.op)) + "(" + list(n.inputs) + ")" + attributes(n.op);
    if (n.outputs.empty() || !valid(n.outputs[0]) || n.name != g_.at(n.outputs[0]).name)
      out_ += " name=" + quoted(n.name);
    if (n.source != -1) out_ += " source=" + number(n.source);
    for (std::size_t i = 0; i < n.outputs.size(); ++i) out_ += (i ? "," : " :") + facts(n.outputs[i]);
    out_ += "\n";
  }

  const Graph& g_;
  const bool elide_;
  std::string out_;
  std::vector<std::string> names_;
  std::vector<std::uint8_t> printed_;
  std::set<TensorId> waiting_;  // constants and unused tensors not printed yet
  TensorId next_id_ = 0;
};

}  // namespace

std::string print(const Graph& g, bool elide_data) { return Printer(g, elide_data).run(); }

}  // namespace tinyc
