// One C file from the runtime's files that a program needs.
#pragma once
#include <set>
#include <string>

#include "tinyc/program.h"

namespace tinyc {

/// The decoders of coded weights: no kernel names them, a program's codes tell which are needed.
inline constexpr const char *kHuffmanSource = "tinyc_huffman.c", *kRangeSource = "tinyc_range.c";

/// The files of src/rt that the program's kernels and codes are in; without what runs them.
std::set<std::string> kernel_files(const Program& p);

/// tinyc_rt.c: the given files of src/rt and all that they call, in a fixed order, with one #include at the top.
/// Throws Error(internal) when a file does not exist.
std::string amalgamate(const std::set<std::string>& files);

/// The text of one file of src/rt, of tinyc_rt.h or tinyc_trace.h. Throws Error(internal) when there is none.
std::string runtime_source(const std::string& name);

/// What the amalgamation of these files holds: they and, transitively, the files that define what they call.
std::set<std::string> runtime_closure(std::set<std::string> files);

}  // namespace tinyc
