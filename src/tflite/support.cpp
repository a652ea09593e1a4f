// What to do about operators that cannot be imported.
#include "tflite/op_case.h"

namespace tinyc::tfl {

using B = fb::BuiltinOperator;

std::string advice(B code) {
  switch (code) {
    case B::LSTM:
    case B::RNN:
    case B::UNIDIRECTIONAL_SEQUENCE_LSTM:
    case B::UNIDIRECTIONAL_SEQUENCE_RNN:
    case B::BIDIRECTIONAL_SEQUENCE_LSTM:
    case B::BIDIRECTIONAL_SEQUENCE_RNN:
      return "build the recurrent layer with unroll=True before converting, or use convolutions over time";
    case B::SVDF: return "replace it by depthwise convolutions over time";
    case B::IF:
    case B::WHILE:
    case B::CALL_ONCE:
    case B::CALL: return "control flow runs nowhere here: unroll loops and fix conditions before converting";
    case B::VAR_HANDLE:
    case B::READ_VARIABLE:
    case B::ASSIGN_VARIABLE: return "make the state an input and an output of the model";
    case B::CUSTOM: return "cut the model before this custom operator and do its work in firmware";
    case B::ARG_MIN:
    case B::TOPK_V2:
    case B::NON_MAX_SUPPRESSION_V4:
    case B::NON_MAX_SUPPRESSION_V5: return "cut the model before it and choose the winner in firmware";
    case B::DENSIFY:
    case B::SHAPE:
    case B::FILL:
    case B::RANGE: return "convert the model with fixed input shapes, so that it becomes a constant";
    default: return "replace it in the model by supported operators (`tinyc ops` lists them), or cut the model there";
  }
}

}  // namespace tinyc::tfl
