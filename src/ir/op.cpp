// Names and default data of the operators, generated from ops.def.
#include "tinyc/op.h"

#include <limits>

namespace tinyc {
namespace {
constexpr const char* kNames[] = {
#define TINYC_OP(Type, stem, ...) #stem,
#include "tinyc/ops.def"
#undef TINYC_OP
};
static_assert(std::size(kNames) == kOpCount);
}  // namespace

OpData::OpData() = default;
OpData::OpData(const OpData& o) = default;
OpData::OpData(OpData&& o) noexcept = default;
OpData& OpData::operator=(const OpData& o) = default;
OpData& OpData::operator=(OpData&& o) noexcept = default;
OpData::~OpData() = default;
bool OpData::operator==(const OpData& o) const {
  return static_cast<const OpVariant&>(*this) == static_cast<const OpVariant&>(o);
}

std::pair<float, float> bounds(Act a) noexcept {
  constexpr float inf = std::numeric_limits<float>::infinity();
  switch (a) {
    case Act::relu: return {0.0f, inf};
    case Act::relu6: return {0.0f, 6.0f};
    case Act::relu_n1_to_1: return {-1.0f, 1.0f};
    case Act::none: break;
  }
  return {-inf, inf};
}

const char* name_of(OpKind k) noexcept {
  const auto i = static_cast<std::size_t>(k);
  return i < kOpCount ? kNames[i] : "?";
}

bool make_op(const std::string& stem, OpData& out) {
#define TINYC_OP(Type, name, ...) \
  if (stem == #name) {            \
    out = Type{};                 \
    return true;                  \
  }
#include "tinyc/ops.def"
#undef TINYC_OP
  return false;
}

}  // namespace tinyc
