// Fits the factors of the cost model (include/tinyc/cost.h): runs nets with layers of many shapes on the emulated cores
// of all targets, counts the instructions of each layer, and writes src/lower/costs.def.   calibrate
#include <atomic>
#include <cmath>
#include <cstdio>
#include <mutex>
#include <set>
#include <thread>

#include "mcu/figures.h"
#include "mcu/models.h"
#include "pipeline/compress.h"
#include "pipeline/targets.h"
#include "tinyc/cost.h"
#include "tinyc/emit.h"
#include "tinyc/text.h"

using namespace tinyc;

namespace {

const fs::path kRoot = TINYC_SOURCE_DIR;

/// Layers on a picture [H,W,C]. The letters stand for sizes: D is 2 C, N is H W C, G and I are 2 H and 2 W.
constexpr const char* kLayers[] = {
    "%y = conv_2d(%x, random(1) f32[C,3,3,C], random(2) f32[C]) pad=1,1,1,1 act=relu output %y",
    "%y = conv_2d(%x, random(1) f32[D,3,3,C], random(2) f32[D]) pad=0,1,0,1 stride=2,2 output %y",
    "%y = conv_2d(%x, random(1) f32[9,5,5,C], random(2) f32[9]) pad=2,2,2,2 act=relu6 output %y",
    "%y = conv_2d(%x, random(1) f32[C,1,1,C], random(2) f32[C]) output %y",
    "%y = conv_2d(%x, random(1) f32[D,1,1,C], random(2) f32[D]) act=relu output %y",
    "%y = conv_2d(%x, random(1) f32[D,1,1,C], random(2) f32[D]) stride=2,2 output %y",
    "%p = input f32[1,G,I,3] %y = conv_2d(%p, random(1) f32[16,3,3,3], random(2) f32[16]) pad=1,1,1,1 output %y",
    "%p = input f32[1,G,I,3] %y = conv_2d(%p, random(1) f32[8,3,3,3], random(2) f32[8]) pad=0,1,0,1 stride=2,2 output "
    "%y",
    "%p = input f32[1,G,I,1] %y = conv_2d(%p, random(1) f32[C,6,4,1], random(2) f32[C]) pad=2,1,3,2 stride=2,2 output "
    "%y",
    "%y = conv_2d(%x, random(1) f32[7,3,3,C], random(2) f32[7]) dilation=2,2 pad=2,2,2,2 output %y",
    "%y = depthwise_conv_2d(%x, random(1) f32[1,3,3,C], random(2) f32[C]) pad=1,1,1,1 act=relu output %y",
    "%y = depthwise_conv_2d(%x, random(1) f32[1,3,3,C], random(2) f32[C]) pad=0,1,0,1 stride=2,2 output %y",
    "%y = depthwise_conv_2d(%x, random(1) f32[1,5,5,C], random(2) f32[C]) pad=2,2,2,2 output %y",
    "%p = input f32[1,G,I,1] %y = depthwise_conv_2d(%p, random(1) f32[1,5,4,8]) pad=2,1,2,2 stride=2,2 output %y",
    "%y = transpose_conv(%x, random(1) f32[8,3,3,C], random(2) f32[8]) stride=2,2 pad=0,1,0,1 output %y",
    "%f = reshape(%x) shape=[1,N] %y = fully_connected(%f, random(1) f32[10,N], random(2) f32[10]) output %y",
    "%f = input f32[1,N] %y = fully_connected(%f, random(1) f32[C,N], random(2) f32[C]) act=relu output %y",
    "%f = input f32[1,C] %y = fully_connected(%f, random(1) f32[N,C], random(2) f32[N]) output %y",
    "%a = input f32[1,H,W,C] %b = input f32[1,H,W,C] %y = add(%a, %b) act=relu output %y",
    "%y = add(%x, random(1) f32[C]) output %y",
    "%a = input f32[1,H,W,C] %b = input f32[1,H,W,C] %y = mul(%a, %b) output %y",
    "%y = mul(%x, random(1) f32[C]) output %y",
    "%a = input f32[1,H,W,C] %b = input f32[1,H,W,C] %y = maximum(%a, %b) output %y",
    "%a = input f32[1,H,W,C] %b = input f32[1,H,W,C] %y = squared_difference(%a, %b) output %y",
    "%y = average_pool_2d(%x) kernel=3,3 stride=2,2 pad=1,1,1,1 output %y",
    "%y = average_pool_2d(%x) kernel=H,W output %y",
    "%y = average_pool_2d(%x) kernel=2,2 stride=2,2 output %y",
    "%y = max_pool_2d(%x) kernel=3,3 stride=2,2 pad=1,1,1,1 output %y",
    "%y = max_pool_2d(%x) kernel=2,2 stride=2,2 output %y",
    "%y = mean(%x) axes=[1,2] output %y",
    "%y = mean(%x) axes=[3] output %y",
    "%y = sum(%x) axes=[1] output %y",
    "%y = reduce_max(%x) axes=[1,2] output %y",
    "%y = reduce_min(%x) axes=[3] output %y",
    "%y = softmax(%x) output %y",
    "%f = input f32[1,N] %y = softmax(%f) output %y",
    "%y = tanh(%x) output %y",
    "%y = prelu(%x, random(1) f32[1,1,C]) output %y",
    "%y = pad(%x) before=[0,1,1,0] after=[0,2,1,0] output %y",
    "%a = input f32[1,H,W,C] %b = input f32[1,H,W,C] %y = concatenation(%a, %b) axis=3 output %y",
    "%y = mirror_pad(%x) before=[0,1,1,0] after=[0,2,1,0] output %y",
    "%y = gather(%x) axis=1 indices=[4,0,2] output %y",
    "%y = arg_max(%x) axis=3 output %y",
    "%y = l2_normalization(%x) output %y",
    "%y = transpose(%x) perm=[0,3,1,2] output %y",
    "%y = strided_slice(%x) begin=[0,1,1,0] size=[1,2,3,2] stride=[1,2,1,1] output %y",
    "%y = resize_bilinear(%x) size=7,9 output %y",
    "%y = resize_nearest_neighbor(%x) size=G,I output %y",
    "%y = space_to_depth(%x) block=2 output %y",
    "%y = batch_matmul(%x, random(1) f32[1,1,C,6]) output %y",
};
constexpr std::size_t kWeighted = 18;  // the first ones have weights to code
struct Size {
  std::int32_t h, w, c;
};
/// Even heights and widths; the last two for AVR as well.
constexpr Size kSizes[] = {{10, 8, 32}, {16, 14, 16}, {6, 6, 48}, {12, 10, 13}, {24, 20, 8}, {6, 6, 4}, {8, 6, 7}};
constexpr std::size_t kSmallSizes = 2, kFurther = 4;  // the first ones show what goals choose
constexpr std::int64_t kAvrArena = 1024;

std::string with_sizes(std::string text, const Size& s, std::size_t number) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool in_word = i > 0 && (std::isalnum(static_cast<unsigned char>(text[i - 1])) || text[i - 1] == '_');
    const std::map<char, std::int32_t> values{
        {'H', s.h}, {'W', s.w}, {'C', s.c}, {'D', 2 * s.c}, {'G', 2 * s.h}, {'I', 2 * s.w}, {'N', s.h * s.w * s.c}};
    if (c == '%')
      out += text[i + 1] == 'x' ? "%" : "%n" + std::to_string(number);
    else if (!in_word && values.count(c))
      out += std::to_string(values.at(c));
    else
      out += c;
  }
  return out;
}

constexpr int kFeatures = 5;
/// One layer as it ran.
struct Sample {
  Work work;
  double instructions;
  double features(int i) const {
    return i == 0 ? work.calls : i == 1 ? work.positions : i == 2 ? work.outputs : i == 3 ? work.products : work.window;
  }
};
using Key = std::pair<std::string, std::string>;  // target, kernel
using Samples = std::map<Key, std::vector<Sample>>;

using Kind = PassOptions::Prune::Kind;
Compressed compressed(const std::string& text, const char* target, PassOptions::Optimize goal,
                      PassOptions::Coding coding, std::optional<Kind> pruned = std::nullopt) {
  Import model;
  model.graph = parse(text);
  CompressSettings s;
  s.name = "net";
  s.int8 = true;
  s.target = target;
  s.pass_options.optimize = goal;
  s.pass_options.coding = coding;
  if (pruned) s.pass_options.prune = {0.85f, *pruned, 2, 4, true, 1, PassOptions::Prune::Criterion::magnitude};
  return compress({&model, nullptr, nullptr}, s);
}

/// Whole layers with the kernels that bands of one row have.
Program lowered_for_rows(const Graph& g, const char* target) {
  Program p;
  p.name = "net";
  ProgramBuilder builder(g, p, {find_target(target)->family, false, true});
  for (const TensorId id : g.inputs) p.inputs.push_back(builder.value(id));
  for (const Node& n : g.nodes) {
    builder.set_room(0, false, 1);
    traits(n.op).lower(g, n, builder);
  }
  for (const TensorId id : g.outputs) p.outputs.push_back(builder.value(id));
  plan(p);
  return p;
}

/// Instructions up to the end of each layer; nothing where the program does not fit the core.
std::vector<std::int64_t> marks_of(Bench& bench, const Core& core, const Program& p) {
  if (is_avr(core) && p.arena_bytes > kAvrArena) return {};
  const Scratch dir;
  for (const auto& [file, text] : emit_c(p)) write_file(dir.path / file, text);
  std::vector<std::int64_t> marks;
  if (!bench.run(core, dir, &marks)) marks.clear();
  return marks;
}

/// Layers that complete an output together count together, where they have one kernel.
void add_layers(const Program& p, const std::vector<std::int64_t>& marks, const char* target, Samples& out) {
  if (marks.empty()) return;
  std::int64_t before = 0;
  std::size_t next = 0;
  Work sum{0, 0, 0, 0, 0};
  std::set<std::string> kernels;
  for (const Layer& l : p.layers) {
    const Work w = work_of(p, l);
    sum.calls += w.calls;
    sum.positions += w.positions;
    sum.outputs = l.part ? w.outputs : std::max(sum.outputs, w.outputs);
    sum.products += w.products;
    sum.window += w.window;
    kernels.insert(l.kernel->symbol);
    if (l.record.out_bytes == 0) continue;
    const std::int64_t now = marks.at(next++);
    if (kernels.size() == 1) out[{target, *kernels.begin()}].push_back({sum, static_cast<double>(now - before)});
    before = now;
    sum = {0, 0, 0, 0, 0};
    kernels.clear();
  }
}

/// What decoding adds to the layers of a program, beside a Cortex-M4's as decode_instructions knows it.
void add_decoding(const Program& raw, const std::vector<std::int64_t>& raw_marks, const Program& coded,
                  const std::vector<std::int64_t>& marks, const char* target, Samples& out) {
  if (raw_marks.size() != raw.layers.size() || marks.size() != raw.layers.size()) return;
  for (std::size_t i = 0; i < coded.layers.size(); ++i) {
    const Layer& l = coded.layers[i];
    // where filters come in blocks, the kernel walks the picture once for each
    if (l.codec < 0 || l.kernel != raw.layers[i].kernel || l.record.block < l.record.out_c) continue;
    const auto took = [&](const std::vector<std::int64_t>& m) { return m[i] - (i ? m[i - 1] : 0); };
    const Bytes& table = coded.blobs[static_cast<std::size_t>(l.codec)].bytes;
    const auto weights =
        decode({table}, coded.blobs[static_cast<std::size_t>(l.weights)].bytes, l.weight_count, filter_shape(l));
    Work w;
    w.products = static_cast<double>(decode_instructions(table, weights));
    out[{target, is_range(table) ? "tinyc_range" : "tinyc_huffman"}].push_back(
        {w, static_cast<double>(took(marks) - took(raw_marks))});
  }
}

/// The factors, none negative, that make the squares of relative errors least: of all choices of features the best
/// whose solution has no negative one.
std::array<double, kFeatures> fit(const std::vector<Sample>& samples) {
  std::array<double, kFeatures> best{};
  double least = INFINITY;
  for (unsigned chosen = 1; chosen < 1u << kFeatures; ++chosen) {
    std::array<int, kFeatures> columns{};
    std::size_t n = 0;
    for (int i = 0; i < kFeatures; ++i)
      if (chosen >> i & 1) columns[n++] = i;
    if (n > samples.size()) continue;
    std::array<std::array<double, kFeatures + 1>, kFeatures> a{};
    for (const Sample& s : samples)
      for (std::size_t r = 0; r < n; ++r) {
        const double f = s.features(columns[r]) / s.instructions;
        for (std::size_t c = 0; c < n; ++c) a[r][c] += f * s.features(columns[c]) / s.instructions;
        a[r][kFeatures] += f;
      }
    bool solved = true;
    for (std::size_t i = 0; i < n && solved; ++i) {  // Gauss-Jordan; the matrix is positive definite or of no use
      const double pivot = a[i][i];
      for (double& v : a[i]) v /= pivot;
      solved = pivot > 1e-12;
      for (std::size_t r = 0; r < n; ++r)
        if (const double f = a[r][i]; r != i)
          for (std::size_t c = 0; c <= kFeatures; ++c) a[r][c] -= f * a[i][c];
    }
    std::array<double, kFeatures> factors{};
    for (std::size_t i = 0; i < n; ++i) factors[static_cast<std::size_t>(columns[i])] = a[i][kFeatures];
    if (!solved || *std::min_element(factors.begin(), factors.end()) < 0) continue;
    double error = 0;
    for (const Sample& s : samples) {
      double estimate = 0;
      for (int i = 0; i < kFeatures; ++i) estimate += factors[static_cast<std::size_t>(i)] * s.features(i);
      error += (estimate / s.instructions - 1) * (estimate / s.instructions - 1);
    }
    error *= 1 + 1e-6 * static_cast<double>(n);  // of equals the simplest
    if (error < least) {
      least = error;
      best = factors;
    }
  }
  return best;
}

using Factors = std::array<double, kFeatures>;
double estimate(const Factors& f, const Sample& s) {
  double sum = 0;
  for (int i = 0; i < kFeatures; ++i) sum += f[static_cast<std::size_t>(i)] * s.features(i);
  return sum;
}

using Optimize = PassOptions::Optimize;
/// Decoding is the same plain C on all 32-bit cores; on this one kernels take decoded and raw weights alike.
constexpr const char* kDecodes = "cortex-m4";
/// Differences of large numbers: what they add up to says more than each.
Factors in_proportion(const std::vector<Sample>& samples) {
  double instructions = 0, products = 0;
  for (const Sample& s : samples) {
    instructions += s.instructions;
    products += s.work.products;
  }
  return {0, 0, 0, instructions / products, 0};
}

struct Job {
  enum class What : std::uint8_t { layers, layers_for_rows, decoding, rows } what;
  const Core* core;
  const char* target;
  std::string text;
  Optimize goal = Optimize::balanced;
  std::optional<Kind> pruned = std::nullopt;
};

/// A group of layers that ran row by row.
struct Rows {
  std::string target;
  Program program;
  double instructions;
};

std::vector<Job> all_jobs() {
  struct Measured {
    const char *target, *core;
  };
  constexpr Measured kTargets[] = {{"any", "cortex-m4"},
                                   {"cortex-m0", "cortex-m0"},
                                   {"cortex-m3", "cortex-m3"},
                                   {"cortex-m4", "cortex-m4"},
                                   {"cortex-m55", "cortex-m55"},
                                   {"rv32", "rv32"},
                                   {"avr", "avr"}};
  std::vector<Job> jobs;
  for (const auto& [target, core_name] : kTargets) {
    const Core* core = nullptr;
    for (const Core& c : kMeasuredCores)
      if (std::string(c.name) == core_name) core = &c;
    if (!core || !installed(*core))
      throw std::runtime_error(std::string("the tools for ") + core_name + " are missing");
    const bool small = is_avr(*core);
    for (const SmallModel& m : kRowModels) jobs.push_back({Job::What::rows, core, target, m.text, Optimize::ram});
    for (std::size_t s = small ? std::size(kSizes) - kSmallSizes : 0; s < std::size(kSizes); ++s) {
      const Size& size = kSizes[s];
      const std::string input = "%x = input f32[1," + std::to_string(size.h) + "," + std::to_string(size.w) + "," +
                                std::to_string(size.c) + "] ";
      std::string all = input, weighted = input;
      for (std::size_t i = 0; i < std::size(kLayers); ++i) {
        const std::string layer = with_sizes(kLayers[i], size, i) + " ";
        all += layer;
        if (i < kWeighted) weighted += layer;
        const std::string single = (layer.find("%x") != std::string::npos ? input : "") + layer;
        if (small) jobs.push_back({Job::What::layers, core, target, single});
        if (small && i < kWeighted && i % 3 == 0) jobs.push_back({Job::What::decoding, core, target, single});
      }
      if (small) continue;
      jobs.push_back({Job::What::layers, core, target, all});
      for (const Kind kind : {Kind::block4, Kind::unstructured})
        jobs.push_back({Job::What::layers, core, target, weighted, Optimize::speed, kind});
      if (s == 0 && std::string(target) == kDecodes)
        jobs.push_back({Job::What::decoding, core, target, weighted, Optimize::speed});
      if (s >= kFurther || std::string(target) == "any") continue;
      jobs.push_back({Job::What::layers_for_rows, core, target, weighted});
      for (const Optimize goal : {Optimize::speed, Optimize::size})
        jobs.push_back({Job::What::layers, core, target, all, goal});
    }
  }
  return jobs;
}

}  // namespace

int main() try {
  using Coding = PassOptions::Coding;
  const std::vector<Job> jobs = all_jobs();
  Bench bench(kRoot / "tests", "");
  Samples samples;
  std::vector<Rows> rows;
  std::mutex lock;
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> failed = false;
  const auto work = [&] {
    for (std::size_t i; (i = next++) < jobs.size();) try {
        const Job& j = jobs[i];
        const Compressed c = compressed(j.text, j.target, j.goal, Coding::raw, j.pruned);
        const bool for_rows = j.what == Job::What::layers_for_rows;
        const Program p = for_rows ? lowered_for_rows(c.graph, j.target) : c.program;
        const auto marks = marks_of(bench, *j.core, p);
        if (marks.empty()) continue;
        if (j.what == Job::What::decoding) {
          for (const Coding coding : {Coding::huffman, Coding::range}) {
            const Program coded = compressed(j.text, j.target, j.goal, coding).program;
            const auto coded_marks = marks_of(bench, *j.core, coded);
            const std::lock_guard hold(lock);
            add_decoding(p, marks, coded, coded_marks, j.target, samples);
          }
          continue;
        }
        const std::lock_guard hold(lock);
        if (j.what == Job::What::layers || for_rows)
          add_layers(p, marks, j.target, samples);
        else if (!p.rows.empty() && p.rows[0].count == static_cast<std::int32_t>(p.layers.size()))
          rows.push_back({j.target, p, static_cast<double>(marks.back())});
      } catch (const std::exception& e) {
        std::fprintf(stderr, "calibrate: %s: %s\n", jobs[i].target, e.what());
        failed = true;
      }
  };
  std::thread second(work);
  work();
  second.join();
  if (failed) return 1;

  std::map<Key, Factors> factors;
  for (const auto& [key, list] : samples) {
    const bool decoding = key.second == "tinyc_huffman" || key.second == "tinyc_range";
    const Factors f = factors[key] = decoding ? in_proportion(list) : fit(list);
    double worst = 0, mean = 0;
    for (const Sample& s : list) {
      const double error = std::fabs(estimate(f, s) / s.instructions - 1);
      worst = std::max(worst, error);
      mean += error / static_cast<double>(list.size());
    }
    std::printf("%-10s %-34s %3zu layers, off by %4.0f %% in the mean, %4.0f %% at most\n", key.first.c_str(),
                key.second.c_str(), list.size(), 100 * mean, 100 * worst);
  }
  for (const auto& [key, f] : std::map(factors))  // their like for bands, which do the same work
    for (const char* kernel : {"tinyc_mean", "tinyc_average_pool_2d"})
      if (key.second == kernel) factors[{key.first, std::string(kernel) + "_rows"}] = f;
  for (const char* coder : {"tinyc_huffman", "tinyc_range"})
    for (const auto& [key, f] : std::map(factors))
      if (key.second == "tinyc_lut")  // every target has it
        factors.try_emplace({key.first, coder}, factors.at({key.first == "avr" ? "avr" : kDecodes,
                                                            key.first == "avr" ? "tinyc_range" : coder}));
  std::map<std::string, std::pair<double, double>> steps;  // instructions beside the kernels', and calls
  for (const Rows& r : rows) {
    auto& [rest, calls] = steps[r.target];
    rest += r.instructions;
    for (const Layer& l : r.program.layers) {
      const Work w = work_of(r.program, l);
      calls += w.calls;
      if (const auto f = factors.find({r.target, l.kernel->symbol}); f != factors.end())
        rest -= estimate(f->second, {w, 0});
    }
  }
  for (const auto& [target, sums] : steps) {
    factors[{target, "tinyc_run_rows"}] = {std::max(0.0, sums.first / sums.second), 0, 0, 0, 0};
    std::printf("%-10s a row takes %.0f instructions more\n", target.c_str(), sums.first / sums.second);
  }
  std::string out =
      "// Written by tests/calibrate. TINYC_COST(target, kernel, instructions of a call, a position, an output, a "
      "product, "
      "an element of the window)\n";
  for (const auto& [key, f] : factors) {
    std::string target = key.first;
    std::replace(target.begin(), target.end(), '-', '_');
    char line[200];
    std::snprintf(line, sizeof line, "TINYC_COST(%s, %s, %.4g, %.4g, %.4g, %.4g, %.4g)\n", target.c_str(),
                  key.second.c_str(), f[0], f[1], f[2], f[3], f[4]);
    out += line;
  }
  std::ofstream(kRoot / "src/lower/costs.def") << out;
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "calibrate: %s\n", e.what());
  return 1;
}
