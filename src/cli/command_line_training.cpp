#include "cli/cli.h"
#include "cli/command_line.h"

namespace tinyc {

void add_training_commands(CommandLine& line) {
  auto& table = line.keep<TableOptions>();
  auto& tr = line.keep<TrainArguments>();
  auto* c = line.add_talking("train", "train a graph in text form, or a float .tflite, and write a .tflite", [&] {
    tr.given = table.given();
    return command_train(tr);
  });
  c->add_option("MODEL", tr.model, "text form (random weights are allowed) or .tflite")->required();
  c->add_option("--data", tr.data, "training samples, with labels or a teacher")->required();
  c->add_option("-o,--output", tr.output, "the trained .tflite")->required();
  c->add_option("--teacher", tr.teacher, "a float model with the same inputs and outputs");
  c->add_option("--preprocess", tr.preprocess, "\"scale=S,mean=M\": x = (raw - M) * S");
  c->add_option("--seed", tr.seed, "seed of everything random (default 1)");
  c->add_option("--threads", tr.threads, "threads (default: all cores)")->check(CLI::Range(0, 256));
  table.add_to(*c, training_specs());

  auto& se = line.keep<SensitivityArguments>();
  c = line.add_talking("sensitivity", "accuracy with one layer pruned at a time",
                       [&se] { return command_sensitivity(se); });
  c->add_option("MODEL", se.model, "a float .tflite file")->required();
  c->add_option("--eval", se.data, "samples, labelled or not")->required();
  c->add_option("--steps", se.steps, "sparsities (default 0.3,0.5,0.7,0.8,0.9,0.95)");
  c->add_option("--kind", se.kind, "unstructured (default) or block4");
  c->add_option("--metric", se.metric, "auto, top1, auc, mse, cosine, agreement, sqnr");
  c->add_option("--samples", se.samples, "only the first N");
  c->add_option("--preprocess", se.preprocess, "\"scale=S,mean=M\": x = (raw - M) * S");
  c->add_option("-o,--output", se.out_dir, "also write sensitivity.json and .html there");
  c->add_flag("--json", se.json);

  struct Search {
    std::vector<OptionSpec> specs = search_specs();
    TableOptions table;
    SearchArguments arguments;
  };
  auto& s = line.keep<Search>();
  c = line.add_talking("search", "the smallest model for an accuracy: prunings, trainings, prices of a bit", [&s] {
    s.arguments.given = s.table.given();
    return command_search(s.arguments);
  });
  c->add_option("MODEL", s.arguments.inputs, "a float .tflite file; with --merge: folders of searches")->required();
  c->add_option("-o,--output", s.arguments.out_dir, "journal, search.json, search.html and best/")->required();
  c->add_option("--trials", s.arguments.trials, "only the first N of the list");
  c->add_option("--budget-minutes", s.arguments.minutes, "begin no trial after M minutes")->check(CLI::Range(0.0, 1e6));
  c->add_option("--shard", s.arguments.shard, "K/N: each N-th trial, from the K-th on, in files of its own");
  c->add_flag("--merge", s.arguments.merge, "join what shards found");
  s.table.add_to(*c, s.specs);
  c->add_option("--config", s.arguments.config, "configuration (default: tinyc.toml beside the model)");
}

}  // namespace tinyc
