// finetune: trains the weights on the user's samples, with their labels, a teacher, or both. Zeros stay zero, so what
// was pruned stays pruned.
#include "learn.h"

namespace tinyc {
namespace {

PassResult run(Graph& g, const PassOptions& o) {
  PassResult result;
  if (!o.training.data) return result;
  result.training = train(g, job_of(o));
  result.changed = result.training.best_epoch > 0;
  result.notes.push_back(training_note(result.training));
  return result;
}

}  // namespace

extern const Pass pass_finetune;
const Pass pass_finetune{
    "finetune", "train on samples, from labels or a teacher", Stage::Float, Stage::Float, false, false, run};

}  // namespace tinyc
