// All operators' cases, looked up by what the file or the graph has.
#include "tflite/op_case.h"
#include "tflite/op_export.h"
#include "tinyc/error.h"

namespace tinyc::tfl {
namespace {

template <class Wanted>
const OpCase* find_case(Wanted wanted) noexcept {
  for (const auto cases : {weighted_cases(), compute_cases(), move_cases(), rewritten_cases()})
    for (const OpCase& row : cases)
      if (wanted(row)) return &row;
  return nullptr;
}

}  // namespace

const OpCase* case_of(fb::BuiltinOperator code) noexcept {
  return find_case([&](const OpCase& row) { return row.code == code; });
}

bool is_supported(fb::BuiltinOperator code, const std::string& custom_name) noexcept {
  if (code == fb::BuiltinOperator::CUSTOM) return custom_name == "Convolution2DTransposeBias";
  return case_of(code) != nullptr;
}

void import_operator(OpImport& c) {
  if (c.output_count() == 0)
    throw Error(ErrorCode::damaged_model, "An operator has no output.", "The file is damaged; export it again.");
  const OpCase* found = case_of(c.code);
  if (!found) reject("tinyc has no such operator", advice(c.code));
  found->read(c);
}

void export_operator(OpExport& e) {
  const OpKind wanted = kind(e.n.op);
  const OpCase* found = find_case([&](const OpCase& row) { return row.write && row.kind == wanted; });
  if (!found) e.reject("the operator cannot be written");
  found->write(e);
}

}  // namespace tinyc::tfl
