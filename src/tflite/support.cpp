// Which TFLite operators can be imported, and what to do about the others.
#include "tflite/op_import.h"

namespace tinyc::tfl {

using B = fb::BuiltinOperator;

bool is_supported(B code, const std::string& custom_name) noexcept {
  switch (code) {
    case B::CUSTOM: return custom_name == "Convolution2DTransposeBias";
    case B::CONV_2D:
    case B::DEPTHWISE_CONV_2D:
    case B::TRANSPOSE_CONV:
    case B::FULLY_CONNECTED:
    case B::BATCH_MATMUL:
    case B::AVERAGE_POOL_2D:
    case B::MAX_POOL_2D:
    case B::ADD:
    case B::SUB:
    case B::MUL:
    case B::MAXIMUM:
    case B::MINIMUM:
    case B::SQUARED_DIFFERENCE:
    case B::PRELU:
    case B::MEAN:
    case B::SUM:
    case B::REDUCE_MAX:
    case B::REDUCE_MIN:
    case B::RESIZE_BILINEAR:
    case B::RESIZE_NEAREST_NEIGHBOR:
    case B::QUANTIZE:
    case B::DEQUANTIZE:
    case B::SOFTMAX:
    case B::LEAKY_RELU:
    case B::LOGISTIC:
    case B::TANH:
    case B::RELU:
    case B::RELU6:
    case B::RELU_N1_TO_1:
    case B::HARD_SWISH:
    case B::ABS:
    case B::NEG:
    case B::SQUARE:
    case B::SQRT:
    case B::RSQRT:
    case B::EXP:
    case B::LOG:
    case B::RESHAPE:
    case B::SQUEEZE:
    case B::EXPAND_DIMS:
    case B::PAD:
    case B::PADV2:
    case B::SLICE:
    case B::STRIDED_SLICE:
    case B::SPLIT:
    case B::SPLIT_V:
    case B::UNPACK:
    case B::PACK:
    case B::CONCATENATION:
    case B::TRANSPOSE:
    case B::SPACE_TO_DEPTH:
    case B::DEPTH_TO_SPACE: return true;
    default: return false;
  }
}

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
    case B::ARG_MAX:
    case B::ARG_MIN:
    case B::TOPK_V2:
    case B::NON_MAX_SUPPRESSION_V4:
    case B::NON_MAX_SUPPRESSION_V5: return "cut the model before it and choose the winner in firmware";
    case B::ELU:
    case B::GELU: return "train with RELU, RELU6 or HARD_SWISH instead";
    case B::DIV: return "multiply by the reciprocal instead";
    case B::MIRROR_PAD: return "use zero padding instead";
    case B::CAST: return "give the model inputs of its own type";
    case B::DENSIFY:
    case B::SHAPE:
    case B::FILL:
    case B::RANGE: return "convert the model with fixed input shapes, so that it becomes a constant";
    default: return "replace it in the model by supported operators (`tinyc ops` lists them), or cut the model there";
  }
}

}  // namespace tinyc::tfl
