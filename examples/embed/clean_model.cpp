// Reads a model, runs the exact clean-up passes, and prints what is left.
#include <cstdio>
#include <vector>

#include "tinyc/error.h"
#include "tinyc/import.h"
#include "tinyc/pass.h"
#include "tinyc/text.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s MODEL.tflite\n", argv[0]);
    return 2;
  }
  try {
    tinyc::Graph graph = tinyc::import_tflite(std::filesystem::path(argv[1])).graph;
    std::vector<const tinyc::Pass*> passes;
    for (const char* name : {"canonicalize", "fold_batch_norm", "fuse_activation", "fuse_pad"})
      if (const tinyc::Pass* pass = tinyc::find_pass(name)) passes.push_back(pass);
    for (const auto& record : tinyc::run_passes(graph, passes, {}))
      std::fprintf(stderr, "%s: %s\n", record.name.c_str(), record.changed ? "changed the graph" : "nothing to do");
    std::fputs(tinyc::print(graph, true).c_str(), stdout);
  } catch (const tinyc::Error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return static_cast<int>(e.kind());
  }
  return 0;
}
