#include "cli/build_state.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/depfile.h"
#include "pipeline/fingerprint.h"
#include "tinyc/error.h"

namespace fs = std::filesystem;

namespace tinyc {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kStateFile = ".tinyc-build.json";

/// When a file was last changed, as far as the file system tells: size and time.
struct Stamp {
  std::int64_t size = -1, time = 0;
  bool operator==(const Stamp&) const = default;
};
Stamp stamp_of(const fs::path& file) {
  struct stat info{};
  if (::stat(file.c_str(), &info) != 0) return {};
  return {static_cast<std::int64_t>(info.st_size),
          static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec};
}

struct Known {
  Stamp stamp;
  std::string hash;
};
using Files = std::map<std::string, Known>;

Files read_files(const Json& j) {
  Files files;
  for (const auto& [name, entry] : j.items())
    files[name] = {{entry.at("size").get<std::int64_t>(), entry.at("time").get<std::int64_t>()},
                   entry.value("hash", std::string())};
  return files;
}

Json files_json(const Files& files) {
  Json j = Json::object();
  for (const auto& [name, known] : files)
    j[name] = {{"size", known.stamp.size}, {"time", known.stamp.time}, {"hash", known.hash}};
  return j;
}

/// "[0:250]" of "samples.npz[0:250]".
std::string rows_of(const std::string& data) {
  return data.ends_with(']') ? data.substr(std::min(data.size(), data.rfind('['))) : "";
}

std::string hash_of(const fs::path& file) {
  const Bytes bytes = read_file(file, ErrorKind::data);
  return fingerprint(std::string(bytes.begin(), bytes.end()));
}

Files outputs_of(const fs::path& dir) {
  Files files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(dir, error))
    if (const std::string name = entry.path().filename().string(); name != kStateFile)
      files[name] = {stamp_of(entry.path()), ""};
  return files;
}

bool same_stamps(const Files& a, const Files& b) {
  return std::ranges::equal(
      a, b, [](const auto& x, const auto& y) { return x.first == y.first && x.second.stamp == y.second.stamp; });
}

}  // namespace

BuildState::BuildState(const ProjectModel& m) : file_(fs::path(m.options.out_dir) / kStateFile) {
  Json last;
  Files known;
  std::error_code error;
  if (fs::is_regular_file(file_, error)) {
    try {  // a damaged cache is none
      const Bytes bytes = read_file(file_, ErrorKind::data, std::uint64_t{1} << 26);
      last = Json::parse(bytes.begin(), bytes.end());
      known = read_files(last.at("inputs"));
    } catch (const std::exception&) {
      last = Json();
      known.clear();
    }
  }
  Files inputs;
  std::string key;
  const auto add = [&](const fs::path& file) {
    Known k{stamp_of(file), ""};
    const std::string name = file.string();
    const auto old = known.find(name);
    k.hash = old != known.end() && old->second.stamp == k.stamp ? old->second.hash : hash_of(file);
    key.append(k.hash).append("\n");
    inputs[name] = k;
  };
  if (fs::is_regular_file("/proc/self/exe", error)) add(fs::canonical("/proc/self/exe", error));
  for (const fs::path& file : files_read(m.options))
    if (file != m.options.config && fs::is_regular_file(file, error)) add(file);  // of tinyc.toml the options count
  for (const auto& [name, value] : m.options.values) {
    const OptionSpec* spec = find_option(name);
    if (name == "output" || name == "threads") continue;
    key.append(name).append("=").append(spec && spec->path ? rows_of(value) : value).append("\n");
  }
  key_ = fingerprint(std::string(TINYC_VERSION) + "\n" + key);
  text_ = files_json(inputs).dump();
  try {
    last_exit_code_ = last.value("exit_code", 0);
    up_to_date_ = last.is_object() && last.value("key", std::string()) == key_ &&
                  same_stamps(read_files(last.at("outputs")), outputs_of(file_.parent_path()));
  } catch (const Json::exception&) {
    up_to_date_ = false;
  }
}

void BuildState::save(int exit_code) const {
  const Json j{{"key", key_},
               {"exit_code", exit_code},
               {"inputs", Json::parse(text_)},
               {"outputs", files_json(outputs_of(file_.parent_path()))}};
  write_file(file_, j.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace tinyc
