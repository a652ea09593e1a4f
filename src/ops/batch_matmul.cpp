// BATCH_MATMUL. x [..., m, k] times y [..., k, n] (adj_x, adj_y: that operand's last two dimensions are swapped), the
// leading dimensions broadcast. In int8 one side must be constant.
#include "ops/weighted.h"

extern "C" int tinyc_batch_matmul(const tinyc_layer*, std::uint8_t*);

namespace tinyc {
namespace {

/// The product's dimensions, and the leading dimensions of both operands padded with ones to the same rank.
struct Plan {
  std::int32_t m, k, n;
  Shape batch, x_batch, y_batch;
};

Plan plan_of(const BatchMatmul& o, const Shape& x, const Shape& y) {
  require(x.size() >= 2 && y.size() >= 2, "both operands must have rank 2 or more");
  const std::size_t xr = x.size(), yr = y.size(), lead = std::max(xr, yr) - 2;
  Plan p{o.adj_x ? x[xr - 1] : x[xr - 2], o.adj_x ? x[xr - 2] : x[xr - 1], o.adj_y ? y[yr - 2] : y[yr - 1], {},
         Shape(lead - (xr - 2), 1),       Shape(lead - (yr - 2), 1)};
  require(p.k == (o.adj_y ? y[yr - 1] : y[yr - 2]), "the inner dimensions differ");
  p.x_batch.insert(p.x_batch.end(), x.begin(), x.end() - 2);
  p.y_batch.insert(p.y_batch.end(), y.begin(), y.end() - 2);
  for (std::size_t d = 0; d < lead; ++d) {
    require(p.x_batch[d] == p.y_batch[d] || p.x_batch[d] == 1 || p.y_batch[d] == 1,
            "the leading dimensions do not broadcast");
    p.batch.push_back(std::max(p.x_batch[d], p.y_batch[d]));
  }
  return p;
}

/// Which matrix of an operand with leading dimensions `own` belongs to matrix `index` of the output.
std::int64_t matrix_index(std::int64_t index, const Shape& batch, const Shape& own) {
  std::int64_t result = 0, step = 1;
  for (std::size_t d = batch.size(); d-- > 0;) {
    result += own[d] == 1 ? 0 : index % batch[d] * step;
    step *= own[d];
    index /= batch[d];
  }
  return result;
}

std::vector<Shape> infer(const OpData& op, std::span<const Tensor* const> in) {
  const Plan p = plan_of(get<BatchMatmul>(op), in[0]->shape, in[1]->shape);
  Shape y = p.batch;
  y.insert(y.end(), {p.m, p.n});
  return {y};
}

std::int64_t count(const OpData& op, std::span<const Tensor* const> in, const Tensor& out) {
  return num_elements(out.shape) * plan_of(get<BatchMatmul>(op), in[0]->shape, in[1]->shape).k;
}

/// A stored matrix of `rows` x `cols` as the left factor, swapped or not.
Strided left_factor(const float* data, std::int64_t cols, bool swapped) {
  return swapped ? Strided{data, 1, cols} : Strided{data, cols, 1};
}

/// A stored matrix of `rows` x `cols` as the right factor: its rows must be dense, so a swapped one is copied.
const float* right_factor(const float* data, std::int64_t rows, std::int64_t cols, bool swapped,
                          std::vector<float>& copy) {
  if (!swapped) return data;
  copy.resize(static_cast<std::size_t>(rows * cols));
  transpose_into(rows, cols, data, copy.data());
  return copy.data();
}

void forward(const ForwardArgs& a) {
  const auto& o = get<BatchMatmul>(a.op);
  const Plan p = plan_of(o, *a.in[0].shape, *a.in[1].shape);
  const std::int64_t xs = std::int64_t{p.m} * p.k, ys = std::int64_t{p.k} * p.n, os = std::int64_t{p.m} * p.n;
  for (std::int64_t b = 0; b < num_elements(p.batch); ++b) {
    const float* x = a.in[0].data + matrix_index(b, p.batch, p.x_batch) * xs;
    const float* y = a.in[1].data + matrix_index(b, p.batch, p.y_batch) * ys;
    float* out = a.out[0].data + b * os;
    gemm(Store::set, p.m, p.n, p.k, left_factor(x, o.adj_x ? p.m : p.k, o.adj_x),
         right_factor(y, p.n, p.k, o.adj_y, a.scratch), p.n, out, p.n);
  }
}

void backward(const BackwardArgs& a) {
  const auto& o = get<BatchMatmul>(a.op);
  const Plan p = plan_of(o, *a.in[0].shape, *a.in[1].shape);
  const std::int64_t xs = std::int64_t{p.m} * p.k, ys = std::int64_t{p.k} * p.n, os = std::int64_t{p.m} * p.n;
  for (std::int64_t b = 0; b < num_elements(p.batch); ++b) {
    const std::int64_t ix = matrix_index(b, p.batch, p.x_batch) * xs, iy = matrix_index(b, p.batch, p.y_batch) * ys;
    const float *x = a.in[0].data + ix, *y = a.in[1].data + iy, *g = a.grad_out[0] + b * os;
    if (a.grad_in[0] && !o.adj_x)  // dX = G Y'
      gemm(Store::add, p.m, p.k, p.n, {g, p.n, 1}, right_factor(y, p.k, p.n, !o.adj_y, a.scratch), p.k,
           a.grad_in[0] + ix, p.k);
    if (a.grad_in[0] && o.adj_x)  // stored swapped: Y G'
      gemm(Store::add, p.k, p.m, p.n, left_factor(y, o.adj_y ? p.k : p.n, o.adj_y),
           right_factor(g, p.m, p.n, true, a.scratch), p.m, a.grad_in[0] + ix, p.m);
    if (a.grad_in[1] && !o.adj_y)  // dY = X' G
      gemm(Store::add, p.k, p.n, p.m, left_factor(x, o.adj_x ? p.m : p.k, !o.adj_x), g, p.n, a.grad_in[1] + iy, p.n);
    if (a.grad_in[1] && o.adj_y)  // stored swapped: G' X
      gemm(Store::add, p.n, p.k, p.m, {g, 1, p.n}, right_factor(x, p.k, p.m, o.adj_x, a.scratch), p.k,
           a.grad_in[1] + iy, p.k);
  }
}

constexpr Kernel kKernels[] = {{"tinyc_batch_matmul", tinyc_batch_matmul, "tinyc_batch_matmul.c"}};

/// The constant's matrices one after the other, each with the summed dimension last.
Bytes rows_of(const Tensor& t, std::int64_t matrices, std::int64_t rows, std::int64_t k, bool transposed) {
  const auto v = t.as<std::int8_t>();
  Bytes out(v.size());
  for (std::int64_t b = 0; b < matrices; ++b)
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t i = 0; i < k; ++i)
        out[static_cast<std::size_t>((b * rows + r) * k + i)] = static_cast<std::uint8_t>(
            v[static_cast<std::size_t>(b * rows * k + (transposed ? i * rows + r : r * k + i))]);
  return out;
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto& o = get<BatchMatmul>(n.op);
  const bool left = g.at(n.inputs[0]).is_const();  // the constant side
  const TensorId constant = n.inputs[left ? 0 : 1], moving = n.inputs[left ? 1 : 0];
  const Tensor &w = g.at(constant), &x = g.at(moving);
  require(w.is_const() && !x.is_const(), "int8 needs one constant operand");
  require(w.dtype == DType::i8 && w.quant && !w.quant->per_channel(),
          "the constant operand must be int8 with one scale");
  const Plan p = plan_of(o, g.at(n.inputs[0]).shape, g.at(n.inputs[1]).shape);
  const std::int64_t batches = num_elements(p.batch), sets = num_elements(left ? p.x_batch : p.y_batch);
  require(num_elements(left ? p.y_batch : p.x_batch) == batches && (sets == 1 || sets == batches),
          "int8 cannot broadcast these leading dimensions");

  Layer l = out.make(n, kKernels[0]);
  l.in0 = out.value(moving);
  l.in1 = -1;
  const std::int32_t vectors = left ? p.n : p.m, channels = left ? p.m : p.n;
  const bool last = left ? o.adj_y : !o.adj_x;  // the moving operand's summed dimension is its last
  tinyc_layer& r = l.record;
  r.n = static_cast<std::int32_t>(batches);
  r.in_c = p.k;
  r.out_c = channels;
  r.p[0] = vectors;
  r.p[1] = last ? 1 : vectors;
  r.p[2] = left ? 1 : 0;
  r.p[3] = sets == 1 ? 0 : 1;

  const bool ordered = left ? !o.adj_x : o.adj_y;
  Tensor rows = make_const(w.name, DType::i8, {static_cast<std::int32_t>(sets * channels), p.k},
                           rows_of(w, sets, channels, p.k, !ordered));
  rows.quant = w.quant;
  lower_scales(g, l, out, moving, rows, kNoTensor, n.outputs[0], 0, ScaleProduct::in_float, Act::none);
  const std::uint32_t vector = last ? 0u : static_cast<std::uint32_t>(p.k);
  l.scratch_bytes = vector;
  r.block = narrow16(std::min(channels, 32767), "the block");
  if (!ordered) {
    l.weights = out.blob(Blob::Kind::weights, Blob::Type::i8, w.name, *rows.data);
  } else {  // the constant keeps its own order and therefore its coded form
    const auto filters = static_cast<std::int32_t>(sets * channels);
    l.scratch_bytes = lower_weights(g, l, out, constant, filters, kMatrixBudget, vector);
    r.block = static_cast<std::int16_t>(std::min<std::int32_t>(r.block, channels));
  }
  out.add(std::move(l));
}

constexpr OpTraits kTraits = {.name = "batch_matmul",
                              .summary = "Matrix product of the last two dimensions; int8 with one constant operand",
                              .min_inputs = 2,
                              .max_inputs = 2,
                              .quant = {.weight = 1},
                              .infer = infer,
                              .forward = forward,
                              .backward = backward,
                              .macs = count,
                              .lower = lower,
                              .kernels = kKernels};
static_assert(complete(kTraits));

}  // namespace

const OpTraits traits_batch_matmul = kTraits;

}  // namespace tinyc
