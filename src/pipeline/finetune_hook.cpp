#include "pipeline/finetune_hook.h"

#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "pipeline/child_process.h"
#include "tinyc/error.h"
#include "tinyc/import.h"
#include "tinyc/parallel.h"

namespace fs = std::filesystem;

namespace tinyc {
namespace {

using nlohmann::ordered_json;

// The folder given to the command. Removed unless it is to be looked at.
class Folder {
 public:
  Folder() {
    std::error_code error;
    std::string name = (fs::temp_directory_path(error) / "tinyc_hook.XXXXXX").string();
    if (error || !::mkdtemp(name.data()))
      throw Error(ErrorCode::cannot_write, "no folder for the fine-tuning hook can be made",
                  "set TMPDIR to a writable folder");
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    if (!kept_) fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  void keep() { kept_ = true; }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  bool kept_ = false;
  InterruptHold hold_;
};

/// The student as it is written: every tensor has a name of its own, by which it is found again.
Graph named(const Graph& student) {
  Graph g = student;
  std::set<std::string> taken;
  for (std::size_t i = 0; i < g.tensors.size(); ++i) {
    std::string& name = g.tensors[i].name;
    if (name.empty() || name.size() > 100 || taken.contains(name)) {
      name.resize(std::min<std::size_t>(name.size(), 80));
      name += "_t" + std::to_string(i);
    }
    taken.insert(name);
  }
  return g;
}

bool is_weight(const Graph& g, const Node& n, std::size_t input) {
  const TensorId id = n.inputs[input];
  return id != kNoTensor && static_cast<std::int32_t>(input) == traits(n.op).quant.weight && g.at(id).is_const() &&
         g.at(id).dtype == DType::f32 && g.at(id).shape.size() >= 2;
}

/// A float constant that may change, with what it is.
struct Trainable {
  TensorId id;
  bool weight;
  std::size_t zeros;  ///< of weights: those that must stay
};

std::vector<Trainable> trainable_of(const Graph& g) {
  std::vector<Trainable> list;
  std::set<TensorId> seen;
  for (const Node& n : g.nodes)
    for (std::size_t i = 0; i < n.inputs.size(); ++i) {
      const TensorId id = n.inputs[i];
      const bool weight = is_weight(g, n, i);
      const bool bias = static_cast<std::int32_t>(i) == traits(n.op).quant.bias || kind(n.op) == OpKind::prelu;
      if (id == kNoTensor || !(weight || bias) || !g.at(id).is_const() || g.at(id).dtype != DType::f32) continue;
      if (!seen.insert(id).second) continue;
      const auto v = g.at(id).as<float>();
      list.push_back({id, weight, weight ? static_cast<std::size_t>(std::ranges::count(v, 0.0f)) : 0});
    }
  return list;
}

std::vector<Array> masks_of(const Graph& g, const std::vector<Trainable>& trainable) {
  std::vector<Array> masks;
  for (const Trainable& t : trainable) {
    if (t.zeros == 0) continue;
    const Tensor& w = g.at(t.id);
    Array& mask = masks.emplace_back();
    mask.name = w.name;
    mask.type = Array::Type::u8;
    mask.shape.assign(w.shape.begin(), w.shape.end());
    for (const float v : w.as<float>()) mask.data.push_back(v != 0.0f);
  }
  return masks;
}

Array rows_of(const Array& a, const std::string& name, const std::vector<std::size_t>& rows) {
  Array part;
  part.name = name;
  part.type = a.type;
  part.shape = a.shape;
  part.shape.at(0) = static_cast<std::int64_t>(rows.size());
  const std::size_t bytes = a.row_elements() * size_of(a.type);
  part.data.reserve(rows.size() * bytes);
  for (const std::size_t r : rows) {
    const auto* from = a.data.data() + r * bytes;
    part.data.insert(part.data.end(), from, from + bytes);
  }
  return part;
}

void write_rows(const fs::path& path, const Graph& g, const Dataset& d, const std::vector<std::size_t>& rows) {
  std::vector<Array> arrays;
  arrays.reserve(d.inputs.size() + 1);
  for (std::size_t k = 0; k < d.inputs.size(); ++k)
    arrays.push_back(rows_of(d.inputs[k], d.inputs.size() == 1 ? "x" : g.at(g.inputs[k]).name, rows));
  if (d.labels) arrays.push_back(rows_of(*d.labels, "y", rows));
  write_numpy(path, arrays);
}

/// Every so many rows, spread evenly over the data.
void split(std::size_t samples, float share, std::vector<std::size_t>& learn, std::vector<std::size_t>& validate) {
  double due = 0;
  for (std::size_t i = 0; i < samples; ++i) {
    due += static_cast<double>(share);
    (due >= 1 ? validate : learn).push_back(i);
    if (due >= 1) due -= 1;
  }
}

ordered_json quantization_of(const Graph& g, const FinetuneHook& hook) {
  if (!hook.int8) return nullptr;
  ordered_json q{{"weights", ordered_json::object()}, {"activations", ordered_json::object()}};
  for (const Node& n : g.nodes)
    for (std::size_t i = 0; i < n.inputs.size(); ++i)
      if (is_weight(g, n, i))
        q["weights"][g.at(n.inputs[i]).name] = {
            {"bits", 8}, {"symmetric", true}, {"axis", traits(n.op).quant.weight_axis}};
  if (!hook.calibration) return q;
  Graph ranged = g;
  PassOptions o;
  o.calibration = hook.calibration;
  find_pass("calibrate")->run(ranged, o);
  for (const Tensor& t : ranged.tensors)
    if (!t.is_const() && t.range)
      q["activations"][t.name] = {{"bits", 8}, {"min", t.range->min}, {"max", t.range->max}};
  return q;
}

ordered_json job_of(const Graph& g, const std::vector<Trainable>& trainable, const FinetuneHook& hook,
                    bool validation) {
  ordered_json job{{"schema_version", 1},
                   {"task", "finetune"},
                   {"student", "student.tflite"},
                   {"teacher", "teacher.tflite"},
                   {"train", "train.npz"}};
  job["validation"] = validation ? ordered_json("validation.npz") : ordered_json(nullptr);
  const bool pruned = std::ranges::any_of(trainable, [](const Trainable& t) { return t.zeros > 0; });
  job["masks"] = pruned ? ordered_json("masks.npz") : ordered_json(nullptr);
  job["preprocess"] = {{"scale", hook.data->preprocess.scale}, {"mean", hook.data->preprocess.mean}};
  job["labels"] = hook.data->labels.has_value();
  const TrainOptions& o = hook.options;
  job["options"] = {{"epochs", o.epochs}, {"batch", o.batch}, {"learning_rate", o.learning_rate},
                    {"seed", o.seed},     {"alpha", o.alpha}, {"temperature", o.temperature}};
  for (const char* side : {"inputs", "outputs"}) {
    job[side] = ordered_json::array();
    for (const TensorId id : *side == 'i' ? g.inputs : g.outputs)
      job[side].push_back({{"name", g.at(id).name}, {"shape", g.at(id).shape}});
  }
  job["may_change"] = ordered_json::array();
  for (const Trainable& t : trainable)
    job["may_change"].push_back({{"name", g.at(t.id).name},
                                 {"shape", g.at(t.id).shape},
                                 {"kind", t.weight ? "weight" : "bias"},
                                 {"zeros", t.zeros}});
  job["quantization"] = quantization_of(g, hook);
  return job;
}

[[noreturn]] void wrong(const std::string& what, const std::string& hint = "docs/hooks.md says what may change") {
  throw Error(ErrorCode::hook_failed, "the fine-tuning hook " + what, hint);
}

// Both graphs come from files of the same kind, so that they have the same form when only values differ.
// Only values of `may_change` may differ.
void check_same_form(Graph before, Graph after, const std::set<std::string>& may_change) {
  if (before.nodes.size() != after.nodes.size() || before.tensors.size() != after.tensors.size())
    wrong("changed the graph: " + std::to_string(after.nodes.size()) + " operators came back, " +
          std::to_string(before.nodes.size()) + " were given");
  for (std::size_t i = 0; i < before.tensors.size(); ++i) {
    Tensor &a = before.tensors[i], &b = after.tensors[i];
    if (a.shape != b.shape || a.dtype != b.dtype)
      wrong("changed tensor '" + printable(a.name) + "': it came back as " + name_of(b.dtype) + to_string(b.shape) +
            ", it was " + name_of(a.dtype) + to_string(a.shape));
    if (may_change.contains(a.name) && b.is_const()) a.data = b.data;
  }
  if (!(before == after))
    wrong("changed the graph: operators, attributes, names or fixed constants are not what they were");
}

// The values of all tensors by name, checked. `given` is what the student was written from.
std::map<std::string, SharedBytes> values_of(const Graph& given, const Graph& after,
                                             const std::vector<Trainable>& trainable) {
  std::map<std::string, const Tensor*> found;
  for (const Tensor& t : after.tensors)
    if (t.is_const()) found[t.name] = &t;
  std::map<std::string, SharedBytes> values;
  for (const Trainable& t : trainable) {
    const Tensor& was = given.at(t.id);
    const auto now = found.at(was.name)->as<float>(), before = was.as<float>();
    std::vector<float> kept(now.begin(), now.end());
    std::size_t back = 0;
    for (std::size_t i = 0; i < kept.size(); ++i) {
      if (!std::isfinite(kept[i]))
        wrong("left a value that is NaN or infinite in '" + printable(was.name) + "', element " + std::to_string(i),
              "lower the learning rate, or look for a division by zero");
      if (!t.weight || before[i] != 0.0f) continue;
      back += kept[i] != 0.0f;
      kept[i] = 0.0f;
    }
    if (back > 0)
      wrong("brought back " + std::to_string(back) + " of " + std::to_string(t.zeros) + " pruned weights of '" +
                printable(was.name) + "'",
            "multiply weights by masks.npz after every step");
    Bytes bytes(kept.size() * sizeof(float));
    if (!bytes.empty()) std::memcpy(bytes.data(), kept.data(), bytes.size());
    values[was.name] = std::make_shared<const Bytes>(std::move(bytes));
  }
  return values;
}

Graph read_student(const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) wrong("left no student.tflite");
  try {
    return import_tflite(file).graph;
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::interrupted) throw;
    wrong(std::string("left a student.tflite that cannot be read: ") + e.what());
  }
}

}  // namespace

std::vector<std::string> run_finetune_hook(Graph& student, const Graph& teacher, const FinetuneHook& hook) {
  if (student.stage != Stage::Float || teacher.stage != Stage::Float)
    throw Error(ErrorCode::needs_float_model, "only float models can be trained", "give the float model");
  if (!hook.data) throw Error(ErrorCode::missing_option, "the fine-tuning hook needs samples", "give --finetune DATA");
  const Graph given = named(student);
  const Bytes file = export_tflite(given, false);
  const Graph before = import_tflite(file, "student.tflite").graph;
  auto trainable = trainable_of(given);
  // what the format writes in another form stays as it is
  std::map<std::string, const Tensor*> written;
  for (const Tensor& t : before.tensors) written[t.name] = &t;
  std::erase_if(trainable, [&](const Trainable& t) {
    const Tensor& was = given.at(t.id);
    const auto at = written.find(was.name);
    return at == written.end() || !at->second->is_const() || at->second->shape != was.shape ||
           *at->second->data != *was.data;
  });
  std::set<std::string> may_change;
  for (const Trainable& t : trainable) may_change.insert(given.at(t.id).name);

  Folder folder;
  const fs::path& dir = folder.path();
  std::vector<std::size_t> learn, validate;
  split(hook.data->samples(), hook.options.validation, learn, validate);
  write_rows(dir / "train.npz", given, *hook.data, learn);
  if (!validate.empty()) write_rows(dir / "validation.npz", given, *hook.data, validate);
  if (const auto masks = masks_of(given, trainable); !masks.empty()) write_numpy(dir / "masks.npz", masks);
  write_file(dir / "student.tflite", file);
  write_file(dir / "teacher.tflite", export_tflite(teacher));
  write_file(dir / "job.json", job_of(given, trainable, hook, !validate.empty()).dump(2) + "\n");

  const ChildEnd end = run_command(hook.command, dir, hook.timeout_seconds);
  const std::string kept = "its folder is kept: " + printable(dir.string(), 300);
  if (end.timed_out) {
    folder.keep();
    wrong("did not end within " + std::to_string(std::lround(hook.timeout_seconds)) + " s and was stopped",
          "raise --hook-timeout; " + kept);
  }
  if (end.signal || end.exit_code) {
    folder.keep();
    wrong(end.signal ? "was ended by signal " + std::to_string(end.signal)
                     : "ended with exit code " + std::to_string(end.exit_code),
          kept);
  }
  const Graph after = read_student(dir / "student.tflite");
  check_same_form(before, after, may_change);
  const auto values = values_of(given, after, trainable);
  std::size_t changed = 0;
  Graph result = student;
  for (const Trainable& t : trainable) {
    const auto at = values.find(given.at(t.id).name);
    if (at == values.end() || *at->second == *result.at(t.id).data) continue;
    result.at(t.id).data = at->second;
    ++changed;
  }
  verify(result);
  student = std::move(result);
  return {"the hook changed " + std::to_string(changed) + " of " + std::to_string(trainable.size()) + " tensors"};
}

}  // namespace tinyc
