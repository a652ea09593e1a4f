// How much each layer may lose: a measure of the model with one layer pruned at a time, at several sparsities.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tinyc/dataset.h"
#include "tinyc/import.h"

namespace tinyc {

struct Sensitivity {
  struct Point {
    double sparsity = 0;  ///< share of the layer's weights that are zero
    double value = 0;     ///< of the metric
    double sqnr_db = 0;   ///< of the outputs against the model as it is
  };
  struct Layer {
    std::string name;
    std::int64_t weights = 0;
    std::vector<Point> points;  ///< one for each step
  };
  std::string model;
  std::string metric;  ///< top1, auc, mse, cosine, agreement or sqnr
  std::size_t samples = 0;
  std::optional<double> reference;  ///< the metric of the model as it is
  std::vector<double> steps;        ///< asked for, ascending
  std::vector<Layer> layers;        ///< in the order of the graph
};

/// The renderings; the JSON has schema_version 1.
std::string to_table(const Sensitivity& s);
std::string to_json(const Sensitivity& s);
std::string to_html(const Sensitivity& s);

}  // namespace tinyc
