#include "cli/options.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "cli/configuration.h"
#include "pipeline/load_pass.h"
#include "pipeline/targets.h"
#include "tinyc/error.h"

namespace fs = std::filesystem;

namespace tinyc {
namespace {

[[noreturn]] void bad(const std::string& option, const std::string& value, const std::string& expected) {
  bad_value(option, value, expected);
}

std::size_t parse_count(const std::string& v, const std::string& option) {
  return static_cast<std::size_t>(parse_number(v, option, 0, 1e9));
}

template <class E>
E choose(const std::string& v, const std::string& option, std::initializer_list<std::pair<const char*, E>> choices) {
  std::string names;
  for (const auto& [name, value] : choices) {
    if (v == name) return value;
    names += std::string(names.empty() ? "" : ", ") + name;
  }
  bad(option, v, "one of: " + names);
}

constexpr const char* kPruneForm =
    "S[:unstructured|block4|N:M][/layer] or S:channel|macs, or one of each: 0.3:macs,0.8";

// One item of --prune: S[:KIND], with an optional "/layer" for the same fraction in every layer.
void set_prune_item(PassOptions& o, const std::string& v, const std::string& item) {
  const auto slash = item.find('/');
  const std::string body = item.substr(0, slash);
  const auto colon = body.find(':');
  const auto fraction = static_cast<float>(parse_number(body.substr(0, colon), "--prune", 0, 0.9999));
  const std::string kind = colon == std::string::npos ? "unstructured" : body.substr(colon + 1);
  const bool channels = kind == "channel" || kind == "macs";
  if (slash != std::string::npos && (channels || item.substr(slash) != "/layer")) bad("--prune", v, kPruneForm);
  if ((channels ? o.prune_channels.fraction : o.prune.fraction) > 0) bad("--prune", v, kPruneForm);
  if (channels) {
    using Of = PassOptions::PruneChannels::Of;
    o.prune_channels = {fraction, kind == "macs" ? Of::macs : Of::weights};
    return;
  }
  PassOptions::Prune& p = o.prune;
  using Kind = PassOptions::Prune::Kind;
  p.fraction = fraction;
  p.per_layer = slash != std::string::npos;
  if (kind == "unstructured") {
    p.kind = Kind::unstructured;
  } else if (kind == "block4") {
    p.kind = Kind::block4;
  } else if (const auto c = kind.find(':'); c != std::string::npos) {
    p.kind = Kind::n_m;
    p.n = static_cast<std::int32_t>(parse_number(kind.substr(0, c), "--prune", 1, 64));
    p.m = static_cast<std::int32_t>(parse_number(kind.substr(c + 1), "--prune", 1, 64));
  } else {
    bad("--prune", v, kPruneForm);
  }
}

void set_prune(CompressOptions& o, const std::string& v) {
  PassOptions::Prune& p = o.settings.pass_options.prune;
  PassOptions::Prune kept;
  kept.criterion = p.criterion;
  kept.layer_limit = p.layer_limit;
  p = kept;
  o.settings.pass_options.prune_channels = {};
  const auto items = parse_list(v);
  if (items.empty()) bad("--prune", v, kPruneForm);
  for (const auto& item : items) set_prune_item(o.settings.pass_options, v, item);
}

// --emit, in the order of the documentation.
constexpr std::pair<const char*, bool OutputChoice::*> kOutputs[] = {
    {"c", &OutputChoice::c},           {"json", &OutputChoice::json},         {"html", &OutputChoice::html},
    {"tflite", &OutputChoice::tflite}, {"float", &OutputChoice::real_tflite}, {"arduino", &OutputChoice::arduino},
    {"zephyr", &OutputChoice::zephyr}, {"esp-idf", &OutputChoice::esp_idf},   {"tflm", &OutputChoice::tflm},
    {"blob", &OutputChoice::blob},     {"selftest", &OutputChoice::selftest}, {"trace", &OutputChoice::trace}};

void set_emit(CompressOptions& o, const std::string& v) {
  OutputChoice& out = o.output;
  std::string names;
  for (const auto& [name, chosen] : kOutputs) {
    out.*chosen = false;
    names += std::string(names.empty() ? "" : ", ") + name;
  }
  for (const auto& item : parse_list(v)) {
    const auto* const found = std::ranges::find(kOutputs, item, [](const auto& output) { return output.first; });
    if (found == std::end(kOutputs)) bad("--emit", v, "a list of " + names);
    out.*found->second = true;
  }
  // these say what C code has: it is wanted, then
  if ((out.blob || out.selftest || out.trace) && !out.arduino && !out.zephyr && !out.esp_idf) out.c = true;
}

using O = CompressOptions;
using P = PassOptions;
const OptionSpec kOwnSpecs[] = {
    {"output", "DIR", "where to write (default: the model's name + _tinyc)", true,
     [](O& o, const std::string& v) { o.out_dir = v; }},
    {"int8", nullptr, "quantize to int8 (already quantized models stay as they are)", false,
     [](O& o, const std::string& v) { o.settings.int8 = parse_switch(v, "--int8"); }},
    {"calib", "DATA", "calibration samples: .npz .npy .csv .bin IDX or a folder of pictures", true,
     [](O& o, const std::string& v) { o.calib = v; }},
    {"calib-method", "M", "auto (default: what pays on held-out calibration samples), minmax, percentile, mse or kl",
     false,
     [](O& o, const std::string& v) {
       o.settings.pass_options.calib_method = choose<P::CalibMethod>(v, "--calib-method",
                                                                     {{"minmax", P::CalibMethod::minmax},
                                                                      {"percentile", P::CalibMethod::percentile},
                                                                      {"mse", P::CalibMethod::mse},
                                                                      {"kl", P::CalibMethod::kl},
                                                                      {"auto", P::CalibMethod::automatic}});
     }},
    {"calib-samples", "N", "use the first N calibration samples (default: all)", false,
     [](O& o, const std::string& v) { o.calib_samples = parse_count(v, "--calib-samples"); }},
    {"eval", "DATA", "samples to measure on, labelled (y) or not", true,
     [](O& o, const std::string& v) { o.eval = v; }},
    {"metric", "M", "auto (default), top1, auc, mse or cosine", false,
     [](O& o, const std::string& v) { o.settings.metric = v; }},
    {"preprocess", "SPEC", "\"scale=S,mean=M\": x = (raw - M) * S for stored data", false,
     [](O& o, const std::string& v) { o.preprocess = v; }},
    {"finetune-hook", "CMD", "train with this program instead (docs/hooks.md); it is given a folder", false,
     [](O& o, const std::string& v) { o.settings.finetune_hook = v; }},
    {"hook-timeout", "SECONDS", "stop the hook after this time (default: never)", false,
     [](O& o, const std::string& v) { o.settings.hook_timeout = parse_number(v, "--hook-timeout", 0, 1e7); }},
    {"finetune", "DATA", "train after lossy steps; labels optional, the input model is the teacher", true,
     [](O& o, const std::string& v) { o.finetune = v; }},
    {"teacher", "MODEL", "another teacher (.tflite, same inputs and outputs); 'none': labels alone", true,
     [](O& o, const std::string& v) { o.teacher = v; }},
    {"student", "MODEL", "compress this smaller .tflite instead, taught by the input model", true,
     [](O& o, const std::string& v) { o.student = v; }},
    {"qat", nullptr, "quantization-aware training before quantizing", false,
     [](O& o, const std::string& v) { o.settings.qat = parse_switch(v, "--qat"); }},
    {"qat-ranges", "R", "of activations in --qat: calibrated (default; before each epoch) or moving (averages)", false,
     [](O& o, const std::string& v) {
       using Ranges = P::Training::Ranges;
       o.settings.pass_options.training.ranges =
           choose<Ranges>(v, "--qat-ranges", {{"calibrated", Ranges::calibrated}, {"moving", Ranges::moving}});
     }},
    {"prune", "S[:KIND]",
     "remove the fraction S of the weights; KIND: unstructured, block4, N:M or channel; S:macs: channels, S of the "
     "MACs",
     false, set_prune},
    {"weight-bits", "N", "weights of 2^N - 1 levels, N from 2 to 8 (default), for the coder to collect", false,
     [](O& o, const std::string& v) {
       const double bits = parse_number(v, "--weight-bits", 2, 8);
       if (bits != std::floor(bits)) bad("--weight-bits", v, "a whole number from 2 to 8");
       o.settings.pass_options.weight_bits = static_cast<std::int32_t>(bits);
     }},
    {"bit-price", "P", "round weights by error and bits: millionths of a nat of divergence that a bit may cost", false,
     [](O& o, const std::string& v) {
       o.settings.pass_options.bit_price = static_cast<float>(parse_number(v, "--bit-price", 0, 1e6) * 1e-6);
     }},
    {"weight-rounding", "R", "auto (default), nearest or second-order", false,
     [](O& o, const std::string& v) {
       o.settings.pass_options.weight_rounding =
           choose<P::WeightRounding>(v, "--weight-rounding",
                                     {{"auto", P::WeightRounding::automatic},
                                      {"nearest", P::WeightRounding::nearest},
                                      {"second-order", P::WeightRounding::second_order}});
     }},
    {"prune-criterion", "C",
     "auto (default: obs with samples and without training), magnitude, obs (second-order) or taylor (first-order; for "
     "channels too)",
     false,
     [](O& o, const std::string& v) {
       using Criterion = P::Prune::Criterion;
       o.settings.pass_options.prune.criterion = choose<Criterion>(v, "--prune-criterion",
                                                                   {{"auto", Criterion::automatic},
                                                                    {"magnitude", Criterion::magnitude},
                                                                    {"obs", Criterion::obs},
                                                                    {"taylor", Criterion::taylor}});
     }},
    {"prune-limit", "S", "no layer loses more than the fraction S of its weights (default 1)", false,
     [](O& o, const std::string& v) {
       o.settings.pass_options.prune.layer_limit = static_cast<float>(parse_number(v, "--prune-limit", 0, 1));
     }},
    {"optimize", "GOAL", "balanced (default), size, speed or ram", false,
     [](O& o, const std::string& v) {
       o.settings.pass_options.optimize = choose<P::Optimize>(v, "--optimize",
                                                              {{"balanced", P::Optimize::balanced},
                                                               {"size", P::Optimize::size},
                                                               {"speed", P::Optimize::speed},
                                                               {"ram", P::Optimize::ram}});
     }},
    {"coding", "C", "auto (default), raw, huffman or range", false,
     [](O& o, const std::string& v) {
       o.settings.pass_options.coding = choose<P::Coding>(v, "--coding",
                                                          {{"auto", P::Coding::automatic},
                                                           {"raw", P::Coding::raw},
                                                           {"huffman", P::Coding::huffman},
                                                           {"range", P::Coding::range}});
     }},
    {"target", "T", "any (default) or one of `tinyc targets`", false,
     [](O& o, const std::string& v) {
       if (find_target(v)) {
         o.settings.target = v;
         return;
       }
       bad("--target", v, "one of `tinyc targets`");
     }},
    {"name", "N", "C name of the model (default: model)", false,
     [](O& o, const std::string& v) { o.settings.name = v; }},
    {"emit", "LIST",
     "c,json,html (default), tflite (int8), float (.tflite before quantization), and more: docs/deployment.md", false,
     set_emit},
    {"pass", "LIST", "run exactly these passes", false,
     [](O& o, const std::string& v) { o.settings.passes = parse_list(v); }},
    {"load-pass", "LIB", "a pass from a shared library; runs before calibration, or where --pass names it", true,
     [](O& o, const std::string& v) {
       o.settings.loaded_passes.push_back(load_pass(v));
       o.loaded_libraries.push_back(v);
     }},
    {"dump-after", "PASS", "print the graph after a pass to standard error", false,
     [](O& o, const std::string& v) { o.dump_after = v; }},
    {"max-flash", "SIZE", "coarser weights until flash is at most this, e.g. 64KiB; fail when none fit", false,
     [](O& o, const std::string& v) { o.gates.max_flash = parse_bytes(v, "--max-flash"); }},
    {"max-ram", "SIZE", "run layers row by row where whole ones need more; fail when the arena is over this", false,
     [](O& o, const std::string& v) { o.gates.max_ram = parse_bytes(v, "--max-ram"); }},
    {"max-drop", "D", "fail when the metric drops by more, e.g. 1pp; with --optimize size: as small as that allows",
     false, [](O& o, const std::string& v) { o.gates.max_drop = parse_share(v, "--max-drop"); }},
    {"min-accuracy", "A", "fail when the metric is below, e.g. 0.9", false,
     [](O& o, const std::string& v) { o.gates.min_accuracy = parse_share(v, "--min-accuracy"); }},
    {"seed", "S", "seed of everything random (default 1)", false,
     [](O& o, const std::string& v) {
       o.settings.seed = static_cast<std::uint64_t>(parse_number(v, "--seed", 0, 4294967295.0));
     }},
    {"threads", "N", "threads (default: all cores); results do not depend on it", false,
     [](O& o, const std::string& v) { o.threads = static_cast<int>(parse_number(v, "--threads", 0, 256)); }},
    {"json", nullptr, "print report.json instead of the table", false,
     [](O& o, const std::string& v) { o.json = parse_switch(v, "--json"); }},
    {"reproducible", nullptr, "leave pass times out of the report", false,
     [](O& o, const std::string& v) { o.output.reproducible = parse_switch(v, "--reproducible"); }},
};

// Own rows, then those of training.
const std::vector<OptionSpec>& specs() {
  static const std::vector<OptionSpec> kAll = [] {
    std::vector<OptionSpec> list(std::begin(kOwnSpecs), std::end(kOwnSpecs));
    const auto training = training_specs();
    list.insert(list.end(), training.begin(), training.end());
    return list;
  }();
  return kAll;
}

}  // namespace

std::span<const OptionSpec> compress_specs() { return specs(); }

const OptionSpec* find_option(const std::string& name) {
  for (const auto& s : specs())
    if (name == s.name) return &s;
  return nullptr;
}

void apply_option(CompressOptions& o, const OptionSpec& spec, const std::string& value) {
  spec.set(o, value);
  o.values[spec.name] = value;
}

void bad_value(const std::string& option, const std::string& value, const std::string& expected) {
  throw Error(ErrorCode::bad_value, "bad value '" + printable(value) + "' for " + option, "expected " + expected);
}

bool parse_switch(const std::string& v, const std::string& option) {
  if (v == "true" || v == "1") return true;
  if (v == "false" || v == "0" || v.empty()) return false;
  bad_value(option, v, "true or false");
}

std::vector<std::string> parse_list(const std::string& v) {
  std::vector<std::string> items;
  std::string item;
  for (const char c : v + ",") {
    if (c == ',') {
      if (!item.empty()) items.push_back(item);
      item.clear();
    } else if (c != ' ') {
      item += c;
    }
  }
  return items;
}

double parse_number(const std::string& text, const std::string& option, double lo, double hi) {
  char* end = nullptr;
  const double v = std::strtod(text.c_str(), &end);
  if (text.empty() || *end || !std::isfinite(v) || v < lo || v > hi)
    bad(option, text, "a number from " + std::to_string(lo) + " to " + std::to_string(hi));
  return v;
}

std::uint64_t parse_bytes(const std::string& text, const std::string& option) {
  const auto split = text.find_first_not_of("0123456789.");
  std::string unit = split == std::string::npos ? "" : text.substr(split);
  unit.erase(std::remove(unit.begin(), unit.end(), ' '), unit.end());
  const double number = parse_number(text.substr(0, split), option, 0, 1e15);
  double factor = 0;
  if (unit.empty() || unit == "B") factor = 1;
  if (unit == "KiB" || unit == "KB" || unit == "kB" || unit == "K" || unit == "k") factor = 1024;
  if (unit == "MiB" || unit == "MB" || unit == "M") factor = 1024.0 * 1024.0;
  if (factor == 0) bad(option, text, "a size such as 65536, 64KiB or 1MiB");
  return static_cast<std::uint64_t>(number * factor);
}

double parse_share(const std::string& text, const std::string& option) {
  for (const char* unit : {"pp", "%"}) {
    const std::string u = unit;
    if (text.size() > u.size() && text.compare(text.size() - u.size(), u.size(), u) == 0)
      return parse_number(text.substr(0, text.size() - u.size()), option, 0, 100) / 100;
  }
  return parse_number(text, option, 0, 1e9);
}

CompressOptions resolve_options(const std::string& model, const std::map<std::string, std::string>& given,
                                const std::string& config_path, const CompressOptions& defaults,
                                const std::set<std::string>& without) {
  CompressOptions o = defaults;
  o.model = model;
  const fs::path beside = fs::path(model).parent_path() / "tinyc.toml";
  std::error_code error;
  if (!config_path.empty()) {
    o.config = config_path;
  } else if (fs::is_regular_file(beside, error)) {
    o.config = beside.string();
  }
  if (!o.config.empty()) apply_configuration(o, o.config, without);
  for (const auto& s : specs()) {
    if (without.count(s.name)) continue;
    std::string variable = std::string("TINYC_") + s.name;
    for (char& c : variable) c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (const char* v = std::getenv(variable.c_str())) apply_option(o, s, v);
  }
  for (const auto& [name, value] : given)
    if (const OptionSpec* s = find_option(name)) apply_option(o, *s, value);
  if (o.out_dir.empty()) o.out_dir = fs::path(model).stem().string() + "_tinyc";
  if (o.calib.empty()) {
    const fs::path data = fs::path(model).replace_extension(".calib.npz");
    if (fs::is_regular_file(data, error)) o.calib = data.string();
  }
  return o;
}

}  // namespace tinyc
