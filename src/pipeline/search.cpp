#include "pipeline/search.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "pipeline/budget.h"
#include "pipeline/compression.h"
#include "pipeline/search_choice.h"
#include "pipeline/search_plan.h"
#include "tinyc/error.h"
#include "tinyc/parallel.h"

namespace tinyc {
namespace {

constexpr double kNear = 0.01;  // exact weights that drop by so much more than allowed are not worth prices

// A training that Ctrl-C ends keeps its best epoch and goes on. Such a trial would not be the one of its number.
void check_stopped() {
  check_interrupt();
  if (interrupt_acknowledged()) throw Error(ErrorCode::stopped, "interrupted");
}

// One trial's compression. Settings are its own; inputs are the job's.
class Trial {
 public:
  Trial(const SearchJob& job, const SearchTrial& t)
      : settings_(settings_of(job, t)), compression_(job.inputs, settings_) {
    compression_.prepare();
    check_stopped();
  }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  std::vector<PriceTrial> prices() const { return try_prices(compression_, settings_.budget, settings_.progress); }
  Compressed finish(double price) const {
    Compressed c = compression_.finish(static_cast<float>(price));
    check_stopped();
    return c;
  }

 private:
  static CompressSettings settings_of(const SearchJob& job, const SearchTrial& t) {
    CompressSettings s = job.settings;
    s.pass_options.prune.fraction = static_cast<float>(t.prune);
    s.pass_options.prune_channels = {static_cast<float>(t.macs), PassOptions::PruneChannels::Of::macs};
    s.pass_options.training.options.epochs = t.epochs;
    s.budget = {job.goal.max_flash, job.goal.max_drop, job.goal.max_drop.has_value()};
    if (job.goal.max_drop) s.budget.hopeless = *job.goal.max_drop + kNear;
    s.progress = [shown = s.progress](const std::string& stage, double fraction) {
      check_stopped();
      if (shown) shown(stage, fraction);
    };
    s.pass_options.training.hooks.on_step = [](const StepInfo&) { check_stopped(); };
    return s;
  }

  CompressSettings settings_;
  Compression compression_;
};

SearchResult result_of(const SearchTrial& t, const std::vector<PriceTrial>& prices) {
  SearchResult r;
  r.trial = t;
  for (const PriceTrial& p : prices) {
    if (!p.accuracy || !p.accuracy->float_value || !p.accuracy->compressed || p.accuracy->synthetic)
      throw Error(ErrorCode::missing_option, "accuracy cannot be measured on these samples", "give --eval with labels");
    if (!std::isfinite(p.drop)) continue;
    r.metric = p.accuracy->metric;
    r.samples = p.accuracy->samples;
    r.reference = *p.accuracy->float_value;
    r.points.push_back({p.price, p.flash, p.ram, p.value, p.drop});
  }
  if (r.points.empty()) throw Error(ErrorCode::not_finite, "the compressed model's outputs are NaN or infinite");
  return r;
}

class Runner {
 public:
  Runner(const SearchJob& job, Journal& journal) : job_(job), journal_(journal) {
    search_.model = job.model;
    search_.goal = job.goal;
    search_.results = journal.earlier();
    choose(search_);
  }

  Search run() {
    restore_best();
    job_.updated(search_);
    auto plan = search_plan(job_.inputs.training ? job_.settings.pass_options.training.options.epochs : 0);
    if (job_.trials && job_.trials < plan.size()) plan.resize(job_.trials);
    for (const SearchTrial& t : plan) {
      if (t.number % job_.shards != job_.shard - 1 || is_done(t)) continue;
      if (out_of_time()) break;
      run(t);
      job_.updated(search_);
    }
    if (!search_.best && !search_.results.empty())
      throw Error(ErrorCode::damaged_search, "every trial failed; the last one: " + search_.results.back().error);
    return std::move(search_);
  }

 private:
  // The best of an earlier process, where somebody removed it or the process ended between best and journal.
  void restore_best() {
    if (!search_.best) return;
    const SearchResult& r = search_.results[search_.best->result];
    const SearchPoint& p = r.points[search_.best->point];
    if (!job_.is_written(p)) job_.write_best(Trial(job_, r.trial).finish(p.bit_price));
  }

  bool is_done(const SearchTrial& t) const {
    return std::ranges::any_of(search_.results, [&](const SearchResult& r) { return r.trial == t; });
  }

  bool out_of_time() const {
    const std::chrono::duration<double, std::ratio<60>> passed = std::chrono::steady_clock::now() - start_;
    return job_.minutes > 0 && passed.count() >= job_.minutes;
  }

  void run(const SearchTrial& t) {
    SearchResult r;
    try {
      const Trial trial(job_, t);
      r = result_of(t, trial.prices());
      Search next = search_;
      next.results.push_back(r);
      choose(next);
      if (next.results[next.best->result].trial == t)
        job_.write_best(trial.finish(r.points[next.best->point].bit_price));
    } catch (const Error& e) {
      const bool ends = e.kind() == ErrorKind::interrupted || e.kind() == ErrorKind::write ||
                        (e.kind() == ErrorKind::usage && !search_.best);
      if (ends) throw;
      check_stopped();
      r = {};
      r.trial = t;
      r.error = e.what();
    }
    journal_.append(r);
    search_.results.push_back(std::move(r));
    choose(search_);
    job_.log(line_of(t));
  }

  std::string line_of(const SearchTrial& t) const {
    const auto& r = *std::ranges::find(search_.results, t, &SearchResult::trial);
    std::string line = "trial " + std::to_string(t.number) + ": " + describe(t) + ": ";
    if (!r.error.empty()) return line + "failed: " + printable(r.error, 300);
    line += std::to_string(r.points.size()) + (r.points.size() == 1 ? " price" : " prices");
    const SearchResult& from = search_.results[search_.best->result];
    const SearchPoint& best = from.points[search_.best->point];
    char text[120];
    std::snprintf(text, sizeof text, "; best so far: trial %zu, flash %llu B, drop %.4f%s", from.trial.number,
                  static_cast<unsigned long long>(best.flash), best.drop, search_.met ? "" : " (outside the goal)");
    return line + text;
  }

  const SearchJob& job_;
  Journal& journal_;
  Search search_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

Search run_search(const SearchJob& job, Journal& journal) { return Runner(job, journal).run(); }

}  // namespace tinyc
