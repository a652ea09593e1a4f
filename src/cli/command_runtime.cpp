#include "cli/cli.h"
#include "cli/console.h"
#include "driver.h"
#include "tinyc/error.h"

namespace tinyc {

int command_runtime(const std::vector<std::string>& dirs, const std::string& out_dir) {
  write_files(out_dir, shared_runtime({dirs.begin(), dirs.end()}));
  log_info("written: " + printable(out_dir));
  return 0;
}

}  // namespace tinyc
