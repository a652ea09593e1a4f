#include "catch.h"
#include "pipeline/self_labelled.h"

using namespace tinyc;

TEST_CASE("without labels logits are followed as classes where the evaluation has classes", "[train]") {
  SelfLabelled task;
  // the same net without its softmax: what it gives are logits
  task.model.graph = parse(
      "%x = input f32[1,24] %a = fully_connected(%x, he(1) f32[64,24], zeros f32[64]) act=relu "
      "%y = fully_connected(%a, he(3) f32[6,64], zeros f32[6]) output %y");
  Dataset unlabelled = task.data;
  unlabelled.labels.reset();
  task.inputs.training = &unlabelled;
  task.inputs.teacher = &task.model.graph;
  task.settings.pass_options.prune.fraction = 0.5f;
  task.settings.pass_options.training.options.epochs = 2;
  const auto trained = [&](TrainOptions::Loss loss, const Dataset* evaluation) {
    task.settings.pass_options.training.options.loss = loss;
    task.inputs.evaluation = evaluation;
    return compress(task.inputs, task.settings).real_graph.value();
  };
  using Loss = TrainOptions::Loss;
  const Graph classes = trained(Loss::cross_entropy, &task.data), numbers = trained(Loss::mse, &task.data);
  CHECK_FALSE(classes == numbers);
  CHECK(trained(Loss::automatic, &task.data) == classes);
  CHECK(trained(Loss::automatic, &unlabelled) == numbers);
  CHECK(trained(Loss::automatic, nullptr) == numbers);
}
