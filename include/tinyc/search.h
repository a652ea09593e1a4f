// What a search for the smallest model tried and found.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tinyc {

/// One way of pruning and training. Its place in the list is its number, on every machine.
struct SearchTrial {
  std::size_t number = 0;
  double prune = 0;        ///< share of the weights removed
  double macs = 0;         ///< share of the multiply-accumulates removed before, as whole channels
  std::size_t epochs = 0;  ///< of training; 0: none
  bool operator==(const SearchTrial&) const = default;
};

/// "80 % pruned, 30 % of the MACs, 10 epochs".
std::string describe(const SearchTrial& t);

/// A model that a trial led to: its weights rounded at one price of a bit.
struct SearchPoint {
  double bit_price = 0;              ///< nats a bit
  std::uint64_t flash = 0, ram = 0;  ///< bytes
  double value = 0, drop = 0;        ///< of the metric; a positive drop is a loss
  bool operator==(const SearchPoint&) const = default;
};

struct SearchResult {
  SearchTrial trial;
  std::string error;                ///< why it failed; empty: it did not
  std::string metric;               ///< top1, auc, mse, cosine
  std::size_t samples = 0;          ///< that it was measured on
  double reference = 0;             ///< the metric of the model as it was given
  std::vector<SearchPoint> points;  ///< in the order of trying
  bool operator==(const SearchResult&) const = default;
};

/// What is asked for: with `max_drop` the smallest flash whose metric drops by no more (and that fits `max_flash`),
/// with `max_flash` alone the least drop that fits.
struct SearchGoal {
  std::optional<double> max_drop;
  std::optional<std::uint64_t> max_flash;
  bool operator==(const SearchGoal&) const = default;
};

/// A point of `results[result].points[point]`.
struct SearchPlace {
  std::size_t result = 0, point = 0;
  bool operator==(const SearchPlace&) const = default;
};

struct Search {
  std::string model;
  SearchGoal goal;
  std::vector<SearchResult> results;  ///< by number
  std::optional<SearchPlace> best;    ///< nearest to the goal where none keeps it
  bool met = false;                   ///< whether the best keeps the goal
  std::vector<SearchPlace> front;     ///< that no other beats in flash and metric at once (Pareto), by flash
};

/// The renderings. Equal for equal results, however the search went: no times, paths or machines. The JSON has
/// schema_version 1.
std::string to_table(const Search& s);
std::string to_json(const Search& s);
std::string to_html(const Search& s);

}  // namespace tinyc
