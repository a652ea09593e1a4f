// Layers that visit their nonzero weights only: when that pays, and what the record and the list then hold.
#pragma once
#include "ops/weighted.h"

namespace tinyc {

/// The kernels of an operator that read lists.
struct ListKernels {
  const Kernel *portable, *dsp;
};

/// Turn a layer whose record is complete but for weights and scratch into one that reads a list, where that takes fewer
/// instructions. Bytes count as well: with LowerOptions::fast a list may take twice the bytes of the raw weights, else
/// none more than they take as they are stored, and scratch only where the arena has room. False: nothing was changed.
bool list_conv_2d(const Graph& g, Layer& l, ProgramBuilder& out, TensorId w, const ScaleFacts& facts,
                  const ListKernels& kernels);
bool list_fully_connected(const Graph& g, Layer& l, ProgramBuilder& out, TensorId w, const ScaleFacts& facts,
                          const ListKernels& kernels);

}  // namespace tinyc
