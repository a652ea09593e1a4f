// What this build holds: version, abilities, libraries. Nothing of where or when it was built.
#include <flatbuffers/base.h>
#include <spdlog/version.h>
#include <toml++/toml.h>
#include <zlib.h>

#include <CLI/Version.hpp>
#include <nlohmann/json.hpp>

#include "cli/cli.h"
#include "cli/console.h"
#include "pipeline/load_pass.h"
#include "pipeline/targets.h"
#include "tinyc/pass.h"

namespace tinyc {
namespace {

std::string dotted(int major, int minor, int patch) {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

constexpr const char* kCompiler =
#if defined(__clang__)
    "clang " __clang_version__;
#else
    "gcc " __VERSION__;
#endif

constexpr const char* kLinkage =
#if defined(TINYC_STATIC)
    "static";
#else
    "dynamic";
#endif

nlohmann::ordered_json libraries() {
  return {
      {"cli11", CLI11_VERSION},
      {"eigen", TINYC_EIGEN_VERSION},
      {"flatbuffers", dotted(FLATBUFFERS_VERSION_MAJOR, FLATBUFFERS_VERSION_MINOR, FLATBUFFERS_VERSION_REVISION)},
      {"nlohmann_json", dotted(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH)},
      {"spdlog", dotted(SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH)},
      {"tomlplusplus", dotted(TOML_LIB_MAJOR, TOML_LIB_MINOR, TOML_LIB_PATCH)},
      {"zlib", ::zlibVersion()}};
}

}  // namespace

int command_version(bool json) {
  if (!json) {
    answer(std::string("tinyc ") + TINYC_VERSION + "\n");
    return 0;
  }
  nlohmann::ordered_json j{{"schema_version", 1}, {"version", TINYC_VERSION}};
  j["ops"] = kOpCount;
  j["passes"] = all_passes().size();
  j["coders"] = {"raw", "huffman", "range"};
  for (const Target& t : all_targets()) j["targets"].push_back(t.name);
  j["linkage"] = kLinkage;
  j["load_pass"] = can_load_passes();
  j["compiler"] = kCompiler;
  j["libraries"] = libraries();
  answer(j.dump(2) + "\n");
  return 0;
}

}  // namespace tinyc
