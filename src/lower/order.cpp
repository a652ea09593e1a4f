#include "lower/order.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "lower/lifetimes.h"

namespace tinyc {
namespace {

constexpr std::size_t kBeam = 32, kWorkLimit = 20'000'000;

std::size_t at(std::int32_t id) { return static_cast<std::size_t>(id); }

/// What has run, what lives, and the most that ever lived.
struct State {
  std::vector<bool> done;            // by layer
  std::vector<std::int32_t> unread;  // by value: layers that still read it; outputs of the program count one more
  std::vector<std::size_t> order;
  std::int64_t live = 0, peak = 0;
};

class Orders {
 public:
  explicit Orders(const Program& p) : p_(p), after_(p.layers.size()), writes_first_(p.layers.size(), false) {
    std::vector<std::vector<std::size_t>> writers(p.values.size()), readers(p.values.size());
    for (std::size_t i = 0; i < p.layers.size(); ++i) {
      const Layer& l = p.layers[i];
      const auto depend = [&](const std::vector<std::size_t>& on) {
        after_[i].insert(after_[i].end(), on.begin(), on.end());
      };
      for (const ValueId id : operands(l)) {
        depend(writers[at(id)]);
        readers[at(id)].push_back(i);
      }
      depend(writers[at(l.out)]);  // parts keep their order
      depend(readers[at(l.out)]);
      writes_first_[i] = writers[at(l.out)].empty();
      writers[at(l.out)].push_back(i);
      overlaps_.push_back(l.kernel->overlaps ? l.kernel->overlaps(p, l) : Overlaps{});
    }
    start_.done.assign(p.layers.size(), false);
    for (const auto& r : readers) start_.unread.push_back(static_cast<std::int32_t>(r.size()));
    for (const ValueId id : p.outputs) ++start_.unread[at(id)];
    for (const ValueId id : p.inputs) start_.live += p.values[at(id)].bytes;
    start_.peak = start_.live;
  }

  const State& start() const { return start_; }

  bool ready(const State& s, std::size_t layer) const {
    return !s.done[layer] && std::ranges::all_of(after_[layer], [&](std::size_t i) { return i == layer || s.done[i]; });
  }

  void run(State& s, std::size_t layer) const {
    const Layer& l = p_.layers[layer];
    for (const ValueId id : operands(l)) --s.unread[at(id)];
    const auto dies = [&](ValueId id) { return id >= 0 && id != l.out && s.unread[at(id)] == 0; };
    if (writes_first_[layer]) s.live += p_.values[at(l.out)].bytes;
    const std::int64_t shared =
        writes_first_[layer]
            ? shared_bytes(p_, l.out, overlapped_operands(p_, l, overlaps_[layer], dies(l.in0), dies(l.in1)))
            : 0;
    s.peak = std::max(s.peak, s.live - shared + l.scratch_bytes);
    for (const ValueId id : operands(l))
      if (dies(id)) s.live -= p_.values[at(id)].bytes;
    if (s.unread[at(l.out)] == 0) s.live -= p_.values[at(l.out)].bytes;
    s.done[layer] = true;
    s.order.push_back(layer);
  }

 private:
  static std::vector<ValueId> operands(const Layer& l) {
    std::vector<ValueId> ids;
    if (l.in0 >= 0) ids.push_back(l.in0);
    if (l.in1 >= 0 && l.in1 != l.in0) ids.push_back(l.in1);
    return ids;
  }

  const Program& p_;
  std::vector<std::vector<std::size_t>> after_;
  std::vector<bool> writes_first_;
  std::vector<Overlaps> overlaps_;
  State start_;
};

}  // namespace

std::vector<std::size_t> best_order(const Program& p) {
  const Orders orders(p);
  State present = orders.start();
  for (std::size_t i = 0; i < p.layers.size(); ++i) orders.run(present, i);
  const std::size_t step = (p.layers.size() + p.values.size()) * std::max<std::size_t>(p.layers.size(), 1);
  const std::size_t width = std::clamp<std::size_t>(kWorkLimit / step, 1, kBeam);
  std::vector<State> beam{orders.start()};
  for (std::size_t n = 0; n < p.layers.size(); ++n) {
    std::map<std::vector<bool>, State> next;  // what has run decides all that follows
    for (const State& s : beam)
      for (std::size_t i = 0; i < p.layers.size(); ++i) {
        if (!orders.ready(s, i)) continue;
        State after = s;
        orders.run(after, i);
        const auto [it, is_new] = next.try_emplace(after.done, after);
        if (!is_new && after.peak < it->second.peak) it->second = std::move(after);
      }
    beam.clear();
    for (auto& [done, s] : next) beam.push_back(std::move(s));
    std::ranges::sort(beam, {}, [](const State& s) { return std::tie(s.peak, s.live, s.order); });
    if (beam.size() > width) beam.resize(width);
  }
  return beam[0].peak < present.peak ? beam[0].order : present.order;
}

}  // namespace tinyc
