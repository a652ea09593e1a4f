// The search: its list of trials, which result is best, and what a run journals.
#include "pipeline/search.h"

#include <algorithm>
#include <set>

#include "catch.h"
#include "cli/shell.h"
#include "pipeline/search_choice.h"
#include "pipeline/search_plan.h"
#include "pipeline/self_labelled.h"
#include "tinyc/error.h"

using namespace tinyc;

namespace {

SearchResult result(std::size_t number, std::vector<SearchPoint> points) {
  SearchResult r;
  r.trial.number = number;
  r.metric = "top1";
  r.points = std::move(points);
  if (r.points.empty()) r.error = "failed";
  return r;
}
SearchPoint point(std::uint64_t flash, double drop) { return {0, flash, 0, 1 - drop, drop}; }

Search chosen(SearchGoal goal, std::vector<SearchResult> results) {
  Search s;
  s.goal = goal;
  s.results = std::move(results);
  choose(s);
  return s;
}

/// Flash of the best.
std::uint64_t best_flash(const Search& s) { return s.results[s.best->result].points[s.best->point].flash; }

/// A search over the labelled classifier, in a folder; remembers the programs that were written as best.
struct Runs : SelfLabelled {
  Folder folder;
  SearchJob job;
  std::vector<Bytes> written;
  std::vector<std::size_t> updates;  ///< results that were known each time
  bool lost = false;                 ///< somebody removed the best

  Runs() {
    job.inputs = inputs;
    job.settings = settings;
    job.goal.max_drop = 0.02;
    job.is_written = [this](const SearchPoint&) { return !lost; };
    job.write_best = [this](const Compressed& c) { written.push_back(write_program(c.program)); };
    job.updated = [this](const Search& s) { updates.push_back(s.results.size()); };
    job.log = [](const std::string&) {};
  }
  Search run(std::size_t trials) {
    job.trials = trials;
    Journal journal(folder / "journal.jsonl", {});
    return run_search(job, journal);
  }
};

}  // namespace

TEST_CASE("the list of trials begins as given, numbers its trials and holds none twice", "[search]") {
  for (const std::size_t epochs : {std::size_t{0}, std::size_t{10}}) {
    const auto plan = search_plan(epochs);
    CHECK(plan[0] == SearchTrial{0, 0, 0, 0});
    std::set<std::tuple<double, double, std::size_t>> seen;
    for (std::size_t i = 0; i < plan.size(); ++i) {
      CHECK(plan[i].number == i);
      CHECK(seen.emplace(plan[i].prune, plan[i].macs, plan[i].epochs).second);
      CHECK((plan[i].epochs > 0) == (i > 0 && epochs > 0));
    }
    // the first trials reach every pruning share that is likely, with and without fewer channels
    std::set<double> prune, macs;
    for (std::size_t i = 0; i < 12; ++i) prune.insert(plan[i].prune), macs.insert(plan[i].macs);
    CHECK(prune.size() >= 5);
    CHECK(macs.size() == 3);
  }
  const auto trained = search_plan(10);
  for (const double p : {0.0, 0.5, 0.7, 0.8, 0.9, 0.95})
    for (const double m : {0.0, 0.3, 0.5}) {
      const auto first_20 = std::span(trained).first(20);
      CHECK(std::ranges::any_of(first_20, [&](const SearchTrial& t) { return t.prune == p && t.macs == m; }));
    }
  CHECK(trained[1] == SearchTrial{1, 0.8, 0, 10});
  CHECK(trained.back().epochs == 40);
}

TEST_CASE("the best of a search is what its goal says", "[search]") {
  const std::vector<SearchResult> results{result(0, {point(100, 0), point(60, 0.01), point(40, 0.05)}), result(1, {}),
                                          result(2, {point(50, 0.02), point(30, 0.2)})};
  CHECK(best_flash(chosen({0.01, {}}, results)) == 60);
  CHECK(best_flash(chosen({0.02, {}}, results)) == 50);
  CHECK(best_flash(chosen({0.0, {}}, results)) == 100);
  CHECK(best_flash(chosen({{}, 59}, results)) == 50);
  CHECK(best_flash(chosen({{}, 1000}, results)) == 100);
  CHECK(best_flash(chosen({0.03, 55}, results)) == 50);
  CHECK(chosen({0.03, 55}, results).met);
  // out of reach: the least loss above all, then the least flash
  const Search none = chosen({-0.1, {}}, results), tight = chosen({0.01, 45}, results),
               small = chosen({{}, 10}, results);
  CHECK_FALSE(none.met);
  CHECK(best_flash(none) == 100);
  CHECK_FALSE(tight.met);
  CHECK(best_flash(tight) == 60);
  CHECK_FALSE(small.met);
  CHECK(best_flash(small) == 30);
  CHECK_FALSE(chosen({0.01, {}}, {result(0, {})}).best);
  // a drop of exactly the limit is within it, whatever the rounding of the difference
  CHECK(best_flash(chosen({0.01, {}}, {result(0, {point(9, 0.95 - 0.94), point(10, 0)})})) == 9);
}

TEST_CASE("the order in which results come does not matter", "[search]") {
  std::vector<SearchResult> results{result(0, {point(60, 0.01)}), result(3, {point(60, 0.01), point(60, 0.01)}),
                                    result(5, {point(70, 0.01), point(50, 0.01)}), result(7, {point(50, 0.01)})};
  const Search ordered = chosen({0.01, {}}, results);
  CHECK(*ordered.best == SearchPlace{2, 1});
  do {
    const Search s = chosen({0.01, {}}, results);
    CHECK(s.results == ordered.results);
    CHECK(s.best == ordered.best);
    CHECK(s.front == ordered.front);
  } while (std::next_permutation(results.begin(), results.end(), [](const SearchResult& a, const SearchResult& b) {
    return a.trial.number < b.trial.number;
  }));
}

TEST_CASE("the front holds what nothing beats in flash and accuracy at once", "[search]") {
  const Search s = chosen({0.01, {}}, {result(0, {point(100, 0), point(60, 0.01), point(40, 0.05)}),
                                       result(1, {point(60, 0.005), point(70, 0.005), point(100, 0)}),
                                       result(2, {point(35, 0.05), point(20, 0.5)})});
  std::vector<std::pair<std::uint64_t, double>> front;
  for (const SearchPlace& p : s.front) {
    const SearchPoint& at = s.results[p.result].points[p.point];
    front.emplace_back(at.flash, at.drop);
  }
  CHECK(front == std::vector<std::pair<std::uint64_t, double>>{{20, 0.5}, {35, 0.05}, {60, 0.005}, {100, 0}});
  CHECK(s.front.back() == SearchPlace{0, 0});
}

TEST_CASE("a search goes on where it ended, and recomputes nothing", "[search]") {
  Runs whole, parts;
  const Search at_once = whole.run(4);
  REQUIRE(at_once.results.size() == 4);
  REQUIRE(at_once.met);
  CHECK(at_once.results[0].points.size() > 3);
  CHECK(whole.updates == std::vector<std::size_t>{0, 1, 2, 3, 4});

  CHECK(parts.run(1).results.size() == 1);
  CHECK(parts.run(3).results.size() == 3);
  const Search later = parts.run(4);
  CHECK(to_json(later) == to_json(at_once));
  CHECK(parts.written == whole.written);
  CHECK(read_text(parts.folder / "journal.jsonl") == read_text(whole.folder / "journal.jsonl"));
  parts.updates.clear();
  CHECK(to_json(parts.run(4)) == to_json(at_once));
  CHECK(parts.updates == std::vector<std::size_t>{4});
  CHECK(parts.written == whole.written);

  // the best is made again only when it is gone
  parts.lost = true;
  parts.run(4);
  CHECK(parts.written.size() == whole.written.size() + 1);
  CHECK(parts.written.back() == whole.written.back());
}

TEST_CASE("each shard has its trials, together all of them", "[search]") {
  Runs whole;
  whole.run(5);
  std::vector<SearchResult> all;
  for (std::size_t k = 1; k <= 3; ++k) {
    Runs part;
    part.job.shard = k;
    part.job.shards = 3;
    for (const SearchResult& r : part.run(5).results) {
      CHECK(r.trial.number % 3 == k - 1);
      all.push_back(r);
    }
  }
  CHECK(chosen({0.02, {}}, all).results == read_journal(whole.folder / "journal.jsonl").results);
}

TEST_CASE("a trial that fails is journaled, and the search goes on", "[search]") {
  Runs runs;
  runs.job.inputs.training = &runs.data;
  runs.job.settings.pass_options.training.options.epochs = 2;
  runs.job.settings.pass_options.training.options.optimizer = TrainOptions::Optimizer::sgd;
  runs.job.settings.pass_options.training.options.learning_rate = 1e30f;
  runs.job.settings.pass_options.training.options.clip = 0;
  const Search s = runs.run(3);
  REQUIRE(s.results.size() == 3);
  CHECK(s.results[0].error.empty());
  for (std::size_t i : {1, 2}) CHECK(s.results[i].error.find("NaN or infinite") != std::string::npos);
  CHECK(s.best->result == 0);
  CHECK(read_journal(runs.folder / "journal.jsonl").results == s.results);

  // where nothing succeeds there is nothing to answer with
  Runs shard;
  shard.job.inputs.training = &shard.data;
  shard.job.settings.pass_options.training = runs.job.settings.pass_options.training;
  shard.job.shard = shard.job.shards = 2;
  CHECK_THROWS_AS(shard.run(4), Error);
  CHECK(read_journal(shard.folder / "journal.jsonl").results.size() == 2);

  // settings that no trial can have end the search before anything is journaled
  Runs wrong;
  wrong.job.settings.metric = "no such metric";
  CHECK_THROWS_AS(wrong.run(3), Error);
  CHECK(read_journal(wrong.folder / "journal.jsonl").results.empty());
}
