#include "cli/cli.h"
#include "cli/command_line.h"

namespace tinyc {

void add_model_commands(CommandLine& line) {
  struct Compress {
    std::string model, config, depfile;
    TableOptions table;
    bool plan = false;
  };
  auto& co = line.keep<Compress>();
  auto* c = line.add_talking("compress", "the whole job: model in, C out", [&co] {
    return command_compress(co.model, co.table.given(), co.config, co.depfile, co.plan);
  });
  c->add_option("MODEL", co.model, "a .tflite file")->required();
  co.table.add_to(*c, compress_specs());
  c->add_option("--config", co.config, "configuration (default: tinyc.toml beside the model)");
  c->add_flag("--plan,--dry-run", co.plan, "say what would be done, with an estimate of the size, and do nothing");
  c->add_option("--depfile", co.depfile, "also write a rule of make with the files that were read")->type_name("FILE");

  struct Inspect {
    std::string model, html;
    bool json = false;
  };
  auto& in = line.keep<Inspect>();
  c = line.add_talking("inspect", "operators, shapes, parameters, MACs, RAM bound",
                       [&in] { return command_inspect(in.model, in.json, in.html); });
  c->add_option("MODEL", in.model)->required();
  c->add_flag("--json", in.json);
  c->add_option("--html", in.html, "write a page about the model to this file");

  auto& ru = line.keep<RunArguments>();
  c = line.add_talking("run", "run a model or a compressed DIR on samples", [&ru] { return command_run(ru); });
  c->add_option("MODEL", ru.model, "a .tflite file or what compress wrote")->required();
  c->add_option("--input", ru.input, ".npz or .npy, first axis = samples")->required();
  c->add_option("--output", ru.output, ".npz (all outputs) or .npy (the first)")->required();
  c->add_option("--preprocess", ru.preprocess, "\"scale=S,mean=M\": x = (raw - M) * S");
  c->add_flag("--raw", ru.raw, "integers in and out");

  auto& ev = line.keep<EvalArguments>();
  c = line.add_talking("eval", "accuracy of a model or a compressed DIR", [&ev] { return command_eval(ev); });
  c->add_option("MODEL", ev.model, "a .tflite file or what compress wrote")->required();
  c->add_option("--data", ev.data, "labelled samples")->required();
  c->add_option("--metric", ev.metric, "auto, top1, auc, mse");
  c->add_option("--samples", ev.samples, "only the first N");
  c->add_option("--preprocess", ev.preprocess, "\"scale=S,mean=M\": x = (raw - M) * S");
  c->add_flag("--json", ev.json);

  struct Explain {
    std::string dir;
    bool json = false;
  };
  auto& ex = line.keep<Explain>();
  c = line.add("explain", "where every byte of a compressed model is, and what would save more",
               [&ex] { return command_explain(ex.dir, ex.json); });
  c->add_option("DIR", ex.dir, "written by compress")->required();
  c->add_flag("--json", ex.json);

  struct Runtime {
    std::vector<std::string> dirs;
    std::string out;
  };
  auto& rt = line.keep<Runtime>();
  c = line.add_talking("runtime", "one tinyc_rt.c for several models",
                       [&rt] { return command_runtime(rt.dirs, rt.out); });
  c->add_option("DIR", rt.dirs, "written by compress")->required();
  c->add_option("-o,--output", rt.out, "where tinyc_rt.h and tinyc_rt.c go")->required();

  auto& tr = line.keep<TraceArguments>();
  c = line.add_talking("trace", "which layer differs on the device, and why", [&tr] { return command_trace(tr); });
  c->add_option("DIR", tr.dir, "written by compress")->required();
  c->add_option("--from", tr.dump, "what the device printed with tinyc_trace.h")->required();
  c->add_option("--input", tr.input, "the sample that the device was given (the first of the file)");
  c->add_option("--preprocess", tr.preprocess, "\"scale=S,mean=M\": x = (raw - M) * S");
  c->add_flag("--json", tr.json);
}

}  // namespace tinyc
