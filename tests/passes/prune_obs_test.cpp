// Second-order pruning where the answer is known: one of two inputs that always agree can carry both weights.
#include <cmath>
#include <cstring>

#include "outputs.h"
#include "tinyc/curvature.h"
#include "tinyc/error.h"
#include "tinyc/pass.h"
#include "tinyc/text.h"

using namespace tinyc;

namespace {

InputMoments moments(std::size_t size, std::vector<double> covariance) {
  InputMoments m;
  m.size = size;
  m.rows = 1e6;
  m.mean = m.reference_mean = std::vector<double>(size, 0.0);
  m.cross = m.covariance = std::move(covariance);
  return m;
}

}  // namespace

TEST_CASE("refit_filters: what stays takes over from what goes", "[prune_obs]") {
  const InputMoments m = moments(3, {1, 1, 0, 1, 1, 0, 0, 0, 1});
  const std::vector<float> w{0.5f, 0.7f, 0.3f}, all{1, 1, 1}, first_gone{0, 1, 1};
  const RefittedFilters whole = refit_filters(m, w, all, 1e-6);
  CHECK(whole.values[0] == Approx(0.5));
  // either of the twins costs next to nothing, the third all of itself
  CHECK(whole.saliency[0] < 0.01f);
  CHECK(whole.saliency[1] < 0.01f);
  CHECK(whole.saliency[2] == Approx(0.3).epsilon(0.01));
  const RefittedFilters pruned = refit_filters(m, w, first_gone, 1e-6);
  CHECK(pruned.values[0] == 0.0f);
  CHECK(pruned.values[1] == Approx(1.2).epsilon(1e-4));
  CHECK(pruned.values[2] == Approx(0.3).epsilon(1e-4));
  CHECK(pruned.saliency[0] == 0.0f);
  CHECK(pruned.saliency[1] == Approx(1.2).epsilon(0.01));
  const RefittedFilters none = refit_filters(m, w, std::vector<float>{0, 0, 0}, 1e-6);
  CHECK(none.values == std::vector<float>{0, 0, 0});
}

TEST_CASE("prune_obs loses less than magnitudes, removes as many, and leaves depthwise layers whole", "[prune_obs]") {
  const Graph g = parse(
      "%x = input f32[1,6,6,2] range(0,1)"
      "%a = conv_2d(%x, random(1) f32[6,3,3,2], random(2) f32[6]) act=relu "
      "%b = depthwise_conv_2d(%a, random(3) f32[1,3,3,6]) act=relu "
      "%y = fully_connected(%b, random(4) f32[3,24]) output %y");
  const Dataset d = synthetic_dataset(g, 64, 1);
  PassOptions o;
  o.calibration = &d;
  o.prune.fraction = 0.5f;
  const auto error = [&](const Graph& pruned) {
    const auto x = run_float(g, d, 64)[0], y = run_float(pruned, d, 64)[0];
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      sum += static_cast<double>(x[i] - y[i]) * static_cast<double>(x[i] - y[i]);
    return sum;
  };
  const auto zeros = [](const Graph& pruned, std::size_t node) {
    const auto w = pruned.at(pruned.nodes[node].inputs[1]).as<float>();
    return std::ranges::count(w, 0.0f);
  };
  Graph by_magnitude = g, by_obs = g;
  find_pass("prune_magnitude")->run(by_magnitude, o);
  find_pass("prune_obs")->run(by_obs, o);
  CHECK_NOTHROW(verify(by_obs));
  CHECK(zeros(by_obs, 0) + zeros(by_obs, 2) == zeros(by_magnitude, 0) + zeros(by_magnitude, 2));
  CHECK(zeros(by_obs, 0) + zeros(by_obs, 2) == (108 + 72) / 2);
  CHECK(zeros(by_obs, 1) == 0);
  CHECK(error(by_obs) < 0.5 * error(by_magnitude));
  Graph untouched = g;
  o.calibration = nullptr;
  CHECK_THROWS_AS(find_pass("prune_obs")->run(untouched, o), Error);
}
