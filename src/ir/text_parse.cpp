// Parsing of the text form; the grammar is in text_format.h. The text may be hostile: nothing is allocated by a size
// that it only claims, and there is no recursion.
#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>

#include "ir/text_format.h"
#include "ir/text_tensor.h"
#include "tinyc/text.h"

namespace tinyc {
namespace {

class Parser {
 public:
  explicit Parser(const std::string& s) : in_(s) {}

  Graph run() {
    if (in_.accept_word("graph")) {
      if (in_.peek() == '"') g_.name = in_.quoted();
      for (const auto stage : text::kStages)
        if (in_.accept_word(name_of(stage))) g_.stage = stage;
    }
    while (!in_.at_end()) statement();
    restore_ids();
    try {
      verify(g_);
    } catch (const Error& e) {
      throw Error(ErrorCode::graph_text, std::string("graph text: ") + e.what(), e.hint());
    }
    return std::move(g_);
  }

 private:
  struct Name {
    std::string name, key;
    std::optional<TensorId> id;  // as written; else the next one
    std::size_t at = 0;
  };

  void statement() {
    if (in_.accept_word("code_table")) {
      if (g_.code_tables.size() == text::kMaxItems) in_.fail("too many code tables");
      g_.code_tables.push_back(std::make_shared<const Bytes>(in_.hex(std::numeric_limits<std::size_t>::max())));
    } else if (in_.accept_word("output")) {
      do g_.outputs.push_back(operand_name());
      while (in_.accept(','));
    } else if (in_.peek() == '%') {
      definition();
    } else {
      in_.fail("a statement (%name = ..., output, code_table) expected");
    }
  }

  void definition() {
    std::vector<Name> names;
    do {
      Name n;
      n.at = in_.position();
      n.name = in_.name(n.key);
      if (in_.accept('@')) n.id = in_.number<TensorId>();
      names.push_back(std::move(n));
      if (names.size() > text::kMaxItems) in_.fail("too many outputs");
    } while (in_.accept(','));
    in_.expect('=');
    const auto word = in_.peek_word();
    OpData op;
    if (word == "input" || word == "unused") {
      const bool input = word == "input";
      in_.word("");
      Tensor t;
      tensors_.type(t);
      tensors_.facts(t);
      const auto id = single(names, std::move(t));
      if (input) g_.inputs.push_back(id);
    } else if (make_op(std::string(word), op)) {
      node(names, std::move(op));
    } else {
      single(names, tensors_.constant("input, const, unused, random, zeros, fill or an operator"));
    }
  }

  TensorId single(const std::vector<Name>& names, Tensor t) {
    if (names.size() != 1) in_.fail("one name expected before '='", names[1].at);
    return define(names[0], std::move(t));
  }

  TensorId define(const Name& n, Tensor t) {
    t.name = n.name;
    if (n.id) next_id_ = *n.id;
    const auto place = add(std::move(t));
    if (!ids_.emplace(n.key, place).second) in_.fail(printable(n.key) + " is defined twice", n.at);
    return place;
  }

  TensorId add(Tensor t) {
    if (g_.tensors.size() == text::kMaxItems) in_.fail("too many tensors");
    wanted_.push_back(next_id_++);
    return g_.add(std::move(t));
  }

  TensorId operand_name() {
    const auto at = in_.position();
    std::string key;
    in_.name(key);
    const auto found = ids_.find(key);
    if (found == ids_.end()) in_.fail(printable(key) + " is not defined", at);
    return found->second;
  }

  void node(const std::vector<Name>& names, OpData op) {
    const auto at = in_.position();
    const OpTraits& traits_of_op = traits(op);
    Node n;
    n.op = std::move(op);
    n.name = names[0].name;
    in_.word("");
    in_.expect('(');
    if (!in_.accept(')')) {
      do {
        if (n.inputs.size() == text::kMaxItems) in_.fail("too many operands");
        if (in_.accept_word("_")) {
          if (n.inputs.size() < static_cast<std::size_t>(traits_of_op.min_inputs))
            in_.fail("this operand is not optional", at);
          n.inputs.push_back(kNoTensor);
        } else if (in_.peek() == '%') {
          n.inputs.push_back(operand_name());
        } else {
          Tensor t = tensors_.constant("an operand");
          t.name = names[0].name + "/in" + std::to_string(n.inputs.size());
          n.inputs.push_back(add(std::move(t)));
        }
      } while (in_.accept(','));
      in_.expect(')');
    }
    const auto count = static_cast<std::int32_t>(n.inputs.size());
    if (count < traits_of_op.min_inputs || (traits_of_op.max_inputs >= 0 && count > traits_of_op.max_inputs))
      in_.fail(std::string(traits_of_op.name) + " does not take " + std::to_string(count) + " operands", at);
    attributes(n);
    std::vector<std::optional<Shape>> shapes(names.size());
    bool more = in_.accept(':');
    for (std::size_t i = 0; i < names.size(); ++i) {
      Tensor t;
      t.dtype = g_.stage == Stage::Float ? DType::f32 : DType::i8;
      if (more) {
        if (tensors_.peek_type()) {
          tensors_.type(t);
          shapes[i] = t.shape;
        }
        tensors_.facts(t);
        more = i + 1 < names.size() && in_.accept(',');
      }
      n.outputs.push_back(define(names[i], std::move(t)));
    }
    if (std::any_of(shapes.begin(), shapes.end(), [](const auto& s) { return !s; })) {
      try {
        infer_shapes(g_, n);
      } catch (const Error& e) {
        in_.fail(e.what(), at);
      } catch (const std::out_of_range&) {
        in_.fail(std::string(traits_of_op.name) + " has fewer outputs than names before '='", at);
      }
      for (std::size_t i = 0; i < names.size(); ++i)
        if (shapes[i]) g_.at(n.outputs[i]).shape = *shapes[i];
    }
    g_.nodes.push_back(std::move(n));
  }

  void attributes(Node& n) {
    for (std::string key; in_.accept_key(key);) {
      if (key == "name") {
        n.name = in_.quoted();
      } else if (key == "source") {
        n.source = in_.number<std::int32_t>();
      } else {
        bool known = false;
        visit_fields(n.op, [&](const char* name, auto& field) {
          if (key == name) {
            value(field);
            known = true;
          }
        });
        if (!known) in_.fail("unknown attribute '" + printable(key) + "'");
      }
    }
  }

  void value(bool& v) {
    v = in_.accept_word("true");
    if (!v && !in_.accept_word("false")) in_.fail("true or false expected");
  }
  void value(std::int32_t& v) { v = in_.number<std::int32_t>(); }
  void value(float& v) { v = in_.number<float>(); }
  void value(Act& v) {
    for (std::size_t i = 0; i < text::kActs.size(); ++i)
      if (in_.accept_word(text::kActs[i])) {
        v = static_cast<Act>(i);
        return;
      }
    in_.fail("an activation (none, relu, relu6, relu_n1_to_1) expected");
  }
  void value(Pair& v) {
    value(v.h);
    v.w = v.h;  // `stride=2` is `stride=2,2`
    if (in_.accept(',')) value(v.w);
  }
  void value(Ints& v) { v = tensors_.ints(); }
  void value(Pads& v) {
    value(v.top);
    in_.expect(',');
    value(v.bottom);
    in_.expect(',');
    value(v.left);
    in_.expect(',');
    value(v.right);
  }
  /// Tensors are stored in the order of the text; the ids they asked for are a permutation of it.
  void restore_ids() {
    const auto n = g_.tensors.size();
    std::vector<std::uint8_t> taken(n, 0);
    for (const auto id : wanted_) {
      if (id < 0 || static_cast<std::uint64_t>(id) >= n || taken[static_cast<std::size_t>(id)])
        in_.fail("the tensor ids (@N) are not 0 to " + std::to_string(n - 1) + ", each once");
      taken[static_cast<std::size_t>(id)] = 1;
    }
    std::vector<Tensor> tensors(n);
    for (std::size_t i = 0; i < n; ++i) tensors[static_cast<std::size_t>(wanted_[i])] = std::move(g_.tensors[i]);
    g_.tensors = std::move(tensors);
    const auto rename = [&](std::vector<TensorId>& ids) {
      for (auto& id : ids)
        if (id != kNoTensor) id = static_cast<TensorId>(wanted_[static_cast<std::size_t>(id)]);
    };
    for (auto& node : g_.nodes) {
      rename(node.inputs);
      rename(node.outputs);
    }
    rename(g_.inputs);
    rename(g_.outputs);
  }

  text::Scanner in_;
  text::TensorReader tensors_{in_};
  Graph g_;
  std::map<std::string, TensorId> ids_;  // by the text that identifies a tensor
  std::vector<std::int64_t> wanted_;     // by place in g_.tensors
  std::int64_t next_id_ = 0;
};

}  // namespace

Graph parse(const std::string& text) { return Parser(text).run(); }

}  // namespace tinyc
