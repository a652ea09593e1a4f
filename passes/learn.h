// What passes that train share.
#pragma once
#include "tinyc/pass.h"

namespace tinyc {

/// The job of PassOptions::training; the caller adds schedule and quantization.
TrainJob job_of(const PassOptions& o);
/// "accuracy 0.912 after epoch 9 of 10 (0.905 before)".
std::string training_note(const TrainResult& r);

}  // namespace tinyc
