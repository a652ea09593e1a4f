// The option table: every option reaches its setting, and every bad value is refused with what was expected.
#include "cli/options.h"

#include <cstdlib>

#include "catch.h"
#include "cli/shell.h"
#include "tinyc/error.h"

using namespace tinyc;
namespace fs = std::filesystem;

namespace {

CompressOptions with(const std::string& name, const std::string& value) {
  return resolve_options("/no/m.tflite", {{name, value}}, "");
}

/// "message | hint" of the usage error; empty when there is none.
std::string refusal(const std::string& name, const std::string& value) {
  try {
    with(name, value);
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::usage);
    return std::string(e.what()) + " | " + e.hint();
  }
  return {};
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Options read from a configuration with this text.
CompressOptions configured(const std::string& text, std::map<std::string, std::string> given = {}) {
  const Folder f;
  std::ofstream(f / "tinyc.toml") << text;
  return resolve_options((f / "m.tflite").string(), given, "");
}
std::string config_refusal(const std::string& text) {
  try {
    configured(text);
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::usage);
    return std::string(e.what()) + " | " + e.hint();
  }
  return {};
}

}  // namespace

TEST_CASE("sizes: bytes, KiB = KB, MiB = MB") {
  CHECK(parse_bytes("2048", "--max-ram") == 2048);
  CHECK(parse_bytes("7B", "--max-ram") == 7);
  for (const char* unit : {"KiB", "KB", "kB", "K", "k", " KiB"})
    CHECK(parse_bytes("64" + std::string(unit), "") == 65536);
  for (const char* unit : {"MiB", "MB", "M"}) CHECK(parse_bytes("1.5" + std::string(unit), "") == 1572864);
  for (const char* wrong : {"", "KiB", "1GiB", "-1", "1.2.3", "ten"}) CHECK_THROWS_AS(parse_bytes(wrong, ""), Error);
}

TEST_CASE("shares: points, per cent, fractions") {
  CHECK(parse_share("1pp", "") == Approx(0.01));
  CHECK(parse_share("2.5%", "") == Approx(0.025));
  CHECK(parse_share("0.01", "") == Approx(0.01));
  CHECK(parse_share("100%", "") == 1);
  CHECK(parse_share("12", "") == 12);  // an error, say
  for (const char* wrong : {"", "pp", "%", "101%", "-1pp", "-0.1", "x"}) CHECK_THROWS_AS(parse_share(wrong, ""), Error);
}

TEST_CASE("numbers: finite, within their bounds, nothing behind them") {
  CHECK(parse_number("1", "", 1, 2) == 1);
  CHECK(parse_number("2", "", 1, 2) == 2);
  for (const char* wrong : {"", "0.99", "2.01", "1x", "nan", "inf"})
    CHECK_THROWS_AS(parse_number(wrong, "", 1, 2), Error);
  CHECK(has(refusal("seed", "x"), "bad value 'x' for --seed | expected a number from 0"));
}

TEST_CASE("every option reaches its setting") {
  const CompressOptions none = resolve_options("/no/m.tflite", {}, "");
  CHECK(none.model == "/no/m.tflite");
  CHECK(none.out_dir == "m_tinyc");
  CHECK(none.calib.empty());
  CHECK(with("output", "o").out_dir == "o");
  CHECK(with("calib", "c").calib == "c");
  CHECK(with("calib-samples", "7").calib_samples == 7);
  CHECK(with("eval", "e").eval == "e");
  CHECK(with("metric", "auc").settings.metric == "auc");
  CHECK(with("preprocess", "scale=2").preprocess == "scale=2");
  CHECK(with("target", "cortex-m4").settings.target == "cortex-m4");
  CHECK(has(refusal("target", "z80"), "tinyc targets"));
  CHECK(with("name", "n").settings.name == "n");
  CHECK(with("pass", "a, b,,c").settings.passes == std::vector<std::string>{"a", "b", "c"});
  CHECK(with("dump-after", "p").dump_after == "p");
  CHECK(with("max-flash", "1KiB").gates.max_flash == std::uint64_t{1024});
  CHECK(with("max-ram", "2KiB").gates.max_ram == std::uint64_t{2048});
  CHECK(*with("max-drop", "1pp").gates.max_drop == Approx(0.01));
  CHECK(*with("min-accuracy", "90%").gates.min_accuracy == Approx(0.9));
  CHECK(with("seed", "4294967295").settings.seed == 4294967295u);
  CHECK_FALSE(refusal("seed", "4294967296").empty());
  CHECK(with("threads", "256").threads == 256);
  CHECK(with("threads", "0").threads == 0);
  CHECK_FALSE(refusal("threads", "257").empty());
  CHECK_FALSE(refusal("calib-samples", "-1").empty());
  CHECK(none.settings.pass_options.weight_bits == 8);
  CHECK(with("weight-bits", "2").settings.pass_options.weight_bits == 2);
  for (const char* wrong : {"1", "9", "4.5"}) CHECK_FALSE(refusal("weight-bits", wrong).empty());
}

TEST_CASE("switches: true, false, and nothing else") {
  for (const char* name : {"int8", "json", "reproducible"}) {
    const auto value = [&](const CompressOptions& o) {
      return *name == 'i' ? o.settings.int8 : *name == 'j' ? o.json : o.output.reproducible;
    };
    CHECK_FALSE(value(resolve_options("/no/m.tflite", {}, "")));
    for (const char* on : {"true", "1"}) CHECK(value(with(name, on)));
    for (const char* off : {"false", "0", ""}) CHECK_FALSE(value(with(name, off)));
    CHECK(has(refusal(name, "yes"), "expected true or false"));
  }
}

TEST_CASE("choices") {
  using P = PassOptions;
  CHECK(with("calib-method", "minmax").settings.pass_options.calib_method == P::CalibMethod::minmax);
  CHECK(with("calib-method", "percentile").settings.pass_options.calib_method == P::CalibMethod::percentile);
  CHECK(with("calib-method", "mse").settings.pass_options.calib_method == P::CalibMethod::mse);
  CHECK(with("calib-method", "kl").settings.pass_options.calib_method == P::CalibMethod::kl);
  CHECK(with("calib-method", "auto").settings.pass_options.calib_method == P::CalibMethod::automatic);
  using Criterion = P::Prune::Criterion;
  CHECK(with("prune-criterion", "auto").settings.pass_options.prune.criterion == Criterion::automatic);
  CHECK(with("prune-criterion", "magnitude").settings.pass_options.prune.criterion == Criterion::magnitude);
  CHECK(with("prune-limit", "0.9").settings.pass_options.prune.layer_limit == 0.9f);
  CHECK(with("prune-criterion", "obs").settings.pass_options.prune.criterion == Criterion::obs);
  CHECK(with("prune-criterion", "taylor").settings.pass_options.prune.criterion == Criterion::taylor);
  CHECK(has(refusal("prune-criterion", "hessian"), "one of: auto, magnitude, obs, taylor"));
  using Ranges = P::Training::Ranges;
  CHECK(with("qat-ranges", "moving").settings.pass_options.training.ranges == Ranges::moving);
  CHECK(with("qat-ranges", "calibrated").settings.pass_options.training.ranges == Ranges::calibrated);
  CHECK(has(refusal("qat-ranges", "learned"), "one of: calibrated, moving"));
  CHECK(with("weight-rounding", "auto").settings.pass_options.weight_rounding == P::WeightRounding::automatic);
  CHECK(with("weight-rounding", "nearest").settings.pass_options.weight_rounding == P::WeightRounding::nearest);
  CHECK(with("weight-rounding", "second-order").settings.pass_options.weight_rounding ==
        P::WeightRounding::second_order);
  CHECK(has(refusal("calib-method", "max"), "one of: minmax, percentile, mse, kl"));
  CHECK(with("optimize", "balanced").settings.pass_options.optimize == P::Optimize::balanced);
  CHECK(with("optimize", "size").settings.pass_options.optimize == P::Optimize::size);
  CHECK(with("optimize", "speed").settings.pass_options.optimize == P::Optimize::speed);
  CHECK(has(refusal("optimize", "fast"), "one of: balanced, size, speed"));
  CHECK(with("coding", "auto").settings.pass_options.coding == P::Coding::automatic);
  CHECK(with("coding", "raw").settings.pass_options.coding == P::Coding::raw);
  CHECK(with("coding", "huffman").settings.pass_options.coding == P::Coding::huffman);
  CHECK(with("coding", "range").settings.pass_options.coding == P::Coding::range);
  CHECK(has(refusal("coding", "zip"), "one of: auto, raw, huffman, range"));
}

TEST_CASE("prune S[:KIND][/layer]") {
  using Kind = PassOptions::Prune::Kind;
  const auto prune = [](const std::string& v) { return with("prune", v).settings.pass_options.prune; };
  CHECK(prune("0.5").fraction == 0.5f);
  CHECK(prune("0.5").kind == Kind::unstructured);
  CHECK_FALSE(prune("0.5").per_layer);
  CHECK(prune("0.5:unstructured").kind == Kind::unstructured);
  CHECK(prune("0.25:block4").kind == Kind::block4);
  CHECK(prune("0.25:block4").fraction == 0.25f);
  CHECK(prune("0.5:1:16").kind == Kind::n_m);
  CHECK(prune("0.5:1:16").n == 1);
  CHECK(prune("0.5:1:16").m == 16);
  CHECK(prune("0.5:64:64").n == 64);
  CHECK(prune("0.5/layer").per_layer);
  CHECK(prune("0.75:block4/layer").per_layer);
  CHECK(prune("0.75:block4/layer").kind == Kind::block4);
  CHECK(prune("0").fraction == 0);
  CHECK(prune("0.9999").fraction == 0.9999f);
  for (const char* wrong : {"", "1", "-0.1", "x", "0.5:", "0.5:block", "0.5/net", "0.5:0:4", "0.5:2:65", "0.5:65:65",
                            "0.5:2:0", "0.5:2:", "0.5::4"})
    CHECK_FALSE(refusal("prune", wrong).empty());
  CHECK(has(refusal("prune", "0.5:block"), "unstructured|block4|N:M"));
  CHECK(has(refusal("prune", "0.5/net"), "[/layer]"));
}

TEST_CASE("prune in whole channels, alone or beside single weights") {
  using Of = PassOptions::PruneChannels::Of;
  const auto prune = [](const std::string& v) { return with("prune", v).settings.pass_options; };
  CHECK(prune("0.3:channel").prune_channels.fraction == 0.3f);
  CHECK(prune("0.3:channel").prune_channels.of == Of::weights);
  CHECK(prune("0.3:channel").prune.fraction == 0);
  CHECK(prune("0.3:macs").prune_channels.of == Of::macs);
  CHECK(prune("0.8").prune_channels.fraction == 0);
  for (const char* both : {"0.3:macs,0.8:block4/layer", "0.8:block4/layer, 0.3:macs"}) {
    CHECK(prune(both).prune_channels.fraction == 0.3f);
    CHECK(prune(both).prune_channels.of == Of::macs);
    CHECK(prune(both).prune.fraction == 0.8f);
    CHECK(prune(both).prune.kind == PassOptions::Prune::Kind::block4);
    CHECK(prune(both).prune.per_layer);
  }
  for (const char* wrong : {"0.3:channel/layer", "0.3:channel,0.2:macs", "0.3,0.4", "0.3:channels", ",", "1:channel"})
    CHECK_FALSE(refusal("prune", wrong).empty());
}

TEST_CASE("emit names exactly what is written") {
  const auto emit = [](const std::string& v) {
    const OutputChoice o = with("emit", v).output;
    return std::string(o.c ? "c" : "") + (o.json ? "j" : "") + (o.html ? "h" : "") + (o.tflite ? "t" : "") +
           (o.real_tflite ? "f" : "") + (o.arduino ? "A" : "") + (o.zephyr ? "Z" : "") + (o.esp_idf ? "E" : "") +
           (o.tflm ? "M" : "") + (o.blob ? "B" : "") + (o.selftest ? "S" : "") + (o.trace ? "T" : "");
  };
  const OutputChoice usual = resolve_options("/no/m.tflite", {}, "").output;
  CHECK((usual.c && usual.json && usual.html && !usual.tflite));
  CHECK(emit("c") == "c");
  CHECK(emit("json") == "j");
  CHECK(emit("html") == "h");
  CHECK(emit("tflite") == "t");
  CHECK(emit("c,tflite") == "ct");
  CHECK(emit("float,c") == "cf");
  CHECK(emit("html,json") == "jh");
  CHECK(emit("arduino") == "A");
  CHECK(emit("zephyr,esp-idf,tflm") == "ZEM");
  CHECK(emit("blob") == "cB");  // these are about C code
  CHECK(emit("selftest,json") == "cjS");
  CHECK(emit("trace") == "cT");
  CHECK(emit("arduino,blob,trace") == "ABT");
  CHECK(has(refusal("emit", "c,pdf"),
            "a list of c, json, html, tflite, float, arduino, zephyr, esp-idf, tflm, blob, selftest, trace"));
}

TEST_CASE("tinyc.toml: defaults, the section of this model, and paths from its folder") {
  const CompressOptions o = configured(
      "[defaults]\nint8 = true\nseed = 5\nmin_accuracy = 0.5\ncalib = 'data.npz'\neval = '/abs.npz'\nmax-ram = '1KiB'\n"
      "[[model]]\npath = 'other.tflite'\nname = 'other'\n"
      "[[model]]\npath = './m.tflite'\nname = 'mine'\n");
  CHECK(o.settings.int8);
  CHECK(o.settings.seed == 5);
  CHECK(*o.gates.min_accuracy == 0.5);
  CHECK(o.gates.max_ram == std::uint64_t{1024});
  CHECK(o.settings.name == "mine");
  CHECK(o.eval == "/abs.npz");
  CHECK(fs::path(o.calib).is_absolute());
  CHECK(fs::path(o.calib).filename() == "data.npz");
  CHECK_FALSE(configured("[defaults]\nint8 = false\n").settings.int8);
  CHECK(configured("").settings.name == "model");
  CHECK(configured("[defaults]\nseed = 5\n", {{"seed", "6"}}).settings.seed == 6);
}

TEST_CASE("tinyc.toml: what is wrong is named") {
  CHECK(has(config_refusal("[defaults]\ncalib-sample = 3\n"),
            "unknown key 'calib-sample' | did you mean 'calib-samples'"));
  CHECK(has(config_refusal("[defaults]\ntresads = 3\n"), "did you mean 'threads'"));
  CHECK(has(config_refusal("[defaults]\nevl = 3\n"), "did you mean 'eval'"));
  CHECK(has(config_refusal("[defaults]\nmaxram = 3\n"), "did you mean 'max-ram'"));
  CHECK(has(config_refusal("[default]\n"), "unknown section 'default'"));
  CHECK(has(config_refusal("defaults = 3\n"), "defaults must be a table"));
  CHECK(has(config_refusal("model = 3\n"), "[[model]]"));
  CHECK(has(config_refusal("[[model]]\nname = 'x'\n"), "needs a path"));
  CHECK(has(config_refusal("model = [3]\n"), "needs a path"));
  CHECK(has(config_refusal("[defaults]\nname = ['x']\n"), "the value of 'name' must be"));
  CHECK(has(config_refusal("[defaults]\n\nname = \n"), "line 3"));
  CHECK_THROWS_AS(resolve_options("/no/m.tflite", {}, "/no/such.toml"), Error);
}

TEST_CASE("a named configuration replaces the one beside the model; data beside the model is found") {
  const Folder f;
  std::ofstream(f / "tinyc.toml") << "[defaults]\nname = 'beside'\n";
  std::ofstream(f / "named.toml") << "[defaults]\nseed = 9\n";
  const std::string model = (f / "m.tflite").string();
  const CompressOptions o = resolve_options(model, {}, (f / "named.toml").string());
  CHECK(o.settings.name == "model");
  CHECK(o.settings.seed == 9);
  CHECK(o.calib.empty());
  std::ofstream(f / "m.calib.npz") << "x";
  CHECK(resolve_options(model, {}, "").calib == (f / "m.calib.npz").string());
  CHECK(resolve_options(model, {{"calib", "c"}}, "").calib == "c");
}

TEST_CASE("variables come between the configuration and the command line") {
  setenv("TINYC_CALIB_SAMPLES", "11", 1);
  CHECK(resolve_options("/no/m.tflite", {}, "").calib_samples == 11);
  CHECK(configured("[defaults]\ncalib-samples = 3\n").calib_samples == 11);
  CHECK(with("calib-samples", "12").calib_samples == 12);
  unsetenv("TINYC_CALIB_SAMPLES");
  CHECK(resolve_options("/no/m.tflite", {}, "").calib_samples == 0);
}
