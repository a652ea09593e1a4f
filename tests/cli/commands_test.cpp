// What each command answers, as text and as JSON, and what it refuses.
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "cli/shell.h"
#include "tinyc/dataset.h"

using namespace tinyc;
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

const std::string kModel = kExample + "fashion.tflite";
const std::string kScale = " --preprocess scale=0.00392156862745098";

std::string quoted(const fs::path& p) { return "'" + p.string() + "'"; }
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The example, compressed once for all tests of this file.
const fs::path& compressed() {
  static const Folder folder;
  static const fs::path out = [] {
    const fs::path dir = folder / "out";
    if (tinyc_run(example_args(dir)).code != 0) throw std::runtime_error("the example does not compress");
    return dir;
  }();
  return out;
}

json report() { return json::parse(read_text(compressed() / "report.json")); }

/// Integers as an .npy that `run --raw` takes.
template <class T>
void write_samples(const fs::path& path, Array::Type type, std::int64_t samples, T value) {
  Array a;
  a.name = "x";
  a.type = type;
  a.shape = {samples, 28, 28, 1};
  const std::vector<T> values(static_cast<std::size_t>(samples * 784), value);
  a.data.resize(values.size() * sizeof(T));
  std::memcpy(a.data.data(), values.data(), a.data.size());
  write_numpy(path, {&a, 1});
}

}  // namespace

TEST_CASE("inspect --html writes a page beside its answer, or says why it cannot") {
  const Folder f;
  const Ran ran = tinyc_run("inspect " + kModel + " --html " + quoted(f / "page.html"));
  CHECK(ran.code == 0);
  CHECK(ran.out == tinyc_run("inspect " + kModel).out);
  CHECK(has(read_text(f / "page.html"), "fashion.tflite - tinyc inspect"));
  CHECK(tinyc_run("inspect " + kModel + " --html " + quoted(f / "none/page.html")).code == 6);
  CHECK(tinyc_run("inspect none.tflite --html " + quoted(f / "other.html")).code == 3);
  CHECK_FALSE(fs::exists(f / "other.html"));
}

TEST_CASE("inspect: the same facts as text and as JSON") {
  const json j = json::parse(tinyc_run("inspect " + kModel + " --json").out);
  CHECK(j["status"] == "ok");
  CHECK(j["inputs"][0]["shape"] == json{1, 28, 28, 1});
  CHECK(j["inputs"][0]["dtype"] == "float32");
  CHECK(j["unsupported"].empty());
  CHECK(j["file_bytes"] == fs::file_size(kModel));
  CHECK(j["sha256"].get<std::string>().size() == 64);
  const json r = report();
  CHECK(j["params"] == r["model"]["params"]);
  CHECK(j["macs"] == r["model"]["macs"]);
  CHECK(j["sha256"] == r["model"]["sha256"]);
  CHECK(j["ram_lower_bound"].get<int>() >= 28 * 28);

  const Ran text = tinyc_run("inspect " + kModel);
  CHECK(text.code == 0);
  CHECK(has(text.out, "[1,28,28,1]"));
  CHECK(has(text.out, "parameters   " + std::to_string(j["params"].get<int>()) + "\n"));
  CHECK(has(text.out, "MACs         " + std::to_string(j["macs"].get<int>()) + "\n"));
  CHECK(has(text.out, "RAM bound    " + std::to_string(j["ram_lower_bound"].get<int>()) + " B"));
  for (const auto& [op, count] : j["ops"].items())
    CHECK(has(text.out, "op           " + std::to_string(count.get<int>()) + " x " + op + "\n"));
}

TEST_CASE("run --raw: integers in and out, equal to the program behind eval") {
  const Folder f;
  const std::string dir = quoted(compressed());
  write_samples<std::int8_t>(f / "i8.npy", Array::Type::i8, 3, -128);
  write_samples<std::uint8_t>(f / "u8.npy", Array::Type::u8, 3, 0);
  write_samples<float>(f / "zero.npy", Array::Type::f32, 3, 0.0f);
  REQUIRE(
      tinyc_run("run " + dir + " --raw --input " + quoted(f / "i8.npy") + " --output " + quoted(f / "a.npy")).code ==
      0);
  REQUIRE(
      tinyc_run("run " + dir + " --raw --input " + quoted(f / "u8.npy") + " --output " + quoted(f / "b.npz")).code ==
      0);
  REQUIRE(tinyc_run("run " + dir + " --input " + quoted(f / "zero.npy") + " --output " + quoted(f / "c.npy")).code ==
          0);
  const Array a = read_numpy(f / "a.npy").at(0), b = read_numpy(f / "b.npz").at(0), c = read_numpy(f / "c.npy").at(0);
  CHECK(a.type == Array::Type::i8);
  CHECK(a.shape == std::vector<std::int64_t>{3, 10});
  CHECK(a.data == b.data);  // uint8 0 is int8 -128
  CHECK(c.type == Array::Type::f32);
  CHECK(c.shape == a.shape);
  std::vector<float> raw(10), real(10);
  a.row(2, raw), c.row(2, real);
  // pixels of 0 are -128: the input's range starts there. Equal steps in both outputs:
  float step = 0;
  for (std::size_t i = 0; i < 10; ++i)
    for (std::size_t k = 0; k < 10; ++k)
      if (raw[i] != raw[k]) step = (real[i] - real[k]) / (raw[i] - raw[k]);
  CHECK(step > 0);
  for (std::size_t i = 0; i < 10; ++i) CHECK(real[i] - real[0] == Approx(step * (raw[i] - raw[0])).margin(1e-5));
}

TEST_CASE("run --raw refuses what is no int8") {
  const Folder f;
  const std::string in = " --raw --input " + quoted(f / "x.npy") + " --output " + quoted(f / "y.npy");
  const auto code = [&](auto type, auto value) {
    write_samples(f / "x.npy", type, 1, value);
    return tinyc_run("run " + quoted(compressed()) + in).code;
  };
  CHECK(code(Array::Type::i32, std::int32_t{127}) == 0);
  CHECK(code(Array::Type::i32, std::int32_t{-128}) == 0);
  CHECK(code(Array::Type::i32, std::int32_t{128}) == 5);
  CHECK(code(Array::Type::i32, std::int32_t{-129}) == 5);
  CHECK(code(Array::Type::f32, 0.5f) == 5);
  CHECK(code(Array::Type::u8, std::uint8_t{255}) == 0);
  CHECK(tinyc_run("run " + kModel + in).code == 2);
}

TEST_CASE("run on a float model writes float outputs") {
  const Folder f;
  write_samples<float>(f / "x.npy", Array::Type::f32, 2, 0.25f);
  const std::string in = " --input " + quoted(f / "x.npy");
  REQUIRE(tinyc_run("run " + kModel + in + " --output " + quoted(f / "y.npz")).code == 0);
  const Array y = read_numpy(f / "y.npz").at(0);
  CHECK(y.shape == std::vector<std::int64_t>{2, 10});
  // scale 0.25 of 1 is 0.25
  write_samples<float>(f / "x.npy", Array::Type::f32, 2, 1.0f);
  REQUIRE(tinyc_run("run " + kModel + in + " --preprocess scale=0.25 --output " + quoted(f / "z.npy")).code == 0);
  CHECK(read_numpy(f / "z.npy").at(0).data == y.data);
  CHECK(tinyc_run("run " + kModel + in + " --output " + quoted(f / "no/such/y.npy")).code == 6);
}

TEST_CASE("eval: text, JSON, the first N samples") {
  const std::string data = " --data " + kExample + "eval.npz" + kScale;
  const Ran text = tinyc_run("eval " + kModel + data + " --samples 40");
  REQUIRE(text.code == 0);
  CHECK(has(text.out, "top1"));
  const json j = json::parse(tinyc_run("eval " + kModel + data + " --samples 40 --json").out);
  CHECK(j["metric"] == "top1");
  CHECK(j["samples"] == 40);
  CHECK(j["value"].get<double>() > 0.7);
  CHECK(tinyc_run("eval " + kModel + data + " --metric nonsense").code == 2);
}

TEST_CASE("sensitivity: a table, JSON, and a folder with the page") {
  const Folder f;
  const std::string args =
      "sensitivity " + kModel + " --eval " + kExample + "eval.npz --samples 40 --steps 0.5,0.9" + kScale;
  const Ran table = tinyc_run(args + " -o " + quoted(f / "out"));
  CHECK(table.code == 0);
  CHECK(has(table.out, "top1 with one layer pruned, 40 samples"));
  const Ran as_json = tinyc_run(args + " --json");
  CHECK(as_json.out == read_text(f / "out" / "sensitivity.json"));
  CHECK(json::parse(as_json.out)["layers"][0]["points"].size() == 2);
  CHECK(has(read_text(f / "out" / "sensitivity.html"), "fashion - tinyc sensitivity"));
  CHECK(files_of(f / "out").size() == 2);
  CHECK(tinyc_run("sensitivity " + kModel + " --eval " + kExample + "eval.npz --steps 0.5,x").code == 2);
  CHECK(tinyc_run("sensitivity " + kModel + " --eval " + kExample + "eval.npz --steps 1").code == 2);
  CHECK(tinyc_run(args + " --kind 2:4").code == 2);
  CHECK(tinyc_run(args + " --metric speed").code == 2);
  CHECK(tinyc_run("sensitivity " + kModel).code == 2);
  CHECK(tinyc_run(args + " -o " + kModel).code == 6);
}

TEST_CASE("check: text and JSON name the gates that fail; a model is compressed first") {
  const std::string dir = quoted(compressed());
  const json r = report();
  const json ok = json::parse(tinyc_run("check " + dir + " --json --max-ram 1MiB").out);
  CHECK(ok["status"] == "ok");
  CHECK(ok["flash"] == r["flash"]["total"]);
  CHECK(ok["ram"] == r["ram"]["arena"]);
  CHECK(ok["failures"].empty());
  const Ran failed = tinyc_run("check " + dir + " --json --max-ram 1 --max-flash 1");
  CHECK(failed.code == 1);
  CHECK(json::parse(failed.out)["status"] == "failed");
  CHECK(json::parse(failed.out)["failures"].size() == 2);
  CHECK(has(tinyc_run("check " + dir + " --max-ram 1MiB").out, "ok    flash " + r["flash"]["total"].dump() + " B"));
  CHECK(has(tinyc_run("check " + dir + " --max-ram 1").out, "FAIL  RAM"));
  const Ran model =
      tinyc_run("check " + kModel + " --int8 --max-ram 1 --calib-samples 5 --calib " + kExample + "calib.npz" + kScale);
  CHECK(model.code == 1);
  CHECK(has(model.out, "FAIL  RAM"));
}

TEST_CASE("diff: the change of every size, as a table and as JSON") {
  const Folder f;
  json r = report();
  const int arena = r["ram"]["arena"];
  r["ram"]["arena"] = 2 * arena;
  const double accuracy = r["accuracy"]["compressed"];
  r["accuracy"]["compressed"] = accuracy - 0.25;
  std::ofstream(f / "new.json") << r;
  const std::string both = "diff " + quoted(compressed()) + " " + quoted(f / "new.json");
  const json j = json::parse(tinyc_run(both + " --json").out);
  CHECK(j["RAM (arena)"]["before"] == arena);
  CHECK(j["RAM (arena)"]["after"] == 2 * arena);
  CHECK(j["weights"]["before"] == j["weights"]["after"]);
  CHECK(j[r["accuracy"]["metric"].get<std::string>()]["after"].get<double>() == Approx(accuracy - 0.25));
  const Ran text = tinyc_run(both);
  CHECK(
      has(text.out, "| RAM (arena) | " + std::to_string(arena) + " | " + std::to_string(2 * arena) + " | +100.0 % |"));
  CHECK(has(text.out, "| +0.0 % |"));
  CHECK(has(text.out, "| -0.2500 |"));
  r["accuracy"]["metric"] = "auc";  // another metric cannot be compared
  std::ofstream(f / "new.json") << r;
  CHECK_FALSE(json::parse(tinyc_run(both + " --json").out).contains("auc"));
}

TEST_CASE("lists as JSON name every operator, pass and target") {
  const auto names = [](const std::string& list) {
    std::map<std::string, std::string> found;
    const json j = json::parse(tinyc_run(list + " --json").out);
    for (const auto& row : j[list]) found[row["name"]] = row["summary"];
    return found;
  };
  const auto ops = names("ops"), passes = names("passes"), targets = names("targets");
  CHECK(ops.size() > 40);
  CHECK(ops.count("conv_2d") == 1);
  CHECK(passes.count("calibrate") == 1);
  CHECK(targets.at("any") == "portable C99");
  for (const auto& [name, summary] : ops) CHECK_FALSE(summary.empty());
}

TEST_CASE("a DIR with no or several programs is refused, one of them can be named") {
  const Folder f;
  fs::create_directories(f / "d");
  const std::string data = " --data " + kExample + "eval.npz --samples 5" + kScale;
  CHECK(tinyc_run("eval " + quoted(f / "d") + data).code == 3);
  fs::copy_file(compressed() / "fashion.tinyc", f / "d/a.tinyc");
  CHECK(tinyc_run("eval " + quoted(f / "d") + data).code == 0);
  fs::copy_file(compressed() / "fashion.tinyc", f / "d/b.tinyc");
  const Ran two = tinyc_run("eval " + quoted(f / "d") + data);
  CHECK(two.code == 3);
  CHECK(has(two.err, "several"));
  CHECK(tinyc_run("eval " + quoted(f / "d/b.tinyc") + data).code == 0);
}

TEST_CASE("explain says where the bytes of a compressed model are, and refuses anything else") {
  const Ran text = tinyc_run("explain " + quoted(compressed()));
  CHECK(text.code == 0);
  CHECK(has(text.out, "Where the flash is"));
  CHECK(has(text.out, "What would save most next"));
  const json j = json::parse(tinyc_run("explain " + quoted(compressed()) + " --json").out);
  std::uint64_t sum = 0;
  for (const char* part : {"weights", "tables", "params", "descriptors", "code"})
    sum += j["flash"][part].get<std::uint64_t>();
  CHECK(j["flash"]["total"] == sum);
  CHECK(!j["code"].empty());
  const Folder empty;
  CHECK(tinyc_run("explain " + quoted(empty.path)).code == 3);
  CHECK(tinyc_run("explain /no/such/folder").code == 3);
}

TEST_CASE("emit tflite, --dump-after, --pass and -v do what they say") {
  const Folder f;
  const Ran r = tinyc_run(example_args(f / "out") + " --emit tflite --dump-after quantize_int8 -v");
  REQUIRE(r.code == 0);
  CHECK(has(r.err, "graph \"fashion\" quantized"));
  CHECK(has(r.err, "info: "));
  CHECK_FALSE(fs::exists(f / "out/fashion_data.cc"));
  CHECK_FALSE(fs::exists(f / "out/report.json"));
  CHECK(json::parse(
            tinyc_run("inspect " + quoted(f / "out/fashion_int8.tflite") + " --json").out)["inputs"][0]["dtype"] ==
        "int8");
  REQUIRE(tinyc_run(example_args(f / "real") + " --emit float --prune 0.5 -q").code == 0);
  const json real = json::parse(tinyc_run("inspect " + quoted(f / "real/fashion_float.tflite") + " --json").out);
  CHECK(real["inputs"][0]["dtype"] == "float32");
  CHECK(tinyc_run("compress " + quoted(f / "out/fashion_int8.tflite") + " --emit float -o " + quoted(f / "o2")).code ==
        2);
  CHECK(tinyc_run(example_args(f / "o2") + " --dump-after nonsense").code == 2);
  CHECK(tinyc_run(example_args(f / "o2") + " --pass nonsense").code == 2);
  CHECK(tinyc_run(example_args(f / "o2") + " --pass canonicalize").code == 2);  // leaves a float graph
  CHECK(tinyc_run(example_args(f / "o2") + " --pass calibrate,quantize_int8 -q").err.empty());
}
