// The TFLite operators that only move data: reshapes, slices, joins, padding.
#include <algorithm>
#include <tuple>

#include "tflite/op_case.h"
#include "tflite/op_export.h"
#include "tflite/slices.h"
#include "tinyc/error.h"

namespace tinyc::tfl {
namespace {

using B = fb::BuiltinOperator;
using O = fb::BuiltinOptions;

Shape with_axis(Shape s, std::size_t axis, std::int32_t extent) {
  s.insert(s.begin() + static_cast<std::ptrdiff_t>(axis), extent);
  return s;
}

Shape without_axis(Shape s, std::size_t axis) {
  s.erase(s.begin() + static_cast<std::ptrdiff_t>(axis));
  return s;
}

// The shape that RESHAPE's own parameters give, one open dimension resolved.
Shape requested_shape(OpImport& c, std::int64_t elements) {
  Ints to;
  if (c.has(1)) {
    to = c.ints32(1);
  } else if (const auto* o = c.op.builtin_options_as_ReshapeOptions()) {
    to = values(o->new_shape());
  }
  std::int64_t known = 1;
  std::int32_t* open = nullptr;
  for (auto& d : to) {
    if (d == -1 && !open) {
      open = &d;
      continue;
    }
    known *= std::max(d, 0);
    if (known == 0 || known > elements)
      reject("its shape " + to_string(to) + " does not fit " + std::to_string(elements) + " elements");
  }
  if (open) *open = static_cast<std::int32_t>(elements / known);
  return to;
}

Shape squeezed(OpImport& c, const Shape& in) {
  const auto* o = c.op.builtin_options_as_SqueezeOptions();
  std::vector<bool> drop(in.size(), false);
  const auto axes = o ? values(o->squeeze_dims()) : Ints{};
  for (const auto axis : axes) drop[resolve_axis(axis, in.size())] = true;
  Shape out;
  for (std::size_t d = 0; d < in.size(); ++d)
    if (axes.empty() ? in[d] != 1 : !drop[d]) out.push_back(in[d]);
  return out;
}

// RESHAPE, SQUEEZE, EXPAND_DIMS: what the file states for the output counts, since the batch is already resolved there.
void reshape(OpImport& c) {
  const auto x = c.data(0);
  const Shape in = c.shape(x);
  const std::int64_t elements = num_elements(in);
  Shape to;
  if (const Shape* stated = c.stated_shape(); stated && num_elements(*stated) == elements) {
    to = *stated;
  } else if (c.code == B::SQUEEZE) {
    to = squeezed(c, in);
  } else if (c.code == B::EXPAND_DIMS) {
    to = with_axis(in, resolve_axis(c.integer(1), in.size() + 1), 1);
  } else {
    to = requested_shape(c, elements);
  }
  if (num_elements(to) != elements)
    throw Error(ErrorCode::damaged_model,
                "Operator " + c.file.op_name(c.op) + " turns " + to_string(in) + " into " + to_string(to) +
                    ", which has another number of elements.",
                "The file is damaged or was resized after conversion; export it again.");
  c.emit(Reshape{to}, {x});
}

void write_reshape(OpExport& e) {
  const auto& o = std::get<Reshape>(e.n.op);
  const auto to = e.parameter("shape", o.shape);
  const auto shape = e.file().CreateVector(o.shape);
  e.put(B::RESHAPE, {e.id(e.n.inputs[0]), to}, O::ReshapeOptions, fb::CreateReshapeOptions(e.file(), shape));
}

/// Input 1: before and after each of `rank` dimensions.
std::pair<Ints, Ints> paddings(OpImport& c, std::size_t rank) {
  const auto amounts = c.ints32(1);
  if (amounts.size() != 2 * rank) reject("its paddings do not fit the input's " + std::to_string(rank) + " dimensions");
  Ints before, after;
  for (std::size_t d = 0; d < rank; ++d) {
    if (amounts[2 * d] < 0 || amounts[2 * d + 1] < 0) reject("its padding is negative");
    before.push_back(amounts[2 * d]);
    after.push_back(amounts[2 * d + 1]);
  }
  return {before, after};
}

Ints interleaved(const Ints& before, const Ints& after) {
  Ints out;
  for (std::size_t d = 0; d < before.size(); ++d) out.insert(out.end(), {before[d], after[d]});
  return out;
}

void pad(OpImport& c) {
  const auto x = c.data(0);
  Pad op;
  std::tie(op.before, op.after) = paddings(c, c.shape(x).size());
  if (c.code == B::PADV2) op.value = c.scalar(2);
  c.emit(op, {x});
}

void write_pad(OpExport& e) {
  const auto& o = std::get<Pad>(e.n.op);
  const auto p =
      e.parameter("paddings", {static_cast<std::int32_t>(o.before.size()), 2}, interleaved(o.before, o.after));
  OpExport::Ids ids = {e.id(e.n.inputs[0]), p};
  if (o.value != 0) ids.push_back(e.scalar_like_input(o.value));
  e.put(o.value != 0 ? B::PADV2 : B::PAD, ids);
}

void mirror_pad(OpImport& c) {
  const auto* o = c.op.builtin_options_as_MirrorPadOptions();
  const auto x = c.data(0);
  MirrorPad op;
  std::tie(op.before, op.after) = paddings(c, c.shape(x).size());
  op.reflect = !o || o->mode() == fb::MirrorPadMode::REFLECT;
  c.emit(op, {x});
}

void write_mirror_pad(OpExport& e) {
  const auto& o = std::get<MirrorPad>(e.n.op);
  const auto p =
      e.parameter("paddings", {static_cast<std::int32_t>(o.before.size()), 2}, interleaved(o.before, o.after));
  e.put(B::MIRROR_PAD, {e.id(e.n.inputs[0]), p}, O::MirrorPadOptions,
        fb::CreateMirrorPadOptions(e.file(), o.reflect ? fb::MirrorPadMode::REFLECT : fb::MirrorPadMode::SYMMETRIC));
}

/// Constant indices become an attribute of one dimension, whatever shape they had.
void gather(OpImport& c) {
  const auto* o = c.op.builtin_options_as_GatherOptions();
  const auto x = c.data(0);
  const Shape in = c.shape(x);
  Gather op;
  op.axis = static_cast<std::int32_t>(resolve_axis(o ? o->axis() : 0, in.size()));
  if (!c.is_constant(1)) {
    const auto index = c.data(1);
    op.batch_dims =
        o && o->batch_dims() ? static_cast<std::int32_t>(resolve_axis(o->batch_dims(), c.shape(index).size() + 1)) : 0;
    return c.emit(op, {x, index});
  }
  if (o && o->batch_dims() != 0) reject("its indices are constants with batch dimensions");
  op.indices = c.ints32(1);
  Shape to(in.begin(), in.begin() + op.axis);
  const Shape index = c.constant_shape(1);
  to.insert(to.end(), index.begin(), index.end());
  to.insert(to.end(), in.begin() + op.axis + 1, in.end());
  if (index.size() == 1) return c.emit(op, {x});
  const auto flat = c.temporary(x);
  c.emit(op, {x}, flat);
  c.emit(Reshape{to}, {flat});
}

void write_gather(OpExport& e) {
  const auto& o = std::get<Gather>(e.n.op);
  const auto index = o.indices.empty() ? e.id(e.n.inputs[1]) : e.parameter("indices", o.indices);
  e.put(B::GATHER, {e.id(e.n.inputs[0]), index}, O::GatherOptions,
        fb::CreateGatherOptions(e.file(), o.axis, o.batch_dims));
}

void emit_slice(OpImport& c, TensorId x, const ResolvedSlice& s, std::size_t output) {
  const StridedSlice op{s.begin, s.size, s.stride};
  if (s.shape == s.size) return c.emit(op, {x}, c.out(output));
  const auto part = c.temporary(x);
  c.emit(op, {x}, part);
  c.emit(Reshape{s.shape}, {part}, c.out(output));
}

// Elements [begin, begin + size) of one axis.
ResolvedSlice along(const Shape& in, std::size_t axis, std::int64_t begin, std::int64_t size) {
  if (size < 1 || begin < 0 || size > in[axis] - begin) reject("a part lies outside the input or is empty");
  ResolvedSlice s{Ints(in.size(), 0), in, Ints(in.size(), 1), {}};
  s.begin[axis] = static_cast<std::int32_t>(begin);
  s.size[axis] = static_cast<std::int32_t>(size);
  s.shape = s.size;
  return s;
}

void strided_slice(OpImport& c) {
  const auto x = c.data(0);
  emit_slice(c, x,
             resolve_slice(c.shape(x), c.ints(1), c.ints(2), c.ints(3), c.op.builtin_options_as_StridedSliceOptions()),
             0);
}

void write_strided_slice(OpExport& e) {
  const auto& o = std::get<StridedSlice>(e.n.op);
  Ints end;
  std::int32_t end_mask = 0;
  for (std::size_t d = 0; d < o.begin.size(); ++d) {
    const std::int32_t last = o.begin[d] + (o.size[d] - 1) * o.stride[d];
    end.push_back(o.stride[d] > 0 ? last + 1 : last - 1);
    if (end.back() < 0) end_mask |= 1 << d;  // a negative end would count from the other side
  }
  const auto b = e.parameter("begin", o.begin), f = e.parameter("end", end), s = e.parameter("strides", o.stride);
  e.put(B::STRIDED_SLICE, {e.id(e.n.inputs[0]), b, f, s}, O::StridedSliceOptions,
        fb::CreateStridedSliceOptions(e.file(), 0, end_mask));
}

void slice(OpImport& c) {
  const auto x = c.data(0);
  const Shape in = c.shape(x);
  const auto begin = c.ints32(1), size = c.ints32(2);
  if (begin.size() != in.size() || size.size() != in.size()) reject("begin and size do not fit the input");
  ResolvedSlice s{begin, size, Ints(in.size(), 1), {}};
  for (std::size_t d = 0; d < in.size(); ++d) {
    if (size[d] == -1) s.size[d] = in[d] - begin[d];
    if (begin[d] < 0 || begin[d] > in[d] || s.size[d] < 1 || s.size[d] > in[d] - begin[d])
      reject("the slice is empty or leaves its input");
  }
  s.shape = s.size;
  emit_slice(c, x, s, 0);
}

void split(OpImport& c) {
  const bool listed = c.code == B::SPLIT_V;
  const auto x = c.data(listed ? 0 : 1);
  const Shape in = c.shape(x);
  const auto axis = resolve_axis(c.integer(listed ? 2 : 0), in.size());
  const auto n = static_cast<std::int64_t>(c.output_count());
  std::vector<std::int64_t> sizes(c.output_count(), in[axis] / n);
  if (!listed && in[axis] % n != 0)
    reject("it cannot split " + std::to_string(in[axis]) + " into " + std::to_string(n) + " equal parts");
  if (listed) {
    sizes = c.ints(1);
    std::int64_t known = 0;
    for (const auto s : sizes) {
      if (s < -1 || s > in[axis] - known) reject("its parts are impossible");
      known += std::max<std::int64_t>(s, 0);
    }
    for (auto& s : sizes)
      if (s == -1) s = in[axis] - known;
    if (sizes.size() != c.output_count()) reject("the number of parts differs from the number of outputs");
  }
  std::int64_t begin = 0;
  for (std::size_t k = 0; k < sizes.size(); begin += sizes[k++]) emit_slice(c, x, along(in, axis, begin, sizes[k]), k);
}

void unpack(OpImport& c) {
  const auto x = c.data(0);
  const Shape in = c.shape(x);
  const auto* o = c.op.builtin_options_as_UnpackOptions();
  const auto axis = resolve_axis(o ? o->axis() : 0, in.size());
  if (static_cast<std::size_t>(in[axis]) != c.output_count())
    reject("the number of outputs differs from the input's dimension");
  for (std::size_t k = 0; k < c.output_count(); ++k) {
    ResolvedSlice s = along(in, axis, static_cast<std::int64_t>(k), 1);
    s.shape = without_axis(in, axis);
    emit_slice(c, x, s, k);
  }
}

void pack(OpImport& c) {
  const auto* o = c.op.builtin_options_as_PackOptions();
  const auto axis = resolve_axis(o ? o->axis() : 0, c.shape(c.data(0)).size() + 1);
  std::vector<TensorId> parts;
  for (std::size_t k = 0; k < c.input_count(); ++k) {
    const auto x = c.data(k);
    if (c.shape(x).size() < axis) reject("its inputs differ in shape");
    const Shape to = with_axis(c.shape(x), axis, 1);
    parts.push_back(c.reshaped(x, to));
  }
  c.emit(Concatenation{static_cast<std::int32_t>(axis), Act::none}, parts);
}

void concatenation(OpImport& c) {
  const auto* o = c.op.builtin_options_as_ConcatenationOptions();
  std::vector<TensorId> parts;
  parts.reserve(c.input_count());
  for (std::size_t k = 0; k < c.input_count(); ++k) parts.push_back(c.data(k));
  Concatenation op;
  op.axis = static_cast<std::int32_t>(resolve_axis(o ? o->axis() : 0, c.shape(c.data(0)).size()));
  c.emit_fused(op, fused(o), parts);
}

void write_concatenation(OpExport& e) {
  const auto& o = std::get<Concatenation>(e.n.op);
  e.put(B::CONCATENATION, e.inputs(), O::ConcatenationOptions,
        fb::CreateConcatenationOptions(e.file(), o.axis, fused_activation(o.act)));
}

void transpose(OpImport& c) {
  const auto x = c.data(0);
  Transpose op;
  for (const auto axis : c.ints(1)) op.perm.push_back(static_cast<std::int32_t>(resolve_axis(axis, c.shape(x).size())));
  c.emit(op, {x});
}

void write_transpose(OpExport& e) {
  const auto perm = e.parameter("perm", std::get<Transpose>(e.n.op).perm);
  e.put(B::TRANSPOSE, {e.id(e.n.inputs[0]), perm});
}

template <class Options>
std::int32_t block_size(const Options* o) {
  if (!o || o->block_size() < 1) reject("its block size is missing");
  return o->block_size();
}

void write_space_to_depth(OpExport& e) {
  e.put(B::SPACE_TO_DEPTH, e.inputs(), O::SpaceToDepthOptions,
        fb::CreateSpaceToDepthOptions(e.file(), std::get<SpaceToDepth>(e.n.op).block));
}

void write_depth_to_space(OpExport& e) {
  e.put(B::DEPTH_TO_SPACE, e.inputs(), O::DepthToSpaceOptions,
        fb::CreateDepthToSpaceOptions(e.file(), std::get<DepthToSpace>(e.n.op).block));
}

constexpr OpCase kCases[] = {
    {B::RESHAPE, reshape, OpKind::reshape, write_reshape, 1},
    {B::SQUEEZE, reshape},
    {B::EXPAND_DIMS, reshape},
    {B::PAD, pad, OpKind::pad, write_pad},
    {B::PADV2, pad},
    {B::MIRROR_PAD, mirror_pad, OpKind::mirror_pad, write_mirror_pad},
    {B::GATHER, gather, OpKind::gather, write_gather},
    {B::STRIDED_SLICE, strided_slice, OpKind::strided_slice, write_strided_slice},
    {B::SLICE, slice},
    {B::SPLIT, split},
    {B::SPLIT_V, split},
    {B::UNPACK, unpack},
    {B::CONCATENATION, concatenation, OpKind::concatenation, write_concatenation},
    {B::PACK, pack},
    {B::TRANSPOSE, transpose, OpKind::transpose, write_transpose},
    {B::SPACE_TO_DEPTH,
     [](OpImport& c) { c.emit(SpaceToDepth{block_size(c.op.builtin_options_as_SpaceToDepthOptions())}, {c.data(0)}); },
     OpKind::space_to_depth, write_space_to_depth},
    {B::DEPTH_TO_SPACE,
     [](OpImport& c) { c.emit(DepthToSpace{block_size(c.op.builtin_options_as_DepthToSpaceOptions())}, {c.data(0)}); },
     OpKind::depth_to_space, write_depth_to_space, 1},
};

}  // namespace

std::span<const OpCase> move_cases() noexcept { return kCases; }

}  // namespace tinyc::tfl
