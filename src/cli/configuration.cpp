#include "cli/configuration.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cstdio>

#include "tinyc/error.h"

namespace fs = std::filesystem;

namespace tinyc {
namespace {

std::string normalized(std::string key) {
  std::replace(key.begin(), key.end(), '_', '-');
  return key;
}

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string nearest(const std::string& key) {
  const auto specs = compress_specs();
  const OptionSpec* best = specs.data();
  for (const auto& s : specs)
    if (edit_distance(key, s.name) < edit_distance(key, best->name)) best = &s;
  return best->name;
}

std::string text_of(const toml::node& n, const std::string& key) {
  if (const auto v = n.value_exact<std::string>()) return *v;
  if (const auto v = n.value_exact<bool>()) return *v ? "true" : "false";
  if (const auto v = n.value_exact<std::int64_t>()) return std::to_string(*v);
  if (const auto v = n.value_exact<double>()) {
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", *v);
    return text;
  }
  throw Error(ErrorCode::bad_configuration,
              "tinyc.toml: the value of '" + printable(key) + "' must be a string, number or boolean");
}

using Names = std::set<std::string>;

void apply_table(CompressOptions& o, const toml::table& table, const fs::path& folder, const Names& without) {
  for (const auto& [k, node] : table) {
    const std::string key = normalized(std::string(k.str()));
    if (key == "path") continue;
    const OptionSpec* spec = find_option(key);
    if (!spec)
      throw Error(ErrorCode::bad_configuration, "tinyc.toml: unknown key '" + printable(std::string(k.str())) + "'",
                  "did you mean '" + nearest(key) + "'?");
    if (without.count(key)) continue;
    std::string value = text_of(node, key);
    if (spec->path && fs::path(value).is_relative()) value = (folder / value).string();
    apply_option(o, *spec, value);
  }
}

/// The file's tables, with nothing in it but [defaults] and [[model]] with paths.
struct Tables {
  toml::table file;
  const toml::table* defaults = nullptr;
  std::vector<std::pair<std::string, const toml::table*>> models;  ///< path as written
};
Tables read_tables(const fs::path& file) {
  Tables t;
  toml::table& config = t.file;
  const Bytes bytes = read_file(file, ErrorKind::usage, std::uint64_t{1} << 20);
  try {
    config = toml::parse(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  } catch (const toml::parse_error& e) {
    throw Error(ErrorCode::bad_configuration, "'" + printable(file.string()) + "' line " +
                                                  std::to_string(e.source().begin.line) + ": " +
                                                  printable(std::string(e.description())));
  }
  for (const auto& [k, node] : config) {
    if (k.str() != "defaults" && k.str() != "model")
      throw Error(ErrorCode::bad_configuration, "tinyc.toml: unknown section '" + printable(std::string(k.str())) + "'",
                  "sections are [defaults] and [[model]]");
  }
  if (config.contains("defaults")) {
    t.defaults = config["defaults"].as_table();
    if (!t.defaults) throw Error(ErrorCode::bad_configuration, "tinyc.toml: defaults must be a table");
  }
  if (!config.contains("model")) return t;
  const auto* models = config["model"].as_array();
  if (!models) throw Error(ErrorCode::bad_configuration, "tinyc.toml: model must be an array of tables: [[model]]");
  for (const auto& entry : *models) {
    const auto* table = entry.as_table();
    const auto path = table ? (*table)["path"].value<std::string>() : std::nullopt;
    if (!path) throw Error(ErrorCode::bad_configuration, "tinyc.toml: every [[model]] needs a path");
    t.models.emplace_back(*path, table);
  }
  return t;
}

}  // namespace

void apply_configuration(CompressOptions& o, const fs::path& file, const Names& without) {
  const Tables t = read_tables(file);
  const fs::path folder = file.parent_path();
  if (t.defaults) apply_table(o, *t.defaults, folder, without);
  std::error_code error;
  for (const auto& [path, table] : t.models)
    if (fs::weakly_canonical(folder / path, error) == fs::weakly_canonical(o.model, error))
      apply_table(o, *table, folder, without);
}

std::vector<std::string> configured_models(const fs::path& file) {
  std::vector<std::string> paths;
  for (const auto& [path, table] : read_tables(file).models) {
    if (std::ranges::find(paths, path) != paths.end())
      throw Error(ErrorCode::bad_configuration, "tinyc.toml: two [[model]] have the path '" + printable(path) + "'");
    paths.push_back(path);
  }
  return paths;
}

}  // namespace tinyc
