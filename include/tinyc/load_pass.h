// Passes in shared libraries (`--load-pass LIB`). A library holds one pass:
//
//   #include "tinyc/load_pass.h"
//   static tinyc::PassResult run(tinyc::Graph& g, const tinyc::PassOptions& o) { ... }
//   static const tinyc::Pass pass{"my_pass", "what it does", tinyc::Stage::Float, tinyc::Stage::Float, false, false,
//   run}; TINYC_EXPORT_PASS(pass)
//
// It is compiled with the headers, compiler family and standard library of the tinyc that loads it, and links against
// nothing of tinyc: the executable has what passes call. examples/hooks/cpp is a complete one.
#pragma once
#include "tinyc/pass.h"

namespace tinyc {

/// A number that differs between builds whose types do not fit together: the sizes of what a pass and tinyc exchange,
/// and a version for everything that sizes do not show.
constexpr int pass_abi() {
  constexpr unsigned version = 1;
  unsigned sum = version;
  for (const std::size_t size : {sizeof(Graph), sizeof(Node), sizeof(Tensor), sizeof(OpData), sizeof(PassOptions),
                                 sizeof(PassResult), sizeof(Pass), sizeof(Dataset), kOpCount})
    sum = sum * 31 + static_cast<unsigned>(size);
  return static_cast<int>(sum & 0x7fffffffu);
}

}  // namespace tinyc

/// Gives `pass` to a tinyc of the same pass_abi(), and to no other.
#define TINYC_EXPORT_PASS(pass)                                                              \
  extern "C" __attribute__((visibility("default"))) const tinyc::Pass* tinyc_pass(int abi) { \
    return abi == tinyc::pass_abi() ? &(pass) : nullptr;                                     \
  }
