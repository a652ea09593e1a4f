// DEQUANTIZE: nothing to do among floats; inside an integer program there are no floats to give.
#include "ops/gradient.h"
#include "ops/op_support.h"

namespace tinyc {
namespace {

std::vector<Shape> infer(const OpData&, std::span<const Tensor* const> in) { return {in[0]->shape}; }

void forward(const ForwardArgs& a) { std::copy_n(a.in[0].data, num_elements(*a.in[0].shape), a.out[0].data); }

void lower(const Graph&, const Node&, ProgramBuilder&) {
  reject("floats inside an integer model have no integer kernel");
}

}  // namespace

constexpr OpTraits traits_dequantize = {
    .name = "dequantize",
    .summary = "integers to real values; only at the ends of a model",
    .quant = {.output = QuantRule::Output::same_as_input},
    .elementwise = true,
    .infer = infer,
    .forward = forward,
    .backward = backward_identity,
    .macs = no_macs,
    .lower = lower,
};
static_assert(complete(traits_dequantize));

}  // namespace tinyc
