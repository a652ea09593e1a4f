#include "emit/package.h"

namespace tinyc {

Texts packaged_c(const Program& p, const EmitOptions& o, const std::string& folder) {
  Texts files;
  for (auto& [name, text] : emit_c(p, o))
    files[folder + (name.ends_with(".cc") ? name.substr(0, name.size() - 1) : name)] = text;
  return files;
}

std::string package_version() { return TINYC_VERSION; }

}  // namespace tinyc
