#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/cli.h"
#include "cli/console.h"
#include "driver.h"
#include "pipeline/measure.h"
#include "tinyc/error.h"

namespace tinyc {

int command_eval(const EvalArguments& a) {
  const Runnable r = load_runnable(a.model);
  DatasetOptions options;
  options.max_samples = a.samples;
  if (!a.preprocess.empty()) options.preprocess = parse_preprocess(a.preprocess);
  const Dataset d = load_dataset(a.data, r.io(), options);
  for (const auto& w : d.warnings) log_warning(w);
  const MetricData m{&d, d.samples(), static_cast<std::size_t>(num_elements(r.io().at(r.io().outputs[0]).shape)),
                     r.program ? r.io().at(r.io().outputs[0]).dtype == DType::i32
                               : index_tensors(r.io())[static_cast<std::size_t>(r.io().outputs[0])] != 0};
  const std::string metric = resolve_metric(a.metric, m);
  const auto value = score(metric, run(r, d, m.samples), m);
  if (!value && d.labels)
    throw Error(ErrorCode::labels_do_not_fit, "metric " + metric + " compares two models, and here is one",
                "choose top1, auc or mse with --metric; auc needs labels of both classes");
  if (!value)
    throw Error(ErrorCode::labels_do_not_fit, "the data has no labels, so there is no accuracy",
                "store labels under the key y; `tinyc compress --eval` compares without labels");
  if (a.json) {
    const nlohmann::ordered_json j{
        {"schema_version", 1}, {"status", "ok"}, {"metric", metric}, {"samples", m.samples}, {"value", *value}};
    answer(j.dump(2) + "\n");
  } else {
    char line[128];
    std::snprintf(line, sizeof line, "%s %.4f (%zu samples)\n", metric.c_str(), *value, m.samples);
    answer(line);
  }
  return 0;
}

}  // namespace tinyc
