// From a file to a verified graph: fold what is constant, choose the stage, strip conversions at the ends, import
// operator by operator, collecting everything that is not supported.
#include "tinyc/import.h"

#include <algorithm>

#include "tflite/facts.h"
#include "tflite/int_eval.h"
#include "tflite/op_case.h"
#include "tinyc/dataset.h"
#include "tinyc/error.h"
#include "tinyc/program.h"

namespace tinyc {
namespace tfl {
namespace {

using B = fb::BuiltinOperator;

// Newer versions of an operator than any known one may mean something else.
constexpr std::int32_t kMaxVersion = 16;

class Importer {
 public:
  Importer(std::span<const std::uint8_t> bytes, const std::string& path)
      : file_(bytes, path),
        tensors_(file_, notes_),
        facts_(file_facts(file_, tensors_, bytes)),
        state_(file_.op_count(), State::live),
        boundary_(file_.op_count(), 0) {}

  /// The graph is complete only when facts.unsupported stays empty.
  Import run() {
    check_single_writers();
    fold();
    take_cast_inputs();
    GraphBuilder builder(tensors_, choose_stage());
    add_inputs(builder);
    for (std::size_t i = 0; i < file_.op_count(); ++i)
      if (state_[i] == State::refused) block_outputs(builder, i);
    for (std::size_t i = 0; i < file_.op_count(); ++i)
      if (state_[i] == State::live && !attempt(static_cast<int>(i), [&] { import_one(builder, i); }))
        block_outputs(builder, i);
    add_outputs(builder);
    if (facts_.unsupported.empty()) attempt(-1, [&] { builder.check_index_types(); });
    facts_.params = builder.params();
    facts_.notes = notes_;
    std::ranges::stable_sort(facts_.unsupported, {}, &ModelFacts::Unsupported::node);
    if (facts_.unsupported.empty()) {
      for (auto& n : builder.graph.nodes)
        n.name = builder.graph.at(n.outputs[0]).name;  // outputs may have been renamed
      remove_unused(builder.graph);
      verify(builder.graph);
      check_sizes(builder.graph);
    }
    return {std::move(builder.graph), std::move(facts_)};
  }

 private:
  enum class State : std::uint8_t { live, folded, refused };

  static std::vector<std::int32_t> present(const flatbuffers::Vector<std::int32_t>* ids) {
    auto out = values(ids);
    std::erase(out, -1);
    return out;
  }

  void unsupported(int node, const std::string& why, const std::string& hint) {
    const std::string text = hint.empty() ? why : why + "; " + hint;
    if (node < 0) return facts_.unsupported.push_back({node, "model", "", text});
    const auto& op = file_.op(static_cast<std::size_t>(node));
    const auto outputs = values(op.outputs());
    facts_.unsupported.push_back({node, file_.op_name(op), outputs.empty() ? "" : tensors_.name(outputs[0]), text});
  }

  // Runs a step; what it does not support is recorded for the node and ends only that step.
  template <class F>
  bool attempt(int node, F step) {
    try {
      step();
      return true;
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::unsupported) throw;
      unsupported(node, e.what(), e.hint());
      return false;
    }
  }

  void check_single_writers() const {
    std::vector<std::uint8_t> written(file_.tensor_count(), 0);
    const auto write = [&](std::int32_t t, const std::string& who) {
      if (tensors_.is_constant(t) || written[static_cast<std::size_t>(t)]++)
        throw Error(ErrorCode::damaged_model,
                    "Tensor '" + tensors_.name(t) + "' is written by " + who + " but already has a value.",
                    "The file is damaged; export it again.");
    };
    for (const auto t : file_.inputs()) write(t, "the model's input list");
    for (std::size_t i = 0; i < file_.op_count(); ++i)
      for (const auto t : values(file_.op(i).outputs())) write(t, "operator " + std::to_string(i));
  }

  // Before anything is allocated for them.
  void check_sizes(const Graph& g) {
    for (const Tensor& t : g.tensors)
      if (!t.is_const() && num_elements(t.shape) > std::int64_t{kMaxArenaBytes})
        unsupported(-1, "activation '" + t.name + "' of shape " + to_string(t.shape) + " takes over 256 MiB as int8",
                    "");
  }

  void refuse(std::size_t i, const std::string& why, const std::string& hint) {
    unsupported(static_cast<int>(i), why, hint);
    state_[i] = State::refused;
  }

  // Evaluates what is constant; what then remains must be an operator that tinyc has.
  void fold() {
    for (std::size_t i = 0; i < file_.op_count(); ++i) {
      const auto& op = file_.op(i);
      const B code = file_.code(op);
      if (file_.version(op) > kMaxVersion) {
        refuse(i, "version " + std::to_string(file_.version(op)) + " of the operator is unknown",
               "convert with an older converter");
      } else if (bool folded = false;
                 !attempt(static_cast<int>(i), [&] { folded = fold_operator(file_, op, tensors_); })) {
        state_[i] = State::refused;
      } else if (folded) {
        state_[i] = State::folded;
      } else if (!is_supported(code, file_.custom_name(op))) {
        refuse(i, "not supported", advice(code));
      }
    }
  }

  // Inputs of whole numbers that are only cast to float32 are real inputs with few values.
  void take_cast_inputs() {
    std::vector<std::uint8_t> cast(file_.tensor_count(), 0), other(file_.tensor_count(), 0);
    for (std::size_t i = 0; i < file_.op_count(); ++i) {
      if (state_[i] != State::live) continue;
      const auto& op = file_.op(i);
      const auto outputs = values(op.outputs());
      const bool to_float = file_.code(op) == B::CAST && !outputs.empty() && tensors_.is_float(outputs[0]);
      for (const auto t : present(op.inputs())) (to_float ? cast : other)[static_cast<std::size_t>(t)] = 1;
    }
    for (const auto t : file_.outputs()) other[static_cast<std::size_t>(t)] = 1;
    for (const auto t : file_.inputs())
      if (cast[static_cast<std::size_t>(t)] && !other[static_cast<std::size_t>(t)]) tensors_.take_by_value(t);
  }

  // How many live operators read each tensor, and which writes it.
  struct Links {
    std::vector<std::int32_t> readers, reader, writer;
  };
  Links links() const {
    const std::size_t n = file_.tensor_count();
    Links l{std::vector<std::int32_t>(n, 0), std::vector<std::int32_t>(n, -1), std::vector<std::int32_t>(n, -1)};
    for (std::size_t i = 0; i < file_.op_count(); ++i) {
      if (state_[i] != State::live) continue;
      for (const auto t : present(file_.op(i).inputs())) {
        ++l.readers[static_cast<std::size_t>(t)];
        l.reader[static_cast<std::size_t>(t)] = static_cast<std::int32_t>(i);
      }
      for (const auto t : values(file_.op(i).outputs()))
        l.writer[static_cast<std::size_t>(t)] = static_cast<std::int32_t>(i);
    }
    return l;
  }

  bool is_output(std::int32_t t) const { return std::ranges::find(file_.outputs(), t) != file_.outputs().end(); }

  // An integer model with float ends: inputs that only QUANTIZE reads, outputs that DEQUANTIZE writes. Both conversions
  // are dropped; the graph then begins and ends with the integers.
  std::vector<std::int32_t> boundary_operators() const {
    const Links l = links();
    const auto single = [&](std::int32_t op, B code) {
      return op >= 0 && file_.code(file_.op(static_cast<std::size_t>(op))) == code &&
             present(file_.op(static_cast<std::size_t>(op)).inputs()).size() == 1 &&
             present(file_.op(static_cast<std::size_t>(op)).outputs()).size() == 1;
    };
    std::vector<std::int32_t> out;
    for (const auto t : file_.inputs()) {
      const auto i = static_cast<std::size_t>(t);
      if (tensors_.is_float(t) && l.readers[i] == 1 && single(l.reader[i], B::QUANTIZE) && !is_output(t))
        out.push_back(l.reader[i]);
    }
    for (const auto t : file_.outputs()) {
      const auto i = static_cast<std::size_t>(t);
      if (tensors_.is_float(t) && l.readers[i] == 0 && single(l.writer[i], B::DEQUANTIZE)) out.push_back(l.writer[i]);
    }
    std::ranges::sort(out);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }

  Stage choose_stage() {
    std::vector<std::uint8_t> at_boundary(file_.op_count(), 0);
    const auto boundary = boundary_operators();
    for (const auto i : boundary) at_boundary[static_cast<std::size_t>(i)] = 1;
    bool floats = false, ints = false;
    const auto look = [&](std::int32_t t) {
      if (tensors_.is_constant(t)) return;
      floats |= tensors_.is_float(t);
      ints |= tensors_.is_int8(t);
    };
    for (std::size_t i = 0; i < file_.op_count(); ++i) {
      if (state_[i] != State::live || at_boundary[i]) continue;
      for (const auto t : present(file_.op(i).inputs())) look(t);
      for (const auto t : values(file_.op(i).outputs())) look(t);
    }
    if (!ints || floats) {
      if (ints) notes_.push_back("int8 and float activations are mixed: everything is taken as float");
      return Stage::Float;
    }
    boundary_ = std::move(at_boundary);
    if (!boundary.empty())
      notes_.push_back("float inputs and outputs around an int8 core: the graph begins and ends with the integers");
    for (const auto i : boundary) {
      const auto& op = file_.op(static_cast<std::size_t>(i));
      if (file_.code(op) == B::QUANTIZE) integer_input_[present(op.inputs())[0]] = values(op.outputs())[0];
    }
    return Stage::Quantized;
  }

  void add_inputs(GraphBuilder& b) {
    if (file_.inputs().empty())
      throw Error(ErrorCode::damaged_model, "The model has no input: its outputs are constants.",
                  "Export it with the tensors that change as inputs.");
    for (const auto t : file_.inputs()) {
      const auto found = integer_input_.find(t);
      const auto side = found == integer_input_.end() ? t : found->second;
      const bool ok = attempt(-1, [&] {
        if (tensors_.dynamic(t) || !tensors_.shape_known(t))
          throw Error(
              ErrorCode::unsupported,
              "input '" + tensors_.name(t) + "' has dimensions that are not fixed: " + to_string(tensors_.shape(t)),
              "convert the model with a fixed input shape");
        const auto id = b.activation(side);
        b.graph.at(id).shape = tensors_.shape(t);
        b.check_shape(side, id);
        b.graph.inputs.push_back(id);
        b.rename(id, tensors_.name(t));
      });
      if (!ok) blocked_.insert(side);
    }
  }

  void import_one(GraphBuilder& b, std::size_t i) {
    const auto& op = file_.op(i);
    if (boundary_[i] && file_.code(op) == B::QUANTIZE) return;  // its integers are the graph's input
    if (std::ranges::any_of(present(op.inputs()), [&](std::int32_t t) { return blocked_.contains(t); }))
      return block_outputs(b, i);
    for (const auto t : present(op.inputs()))
      if (!b.available(t) && !tensors_.variable(t))  // a state is refused where it is used
        throw Error(
            ErrorCode::damaged_model,
            "Operator " + std::to_string(i) + " reads tensor '" + tensors_.name(t) + "' before anything writes it.",
            "The file is damaged; export it again.");
    if (boundary_[i]) return b.alias(values(op.outputs())[0], b.activation(present(op.inputs())[0]));
    OpImport c(file_, b, i);
    import_operator(c);
  }

  // After a refused operator the import goes on, to find all others: with the shape that the file states, or, where it
  // states none, not beyond the tensor.
  void block_outputs(GraphBuilder& b, std::size_t i) {
    for (const auto t : present(file_.op(i).inputs()))
      if (tensors_.is_constant(t)) b.count(t);
    for (const auto t : values(file_.op(i).outputs())) {
      try {
        if (tensors_.shape_known(t) && b.activation(t) != kNoTensor) continue;
      } catch (const Error& e) {
        if (e.kind() != ErrorKind::unsupported) throw;
      }
      blocked_.insert(t);
    }
  }

  void add_outputs(GraphBuilder& b) {
    for (const auto t : file_.outputs()) {
      if (blocked_.contains(t)) continue;
      attempt(-1, [&] {
        if (tensors_.is_constant(t))
          throw Error(ErrorCode::unsupported, "output '" + tensors_.name(t) + "' does not depend on the input",
                      "remove it from the model's outputs");
        if (!b.available(t))
          throw Error(ErrorCode::damaged_model, "Output '" + tensors_.name(t) + "' is never written.",
                      "The file is damaged; export it again.");
        const auto id = b.activation(t);
        const bool shared = std::ranges::count(b.graph.inputs, id) + std::ranges::count(b.graph.outputs, id) > 0;
        if (!shared) b.rename(id, tensors_.name(t));
        b.graph.outputs.push_back(id);
      });
    }
    if (file_.outputs().empty())
      throw Error(ErrorCode::damaged_model, "The model has no output.", "The file is damaged; export it again.");
  }

  std::vector<std::string> notes_;
  ModelFile file_;
  TensorTable tensors_;
  ModelFacts facts_;
  std::vector<State> state_;                            // by operator
  std::vector<std::uint8_t> boundary_;                  // by operator: a conversion at a float end that is dropped
  std::map<std::int32_t, std::int32_t> integer_input_;  // float input -> the integers behind its QUANTIZE
  std::set<std::int32_t> blocked_;                      // tensors that a refused operator leaves without a known shape
};

}  // namespace
}  // namespace tfl

Import import_tflite(std::span<const std::uint8_t> file, const std::string& path) {
  Import result = tfl::Importer(file, path).run();
  if (!result.facts.unsupported.empty()) tfl::throw_unsupported(result.facts.unsupported, path);
  return result;
}

Import import_tflite(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    const bool saved_model = std::filesystem::exists(path / "saved_model.pb", ignored);
    throw Error(
        ErrorCode::not_a_model,
        "'" + printable(path.string()) + "' is a folder" +
            (saved_model ? " with a TensorFlow SavedModel." : ", not a model file."),
        saved_model ? "Convert it with tf.lite.TFLiteConverter.from_saved_model." : "Name the .tflite file itself.");
  }
  return import_tflite(read_file(path, ErrorKind::input), path.string());
}

ModelFacts inspect_tflite(std::span<const std::uint8_t> file, const std::string& path) {
  return tfl::Importer(file, path).run().facts;
}

}  // namespace tinyc
