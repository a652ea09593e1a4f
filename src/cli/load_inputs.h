// What the options of compress name: model, samples and teachers, loaded.
#pragma once
#include <optional>

#include "cli/options.h"
#include "tinyc/import.h"

namespace tinyc {

struct LoadedInputs {
  Import model;
  std::optional<Dataset> calibration, evaluation, training;
  std::optional<Import> teacher, student;
  std::vector<std::string> warnings;  ///< about samples
  bool taught = true;                 ///< false: `--teacher none`

  /// Points into this object.
  CompressInputs inputs() const;
};

/// Throws Error: input, unsupported, data, usage.
LoadedInputs load_inputs(const CompressOptions& o);

/// The settings that the options make, with the log and the progress bar.
CompressSettings console_settings(const CompressOptions& o);

}  // namespace tinyc
