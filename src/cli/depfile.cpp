#include "cli/depfile.h"

#include <algorithm>

#include "data/loaders.h"

namespace fs = std::filesystem;

namespace tinyc {
namespace {

void add(std::vector<fs::path>& files, const fs::path& file) {
  if (!file.empty() && std::find(files.begin(), files.end(), file) == files.end()) files.push_back(file);
}

void add_data(std::vector<fs::path>& files, const std::string& named) {
  if (named.empty()) return;
  const fs::path path = without_rows(named);
  add(files, path);
  if (const auto labels = label_file(path)) add(files, *labels);
  std::error_code error;
  if (!fs::is_directory(path, error)) return;
  // folders too: their time changes when a picture comes or goes
  std::vector<fs::path> inside;
  for (fs::recursive_directory_iterator it(path, error), end; !error && it != end; it.increment(error))
    if (it->is_directory(error) || is_image_name(it->path())) inside.push_back(it->path());
  std::sort(inside.begin(), inside.end());
  for (const auto& p : inside) add(files, p);
}

std::string escaped(const fs::path& path) {
  std::string out;
  for (const char c : path.generic_string()) {
    if (c == ' ' || c == '#' || c == '\\') out += '\\';
    if (c == '$') out += '$';
    out += c;
  }
  return out;
}

}  // namespace

std::vector<fs::path> files_read(const CompressOptions& o) {
  std::vector<fs::path> files;
  add(files, o.model);
  add(files, o.config);
  for (const auto& data : {o.calib, o.eval, o.finetune}) add_data(files, data);
  if (o.teacher != "none") add(files, o.teacher);
  add(files, o.student);
  for (const auto& library : o.loaded_libraries) add(files, library);
  return files;
}

std::string dependency_rule(const fs::path& target, const std::vector<fs::path>& files) {
  std::string out = escaped(target) + ":";
  for (const auto& f : files) out += " \\\n  " + escaped(f);
  out += "\n";
  for (const auto& f : files) out += escaped(f) + ":\n";
  return out;
}

}  // namespace tinyc
