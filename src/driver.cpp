#include "driver.h"

#include <algorithm>

#include "pipeline/measure.h"
#include "tinyc/emit.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"

namespace fs = std::filesystem;

namespace tinyc {
namespace {

Bytes to_bytes(const std::string& text) { return {text.begin(), text.end()}; }

// A graph that has the program's inputs and outputs and nothing else.
Graph interface_of(const Program& p) {
  Graph g;
  g.name = p.name;
  g.stage = Stage::Quantized;
  const auto add = [&](ValueId id) {
    const Value& v = p.values[static_cast<std::size_t>(id)];
    Tensor t;
    t.name = v.name;
    t.dtype = v.type;
    t.shape = v.shape;
    t.quant = Quant{{v.scale}, {v.zero_point}, 0};
    return g.add(std::move(t));
  };
  for (const auto id : p.inputs) g.inputs.push_back(add(id));
  for (const auto id : p.outputs) g.outputs.push_back(add(id));
  return g;
}

Program load_program(const fs::path& file) {
  const Bytes bytes = read_file(file, ErrorKind::input);
  return read_program(bytes, file.string());
}

}  // namespace

fs::path find_program_file(const fs::path& dir) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(dir, error))
    if (entry.path().extension() == ".tinyc") found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  const std::string where = "'" + printable(dir.string()) + "'";
  if (found.empty())
    throw Error(ErrorCode::not_compressed, "folder " + where + " holds no compressed model (NAME.tinyc)",
                "write one with `tinyc compress MODEL -o DIR`");
  if (found.size() > 1)
    throw Error(ErrorCode::not_compressed, "folder " + where + " holds several compressed models",
                "name one of its .tinyc files");
  return found[0];
}

Runnable load_runnable(const fs::path& path) {
  Runnable r;
  std::error_code error;
  const bool saved_model = fs::exists(path / "saved_model.pb", error);
  if (fs::is_directory(path, error) && !saved_model) {
    r.program = load_program(find_program_file(path));
  } else if (path.extension() == ".tinyc") {
    r.program = load_program(path);
  } else {
    r.model = import_tflite(path);
    if (r.model->graph.stage == Stage::Quantized) r.program = lower(r.model->graph);
  }
  if (!r.model) r.interface = interface_of(*r.program);
  return r;
}

std::vector<std::vector<float>> run(const Runnable& r, const Dataset& d, std::size_t n) {
  return r.program ? real_outputs(*r.program, d, n) : run_float(r.model->graph, d, n);
}

Report load_report(const fs::path& path) {
  std::error_code error;
  const fs::path file = fs::is_directory(path, error) ? path / "report.json" : path;
  const Bytes bytes = read_file(file, ErrorKind::input, std::uint64_t{1} << 28);
  return report_from_json(std::string(bytes.begin(), bytes.end()), file.string());
}

std::map<std::string, Bytes> output_files(const Compressed& c, const OutputChoice& choice) {
  std::map<std::string, Bytes> files;
  const std::string& name = c.program.name;
  const EmitOptions options{choice.blob, choice.trace, choice.selftest ? c.sample : std::vector<Bytes>{}};
  const auto add = [&](const std::string& folder, const Texts& texts) {
    for (const auto& [file, text] : texts) files[folder + file] = to_bytes(text);
  };
  if (choice.c) add("", emit_c(c.program, options));
  if (choice.arduino) add("arduino/" + name + "/", emit_arduino(c.program, options));
  if (choice.zephyr) add("zephyr/" + name + "/", emit_zephyr(c.program, options));
  if (choice.esp_idf) add("esp-idf/" + name + "/", emit_esp_idf(c.program, options));
  if (choice.blob) files[name + ".bin"] = emit_blob(c.program);
  files[name + ".tinyc"] = write_program(c.program);
  if (choice.json) files["report.json"] = to_bytes(to_json(c.report, choice.reproducible));
  if (choice.html) files["report.html"] = to_bytes(to_html(c.report, c.program));
  if (choice.tflite || choice.tflm) {
    Graph plain = c.graph;
    plain.stage = Stage::Quantized;
    for (Tensor& t : plain.tensors) t.coded.reset();
    plain.code_tables.clear();
    const Bytes model = export_tflite(plain);
    if (choice.tflm) add("", emit_tflm(name, model));
    if (choice.tflite) files[name + "_int8.tflite"] = model;
  }
  if (choice.real_tflite) {
    if (!c.real_graph)
      throw Error(ErrorCode::needs_float_model, "there is no float model to write: this one came quantized",
                  "leave out 'float' in --emit");
    files[name + "_float.tflite"] = export_tflite(*c.real_graph);
  }
  return files;
}

std::map<std::string, Bytes> shared_runtime(const std::vector<fs::path>& dirs) {
  std::vector<Program> programs;
  programs.reserve(dirs.size());
  for (const fs::path& dir : dirs)
    programs.push_back(load_program(dir.extension() == ".tinyc" ? dir : find_program_file(dir)));
  std::map<std::string, Bytes> files;
  for (const auto& [file, text] : emit_runtime(programs)) files[file] = to_bytes(text);
  return files;
}

}  // namespace tinyc
