#include "learn.h"

#include <cstdio>

namespace tinyc {

TrainJob job_of(const PassOptions& o) {
  return {o.training.data, o.training.teacher, o.training.options, o.training.hooks, {}, {}, {}};
}

std::string training_note(const TrainResult& r) {
  char text[160];
  const EpochInfo& best = r.curve.at(r.best_epoch);
  std::snprintf(text, sizeof text, "validation %s %.4f after epoch %zu of %zu (%.4f before training)%s",
                r.measure.c_str(), best.validation, r.best_epoch, best.epochs, r.curve.front().validation,
                r.interrupted ? ", interrupted" : "");
  return text;
}

}  // namespace tinyc
