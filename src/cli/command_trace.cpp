#include "cli/cli.h"
#include "cli/console.h"
#include "driver.h"
#include "pipeline/trace.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"

namespace tinyc {
namespace {

// The first sample of a file, as it lies in the arena.
std::vector<Bytes> arena_inputs(const Runnable& r, const TraceArguments& a) {
  std::vector<Bytes> inputs;
  if (a.input.empty()) return inputs;
  DatasetOptions options;
  if (!a.preprocess.empty()) options.preprocess = parse_preprocess(a.preprocess);
  const Dataset d = load_dataset(a.input, r.io(), options);
  const ProgramExecutor executor(*r.program);
  auto state = executor.make_state();
  for (std::size_t k = 0; k < d.inputs.size(); ++k) {
    std::vector<float> values(d.inputs[k].row_elements());
    d.sample(k, 0, values);
    executor.set_input(state, k, values);
    const auto in = executor.input(state, k);
    inputs.emplace_back(in.begin(), in.end());
  }
  return inputs;
}

}  // namespace

int command_trace(const TraceArguments& a) {
  const Runnable r = load_runnable(a.dir);
  if (!r.program)
    throw Error(ErrorCode::missing_option, "'" + printable(a.dir) + "' is a float model: no device computes it",
                "name the folder that compress wrote");
  const Bytes dump = read_file(a.dump, ErrorKind::data, std::uint64_t{1} << 28);
  const TraceReport report =
      compare_trace(*r.program, parse_trace({dump.begin(), dump.end()}, a.dump), arena_inputs(r, a));
  answer(a.json ? to_json(*r.program, report) : to_text(*r.program, report));
  if (report.first_bad < 0 && report.causes.empty()) return 0;
  const std::string which = report.first_bad < 0 ? "its arena or its input is not right"
                                                 : "layer " + std::to_string(report.first_bad) + " is the first";
  log_error(Error(ErrorCode::device_differs, "the device differs from the host: " + which));
  return static_cast<int>(ErrorKind::gate);
}

}  // namespace tinyc
