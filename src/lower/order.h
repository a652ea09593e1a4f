// The order in which independent layers run: which branch comes first decides what lives while the others run.
#pragma once
#include <cstddef>
#include <vector>

#include "tinyc/program.h"

namespace tinyc {

/// An order of the layers, by their present indices, that keeps every value written before it is read and needs no more
/// bytes at a time than the present one; the present one where none is found that needs less. Beam search over
/// topological orders, limited by counted work.
std::vector<std::size_t> best_order(const Program& p);

}  // namespace tinyc
