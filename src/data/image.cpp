// Folders of PNG and JPEG pictures.
#define STBI_NO_STDIO
#include <stb/stb_image.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "data/image_check.h"
#include "data/loaders.h"

namespace tinyc {
namespace {

namespace fs = std::filesystem;

struct Picture {
  fs::path path;
  std::int64_t label = 0;
};

std::string shown(const fs::path& path) { return "'" + printable(path.string()) + "'"; }

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (!it->path().filename().string().starts_with('.')) out.push_back(it->path());
  if (error)
    throw Error(ErrorCode::data_unreadable, "cannot read the folder " + shown(folder) + ": " + error.message());
  std::sort(out.begin(), out.end(), [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
  return out;
}

std::vector<fs::path> pictures_in(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const auto& p : entries(folder)) {
    std::error_code error;
    if (is_image_name(p) && fs::is_regular_file(p, error)) out.push_back(p);
  }
  return out;
}

/// Class numbers of the folders: their names when all are numbers, else their places.
std::vector<std::int64_t> labels_of(const std::vector<fs::path>& folders) {
  std::vector<std::int64_t> numbers, places;
  for (const auto& f : folders) {
    const std::string name = f.filename().string();
    std::int32_t v = -1;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), v);
    if (error == std::errc{} && end == name.data() + name.size() && v >= 0) numbers.push_back(v);
    places.push_back(static_cast<std::int64_t>(places.size()));
  }
  return numbers.size() == folders.size() ? numbers : places;
}

/// The first picture of each label, then the second of each, ...
std::vector<Picture> interleave(const std::vector<std::vector<fs::path>>& by_label,
                                const std::vector<std::int64_t>& labels) {
  std::vector<Picture> out;
  for (std::size_t i = 0, added = 1; added > 0; ++i) {
    added = 0;
    for (std::size_t k = 0; k < by_label.size(); ++k)
      if (i < by_label[k].size()) {
        out.push_back({by_label[k][i], labels[k]});
        ++added;
      }
  }
  return out;
}

void decode(const fs::path& path, std::int32_t height, std::int32_t width, std::int32_t channels,
            std::span<std::uint8_t> out) {
  const Bytes file = read_file(path, ErrorKind::data, std::uint64_t{1} << 26);
  const auto refuse = [&](const std::string& why, const std::string& hint = {}) {
    throw Error(ErrorCode::damaged_data, "picture " + shown(path) + " " + why, hint);
  };
  const int size = static_cast<int>(file.size());
  int w = 0, h = 0, stored = 0;
  if (!safe_to_decode(file) || !stbi_info_from_memory(file.data(), size, &w, &h, &stored))
    refuse("is no PNG or JPEG, or is damaged");
  if (w != width || h != height)
    refuse("has " + std::to_string(h) + " rows and " + std::to_string(w) + " columns, the model's input has " +
               std::to_string(height) + " and " + std::to_string(width),
           "pictures are never scaled or cut: make them the size that the model was trained on");
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(file.data(), size, &w, &h, &stored, channels), stbi_image_free);
  if (!pixels || w != width || h != height) refuse("is damaged");
  std::copy_n(pixels.get(), out.size(), out.begin());
}

}  // namespace

bool is_image_name(const fs::path& path) {
  std::string ending = path.extension().string();
  for (char& c : ending)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

Samples load_images(const LoadRequest& r) {
  if (r.shape.size() != 4 || r.shape[0] != 1 || (r.shape[3] != 1 && r.shape[3] != 3 && r.shape[3] != 4))
    throw Error(ErrorCode::data_does_not_fit,
                r.what + " holds pictures, the model's input has shape " + to_string(r.shape),
                "pictures fit inputs of shape [1,height,width,1 or 3 or 4]; store other samples as .npz");
  std::vector<Picture> pictures;
  bool labelled = false;
  std::error_code error;
  if (fs::is_directory(r.path, error)) {
    for (const auto& p : pictures_in(r.path)) pictures.push_back({p, 0});
    std::vector<fs::path> folders;
    std::vector<std::vector<fs::path>> by_label;
    for (const auto& p : entries(r.path)) {
      if (!fs::is_directory(p, error)) continue;
      by_label.push_back(pictures_in(p));
      folders.push_back(p);
      labelled = labelled || !by_label.back().empty();
    }
    if (labelled && !pictures.empty())
      throw Error(ErrorCode::data_does_not_fit, r.what + " holds pictures both beside and in its sub-folders",
                  "put all pictures in sub-folders, one for each label, or none");
    if (labelled) pictures = interleave(by_label, labels_of(folders));
  } else {
    pictures.push_back({r.path, 0});
  }
  if (pictures.empty())
    throw Error(ErrorCode::unknown_data, r.what + " holds no PNG or JPEG pictures",
                "data may be .npz, .npy, .csv, .bin, IDX or a folder of pictures");
  if (r.max_rows > 0 && pictures.size() > r.max_rows) pictures.resize(r.max_rows);

  Samples s;
  const std::size_t bytes = sample_elements(r);
  s.x.type = Array::Type::u8;
  s.x.shape = rows_of_shape(pictures.size(), r.shape);
  for (std::size_t i = 0; i < pictures.size(); ++i) {  // grows with what is really there
    s.x.data.resize((i + 1) * bytes);
    decode(pictures[i].path, r.shape[1], r.shape[2], r.shape[3], std::span(s.x.data).subspan(i * bytes));
  }
  if (!labelled) return s;
  s.y.emplace();
  s.y->type = Array::Type::i32;
  s.y->shape = {static_cast<std::int64_t>(pictures.size())};
  for (const auto& p : pictures)
    for (int shift = 0; shift < 32; shift += 8) s.y->data.push_back(static_cast<std::uint8_t>(p.label >> shift));
  return s;
}

}  // namespace tinyc
