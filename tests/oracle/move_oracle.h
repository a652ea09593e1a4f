// Naive references of the operators that move elements: every output element is looked up by its coordinates.
#pragma once
#include <functional>
#include <optional>

#include "oracle/run_op.h"

namespace oracle {

using Index = std::vector<std::int32_t>;

inline std::size_t flat(const tinyc::Shape& s, const Index& i) {
  std::size_t r = 0;
  for (std::size_t d = 0; d < s.size(); ++d) r = r * static_cast<std::size_t>(s[d]) + static_cast<std::size_t>(i[d]);
  return r;
}

inline Index unflat(const tinyc::Shape& s, std::size_t at) {
  Index i(s.size());
  for (std::size_t d = s.size(); d-- > 0;) {
    i[d] = static_cast<std::int32_t>(at % static_cast<std::size_t>(s[d]));
    at /= static_cast<std::size_t>(s[d]);
  }
  return i;
}

/// Output element at `i` = what `pick(i)` returns.
template <class T>
Array<T> build(tinyc::Shape out, const std::function<T(const Index&)>& pick) {
  Array<T> r{std::move(out), {}};
  for (std::size_t at = 0; at < static_cast<std::size_t>(tinyc::num_elements(r.shape)); ++at)
    r.values.push_back(pick(unflat(r.shape, at)));
  return r;
}

template <class T>
Array<T> pad(const Array<T>& in, const Index& before, const Index& after, T fill) {
  tinyc::Shape out = in.shape;
  for (std::size_t d = 0; d < out.size(); ++d) out[d] += before[d] + after[d];
  return build<T>(out, [&](Index i) {
    for (std::size_t d = 0; d < i.size(); ++d) {
      i[d] -= before[d];
      if (i[d] < 0 || i[d] >= in.shape[d]) return fill;
    }
    return in.values[flat(in.shape, i)];
  });
}

template <class T>
Array<T> transpose(const Array<T>& in, const Index& perm) {
  tinyc::Shape out(perm.size());
  for (std::size_t d = 0; d < perm.size(); ++d) out[d] = in.shape[static_cast<std::size_t>(perm[d])];
  return build<T>(out, [&](const Index& i) {
    Index from(i.size());
    for (std::size_t d = 0; d < i.size(); ++d) from[static_cast<std::size_t>(perm[d])] = i[d];
    return in.values[flat(in.shape, from)];
  });
}

template <class T>
Array<T> slice(const Array<T>& in, const Index& begin, const Index& size, const Index& stride) {
  return build<T>(size, [&](Index i) {
    for (std::size_t d = 0; d < i.size(); ++d) i[d] = begin[d] + i[d] * stride[d];
    return in.values[flat(in.shape, i)];
  });
}

template <class T>
Array<T> concatenate(const std::vector<Array<T>>& in, std::size_t axis) {
  tinyc::Shape out = in[0].shape;
  out[axis] = 0;
  for (const auto& a : in) out[axis] += a.shape[axis];
  return build<T>(out, [&](Index i) {
    std::size_t k = 0;
    for (; i[axis] >= in[k].shape[axis]; ++k) i[axis] -= in[k].shape[axis];
    return in[k].values[flat(in[k].shape, i)];
  });
}

template <class T>
Array<T> space_to_depth(const Array<T>& in, std::int32_t b) {
  const auto c = in.shape[3];
  return build<T>({in.shape[0], in.shape[1] / b, in.shape[2] / b, c * b * b}, [&](const Index& i) {
    const auto block = i[3] / c;
    return in.values[flat(in.shape, {i[0], i[1] * b + block / b, i[2] * b + block % b, i[3] % c})];
  });
}

template <class T>
Array<T> depth_to_space(const Array<T>& in, std::int32_t b) {
  const auto c = in.shape[3] / (b * b);
  return build<T>({in.shape[0], in.shape[1] * b, in.shape[2] * b, c}, [&](const Index& i) {
    return in.values[flat(in.shape, {i[0], i[1] / b, i[2] / b, ((i[1] % b) * b + i[2] % b) * c + i[3]})];
  });
}

}  // namespace oracle
