// The table of operator rows, generated from ops.def.
#include "tinyc/op.h"
#include "tinyc/program.h"

namespace tinyc {
namespace {
constexpr const OpTraits* kRows[] = {
#define TINYC_OP(Type, stem, ...) &traits_##stem,
#include "tinyc/ops.def"
#undef TINYC_OP
};
}  // namespace

const OpTraits& traits(OpKind k) noexcept { return *kRows[static_cast<std::size_t>(k)]; }

std::int64_t no_macs(const OpData&, std::span<const Tensor* const>, const Tensor&) noexcept { return 0; }

const Kernel* find_kernel(const std::string& symbol) noexcept {
  for (const OpTraits* row : kRows)
    for (const Kernel& k : row->kernels)
      if (symbol == k.symbol) return &k;
  return nullptr;
}

}  // namespace tinyc
