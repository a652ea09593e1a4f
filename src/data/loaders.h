// The formats that name no arrays: each gives `x` and, where it has labels, `y`. All take the shape of the model's one
// input.
#pragma once
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "data/input_shape.h"
#include "tinyc/dataset.h"

namespace tinyc {

/// What a loader gives.
struct Samples {
  Array x;
  std::optional<Array> y;
  std::vector<std::string> warnings;
};

/// What a loader needs to know. `what` names the source in messages.
struct LoadRequest {
  std::filesystem::path path;
  std::string what;
  Shape shape;               ///< of the model's input, with its batch axis
  std::size_t max_rows = 0;  ///< 0: all
};

/// A folder of PNG and JPEG pictures, or one picture. Sub-folders are labels: their number when all are named by
/// numbers, else their place in the sorted list. Pictures are taken from the labels in turn, so that the first rows
/// hold all of them.
Samples load_images(const LoadRequest& r);
/// IDX (type in the third byte, big-endian), gzipped or not. Labels: the file beside it with `labels` for `images` and
/// `idx1` for `idx3` in its name.
Samples load_idx(const LoadRequest& r, std::span<const std::uint8_t> file);
/// One sample a row, numbers separated by commas, semicolons or tabs, optional header line. With one column more than
/// the input has elements, the column named label, y, class or target in the header is the label, else the last one.
Samples load_csv(const LoadRequest& r, std::span<const std::uint8_t> file);
/// Samples one after the other, nothing else. The element type is that of the name's second ending (x.f32.bin,
/// x.u8.bin, x.i8.bin); without one, float32 if the size is a multiple of that, else uint8 (with a warning that says
/// so).
Samples load_bin(const LoadRequest& r, std::span<const std::uint8_t> file);

bool is_gzip(std::span<const std::uint8_t> file) noexcept;
bool is_idx(std::span<const std::uint8_t> file) noexcept;
bool is_image_name(const std::filesystem::path& path);
/// The file with the labels of an IDX file of pictures, by its name; absent when there is none.
std::optional<std::filesystem::path> label_file(const std::filesystem::path& pictures);
/// The file or folder of a path that may end with rows: samples.npz of samples.npz[0:250]. Throws Error(usage).
std::filesystem::path without_rows(const std::filesystem::path& named);

/// Elements of one sample.
inline std::size_t sample_elements(const LoadRequest& r) { return static_cast<std::size_t>(num_elements(r.shape)); }

}  // namespace tinyc
