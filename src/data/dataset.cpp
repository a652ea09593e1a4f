// Finding the arrays that belong to a graph's inputs, and checking them.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <type_traits>

#include "data/array_types.h"
#include "data/input_shape.h"
#include "data/loaders.h"
#include "data/mapped_file.h"
#include "data/numpy.h"

namespace tinyc {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFewSamples = 20;

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string out = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + (shape.size() == 1 ? ",)" : ")");
}

std::string number_text(float v) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%g", static_cast<double>(v));
  return buffer;
}

/// The names under which input `k` may be stored, best first.
std::vector<std::string> keys_of(const Graph& g, std::size_t k) {
  const std::string& name = g.at(g.inputs[k]).name;
  std::vector<std::string> keys = {name};
  std::string plain = name;
  if (plain.size() > 2 && plain.compare(plain.size() - 2, 2, ":0") == 0) plain.resize(plain.size() - 2);
  keys.push_back(plain);
  constexpr const char* prefix = "serving_default_";
  if (plain.rfind(prefix, 0) == 0) keys.push_back(plain.substr(16));
  if (g.inputs.size() == 1) keys.push_back("x");
  keys.push_back("x" + std::to_string(k));
  return keys;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < 12; ++i) out += (i ? ", '" : "'") + printable(names[i], 60) + "'";
  return out.empty() ? "nothing" : out + (names.size() > 12 ? ", ..." : "");
}

/// Takes the arrays out of an .npz by name.
void take_npz(Dataset& d, const Graph& g, const DatasetOptions& o, std::span<const std::uint8_t> file,
              const std::string& what) {
  const auto names = npz_names(file, what);
  const auto holds = [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::vector<std::string> chosen;
  for (std::size_t k = 0; k < g.inputs.size(); ++k) {
    const auto keys = keys_of(g, k);
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const std::string& n) { return holds(n); });
    if (key == keys.end())
      throw Error(ErrorCode::data_does_not_fit,
                  what + " has no array for input '" + printable(keys[0]) + "'; it holds " + joined(names),
                  std::string("name the arrays like the model's inputs, or ") +
                      (g.inputs.size() == 1 ? "x" : "x0, x1, ... in their order"));
    chosen.push_back(*key);
  }
  const auto wanted = [&](const std::string& n) {
    return n == "y" || n == "clip" || std::find(chosen.begin(), chosen.end(), n) != chosen.end();
  };
  auto arrays = read_npz(file, what, o.max_samples, wanted);
  for (const auto& name : chosen)
    for (const auto& a : arrays)
      if (a.name == name) d.inputs.push_back(a);
  for (auto& a : arrays) {
    if (std::find(chosen.begin(), chosen.end(), a.name) != chosen.end()) continue;
    (a.name == "y" ? d.labels : d.groups) = std::move(a);
  }
}

Samples load_one(const LoadRequest& r, std::span<const std::uint8_t> file) {
  const auto ending = r.path.extension();
  if (is_npy(file)) {
    ByteStream in(file, ByteStream::Method::stored, r.what);
    return {read_npy(in, r.max_rows), std::nullopt, {}};
  }
  if (ending == ".csv") return load_csv(r, file);
  if (ending == ".bin") return load_bin(r, file);
  if (is_gzip(file) || is_idx(file)) return load_idx(r, file);
  throw Error(ErrorCode::unknown_data, r.what + " is of no format that holds samples",
              "data may be .npz, .npy, .csv, .bin, IDX(.gz) or a folder of PNG or JPEG pictures");
}

void take_single(Dataset& d, const Graph& g, Samples s, const std::string& what) {
  if (g.inputs.size() != 1)
    throw Error(ErrorCode::data_does_not_fit,
                what + " holds one array, the model has " + std::to_string(g.inputs.size()) + " inputs",
                "store an .npz with one array for each input, named like the inputs or x0, x1, ...");
  s.x.name = "x";
  if (s.y) s.y->name = "y";
  d.inputs.push_back(std::move(s.x));
  d.labels = std::move(s.y);
  d.warnings = std::move(s.warnings);
}

void check_shapes(const Dataset& d, const Graph& g, const std::string& what) {
  for (std::size_t k = 0; k < d.inputs.size(); ++k) {
    const Array& a = d.inputs[k];
    const Tensor& t = g.at(g.inputs[k]);
    const std::string array = what + ": array '" + printable(a.name) + "'";
    if (!row_fits(a, t.shape))
      throw Error(
          ErrorCode::data_does_not_fit,
          array + " has shape " + shape_text(a.shape) + ", input '" + printable(t.name) + "' has " + to_string(t.shape),
          "the first axis counts samples: store it as " + shape_text(rows_of_shape(a.rows(), t.shape)));
    if (a.rows() == 0) throw Error(ErrorCode::no_samples, array + " has no samples");
    if (a.rows() != d.samples())
      throw Error(ErrorCode::data_does_not_fit, array + " has " + std::to_string(a.rows()) + " rows, '" +
                                                    printable(d.inputs[0].name) + "' has " +
                                                    std::to_string(d.samples()));
  }
  for (const auto* extra : {&d.labels, &d.groups})
    if (*extra && (*extra)->rows() != d.samples())
      throw Error(ErrorCode::labels_do_not_fit, what + ": array '" + printable((*extra)->name) + "' has " +
                                                    std::to_string((*extra)->rows()) + " rows, the samples are " +
                                                    std::to_string(d.samples()));
  if (d.groups && d.groups->row_elements() != 1)
    throw Error(ErrorCode::labels_do_not_fit, what + ": array 'clip' has shape " + shape_text(d.groups->shape),
                "one number a sample is expected");
  if (!d.labels || d.labels->row_elements() == 1 || g.outputs.empty()) return;
  const bool fits = std::any_of(g.outputs.begin(), g.outputs.end(), [&](TensorId id) {
    return static_cast<std::size_t>(num_elements(g.at(id).shape)) == d.labels->row_elements();
  });
  if (!fits)
    throw Error(ErrorCode::labels_do_not_fit,
                what + ": array 'y' has shape " + shape_text(d.labels->shape) + ", the first output has " +
                    to_string(g.at(g.outputs[0]).shape),
                "labels are one class number a sample, or all elements of an output");
}

/// Smallest and largest value. Throws Error(data) where one is not finite.
Range finite_range(const Array& a, const std::string& what) {
  Range range{std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()};
  const std::size_t size = size_of(a.type), n = a.data.size() / size,
                    columns = std::max<std::size_t>(a.row_elements(), 1);
  visit_type(a.type, [&]<class T>(T) {
    if constexpr (std::is_integral_v<T>) {
      T low = std::numeric_limits<T>::max(), high = std::numeric_limits<T>::lowest();
      for (std::size_t i = 0; i < n; ++i) {
        const T v = load<T>(a.data.data() + i * size);
        low = std::min(low, v);
        high = std::max(high, v);
      }
      range = {static_cast<float>(low), static_cast<float>(high)};
      return;
    }
    // In blocks: the inner loop has no exit, so it runs at the speed of memory.
    constexpr std::size_t block = 4096;
    for (std::size_t start = 0; start < n; start += block) {
      const std::size_t end = std::min(n, start + block);
      float low = range.min, high = range.max, poison = 0;
      for (std::size_t i = start; i < end; ++i) {
        const auto v = static_cast<float>(load<T>(a.data.data() + i * size));
        low = v < low ? v : low;
        high = v > high ? v : high;
        poison += v * 0.0f;  // NaN as soon as one value is not finite
      }
      if (!(poison == 0))
        for (std::size_t i = start; i < end; ++i)
          if (const auto v = static_cast<float>(load<T>(a.data.data() + i * size)); !std::isfinite(v))
            throw Error(ErrorCode::not_finite,
                        what + ": array '" + printable(a.name) + "' is " + (std::isnan(v) ? "NaN" : "infinite") +
                            " in row " + std::to_string(i / columns) + ", element " + std::to_string(i % columns));
      range = {low, high};
    }
  });
  return range;
}

bool holds_integers(Array::Type t) { return t != Array::Type::f16 && t != Array::Type::f32 && t != Array::Type::f64; }

void warn_about_range(Dataset& d, const Tensor& t, const Array& a, Range stored) {
  const std::string name = "input '" + printable(t.name) + "'";
  const std::string values = number_text(stored.min) + ".." + number_text(stored.max);
  if (stored.min == stored.max) {
    d.warnings.push_back(warning(WarningCode::constant_samples, name + ": all values are " + number_text(stored.min)));
    return;
  }
  const auto warn = [&](const std::string& text) {
    d.warnings.push_back(warning(WarningCode::suspicious_scale, name + ": " + text));
  };
  const bool preprocessed = !(d.preprocess == Preprocess{});
  float low = (stored.min - d.preprocess.mean) * d.preprocess.scale,
        high = (stored.max - d.preprocess.mean) * d.preprocess.scale;
  if (low > high) std::swap(low, high);
  if (const auto made_for = input_range(t)) {
    const float width = made_for->max - made_for->min,
                reach = std::max(std::abs(made_for->min), std::abs(made_for->max));
    const std::string expected = number_text(made_for->min) + ".." + number_text(made_for->max);
    if (low < made_for->min - width || high > made_for->max + width)
      warn("values " + number_text(low) + ".." + number_text(high) + " go far beyond " + expected +
           ", for which the model is made; is a --preprocess missing?");
    else if (std::max(std::abs(low), std::abs(high)) * 50 < reach)
      warn("values " + number_text(low) + ".." + number_text(high) + " are tiny beside " + expected +
           ", for which the model is made; is a --preprocess wrong?");
  } else if (!preprocessed && holds_integers(a.type) && stored.max > 1.5f) {
    warn("stored integers " + values +
         " are used as they are (200 is 200.0); if the model was trained on 0..1, add --preprocess scale=0.00392157");
  }
}

}  // namespace

void Dataset::sample(std::size_t k, std::size_t i, std::span<float> out) const {
  inputs.at(k).row(i, out);
  if (preprocess == Preprocess{}) return;
  for (auto& v : out) v = (v - preprocess.mean) * preprocess.scale;
}

namespace {

// "samples.npz[100:200]": rows 100 to 199; either number may be left out. "[0:1000:5]": every fifth. A file that has
// that very name is itself.
struct RowRange {
  fs::path path;
  std::size_t first = 0, last = 0, step = 1;  ///< last 0: to the end
};

RowRange row_range(const fs::path& path) {
  const std::string text = path.string();
  const auto open = text.rfind('[');
  std::error_code error;
  if (text.empty() || text.back() != ']' || open == std::string::npos || fs::exists(path, error)) return {path};
  RowRange r{text.substr(0, open)};
  const auto fail = [&]() {
    throw Error(ErrorCode::bad_value,
                "'" + printable(text) + "': rows are written [FIRST:END] or [FIRST:END:STEP], from 0",
                "for example samples.npz[0:250]");
  };
  const std::string range = text.substr(open + 1, text.size() - open - 2);
  const auto colon = range.find(':');
  if (colon == std::string::npos) fail();
  const auto number = [&](const std::string& digits) -> std::size_t {
    if (digits.empty()) return 0;
    if (digits.size() > 9 || digits.find_first_not_of("0123456789") != std::string::npos) fail();
    return static_cast<std::size_t>(std::stoul(digits));
  };
  const auto second = range.find(':', colon + 1);
  r.first = number(range.substr(0, colon));
  r.last = number(range.substr(colon + 1, second == std::string::npos ? second : second - colon - 1));
  if (second != std::string::npos) r.step = number(range.substr(second + 1));
  if ((r.last && r.last <= r.first) || r.step == 0) fail();
  return r;
}

// Keeps every step-th row from `first` on.
void keep_rows(Array& a, std::size_t first, std::size_t step, const std::string& what) {
  if (first >= a.rows())
    throw Error(ErrorCode::data_does_not_fit, what + " has only " + std::to_string(a.rows()) + " rows");
  const std::size_t bytes = a.data.size() / a.rows();
  Bytes kept;
  for (std::size_t i = first; i < a.rows(); i += step)
    kept.insert(kept.end(), a.data.begin() + static_cast<std::ptrdiff_t>(i * bytes),
                a.data.begin() + static_cast<std::ptrdiff_t>((i + 1) * bytes));
  a.shape[0] = static_cast<std::int64_t>((a.rows() - first + step - 1) / step);
  a.data = std::move(kept);
}

}  // namespace

fs::path without_rows(const fs::path& named) { return row_range(named).path; }

Dataset load_dataset(const fs::path& named, const Graph& g, const DatasetOptions& given) {
  const RowRange range = row_range(named);
  const fs::path& path = range.path;
  const std::string what = "'" + printable(path.string()) + "'";
  DatasetOptions options = given;
  if (given.max_samples) options.max_samples = range.first + given.max_samples * range.step;
  if (range.last) options.max_samples = std::min(range.last, options.max_samples ? options.max_samples : range.last);
  Dataset d;
  std::error_code error;
  const bool pictures = fs::is_directory(path, error) || is_image_name(path);
  const Shape shape = g.inputs.empty() ? Shape{} : g.at(g.inputs[0]).shape;
  const LoadRequest request{path, what, shape, options.max_samples};
  if (pictures) {
    take_single(d, g, load_images(request), what);
  } else {
    const MappedFile file(path);
    if (is_zip(file.bytes()))
      take_npz(d, g, options, file.bytes(), what);
    else
      take_single(d, g, load_one(request, file.bytes()), what);
  }
  if (range.first || range.step > 1) {
    for (Array& a : d.inputs) keep_rows(a, range.first, range.step, what);
    for (auto* extra : {&d.labels, &d.groups})
      if (*extra) keep_rows(**extra, range.first, range.step, what);
  }
  d.preprocess = options.preprocess;
  check_shapes(d, g, what);
  if (options.need_labels && !d.labels)
    throw Error(ErrorCode::labels_do_not_fit, what + " has no labels",
                "store them as array y in an .npz, in sub-folders of pictures, or as the last column of a .csv");
  for (const auto* extra : {&d.labels, &d.groups})
    if (*extra) finite_range(**extra, what);
  for (std::size_t k = 0; k < d.inputs.size(); ++k)
    warn_about_range(d, g.at(g.inputs[k]), d.inputs[k], finite_range(d.inputs[k], what));
  if (d.samples() < kFewSamples && (options.max_samples == 0 || options.max_samples >= kFewSamples))
    d.warnings.push_back(warning(WarningCode::few_samples, what + " holds only " + std::to_string(d.samples()) +
                                                               (d.samples() == 1 ? " sample" : " samples") +
                                                               ": ranges and accuracy taken from so few are rough"));
  return d;
}

}  // namespace tinyc
