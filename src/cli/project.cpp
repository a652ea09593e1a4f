#include "cli/project.h"

#include <map>

#include "cli/configuration.h"
#include "tinyc/error.h"

namespace fs = std::filesystem;

namespace tinyc {

Project load_project(const std::string& config) {
  Project p;
  p.config = config.empty() ? fs::path("tinyc.toml") : fs::path(config);
  p.folder = p.config.parent_path();
  const auto paths = configured_models(p.config);
  if (paths.empty())
    throw Error(ErrorCode::bad_configuration, "'" + printable(p.config.string()) + "' lists no models",
                "add a [[model]] with path = \"...\" for each");
  std::map<std::string, std::string> taken;
  for (const std::string& path : paths) {
    const fs::path model = p.folder / path;
    CompressOptions defaults;
    defaults.out_dir = (p.folder / (fs::path(path).stem().string() + "_tinyc")).string();
    ProjectModel& m =
        p.models.emplace_back(ProjectModel{path, resolve_options(model.string(), {}, p.config.string(), defaults)});
    std::error_code error;
    const auto [it, fresh] = taken.emplace(fs::weakly_canonical(m.options.out_dir, error).string(), path);
    if (!fresh)
      throw Error(ErrorCode::bad_configuration,
                  "'" + printable(it->second) + "' and '" + printable(path) + "' would be written into the same folder",
                  "give each [[model]] an output of its own");
  }
  return p;
}

}  // namespace tinyc
