#include "cli/cli.h"
#include "cli/console.h"
#include "driver.h"
#include "pipeline/code_parts.h"
#include "tinyc/error.h"

namespace tinyc {

int command_explain(const std::string& dir, bool json) {
  find_program_file(dir);  // says so when DIR is none of compress's
  const Program program = *load_runnable(dir).program;
  Report report = load_report(dir);
  Report fresh;
  fresh.target = report.target;
  describe(program, fresh);  // what the program tells of itself; the report adds what happened
  report.flash = fresh.flash;
  report.layers = std::move(fresh.layers);
  const Target* target = find_target(report.target);
  if (!target)
    throw Error(ErrorCode::not_a_report, "the report is for an unknown target '" + printable(report.target) + "'",
                "compress again with this tinyc");
  const auto code = code_parts(program, *target);
  answer(json ? explanation_json(report, program, code) : to_explanation(report, program, code));
  return 0;
}

}  // namespace tinyc
