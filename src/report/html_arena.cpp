#include "report/html_arena.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "report/html_page.h"
#include "report/numbers.h"
#include "report/svg.h"
#include "tinyc/error.h"

namespace tinyc {
using namespace svg;
namespace {

constexpr double kHeight = 360, kLeft = 80, kBottom = 34;
constexpr std::size_t kMoments = 5;  // rows of the table

struct Interval {
  std::uint64_t begin = 0, end = 0;  // bytes of the arena
};
Interval place_of(const Value& v) { return {v.offset, std::uint64_t{v.offset} + v.bytes}; }

std::int32_t count_of(const Program& p) { return static_cast<std::int32_t>(p.layers.size()); }
bool is_written(const Program& p, const Value& v) { return v.first <= count_of(p); }
bool is_alive(const Value& v, std::int32_t layer) { return v.first <= layer && layer <= v.last; }

// What is left of `whole` without `taken`, lowest first.
std::vector<Interval> without(Interval whole, std::vector<Interval> taken) {
  std::ranges::sort(taken, {}, &Interval::begin);
  std::vector<Interval> left;
  for (const Interval& t : taken) {
    if (t.begin > whole.begin) left.push_back({whole.begin, std::min(t.begin, whole.end)});
    whole.begin = std::max(whole.begin, t.end);
    if (whole.begin >= whole.end) return left;
  }
  left.push_back(whole);
  return left;
}

std::uint64_t length(const std::vector<Interval>& list) {
  return std::accumulate(list.begin(), list.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const Interval& i) { return sum + i.end - i.begin; });
}

// Where other values lie that change hands with v while `layer` runs: they die in it and v is born, or the reverse.
std::vector<Interval> exchanged(const Program& p, const Value& v, std::int32_t layer, bool v_is_born) {
  std::vector<Interval> places;
  for (const Value& u : p.values) {
    const bool meets = v_is_born ? u.last == layer && u.first < layer : u.first == layer && u.last > layer;
    if (&u == &v || !is_written(p, u) || !meets) continue;
    const Interval a = place_of(u), b = place_of(v);
    if (a.begin < b.end && b.begin < a.end) places.push_back(a);
  }
  return places;
}

std::uint64_t shared_bytes(const Program& p, const Value& born, std::int32_t layer) {
  const auto taken = exchanged(p, born, layer, true);
  return born.bytes - length(without(place_of(born), taken));
}

std::uint64_t ram_of(const Program& p, std::int32_t layer) {
  std::vector<Interval> used;
  for (const Value& v : p.values)
    if (is_written(p, v) && is_alive(v, layer)) used.push_back(place_of(v));
  const Layer& l = p.layers[static_cast<std::size_t>(layer)];
  if (l.scratch_bytes) used.push_back({l.record.scratch, std::uint64_t{l.record.scratch} + l.scratch_bytes});
  const Interval all{0, p.arena_bytes};
  return p.arena_bytes - length(without(all, used));
}

std::string until(const Program& p, const Value& v) {
  return v.last >= count_of(p) ? "the end" : "layer " + std::to_string(v.last);
}

std::string what_lies_there(const Program& p, std::int32_t layer) {
  std::string reads, writes, waits;
  for (const Value& v : p.values) {
    if (!is_written(p, v) || !is_alive(v, layer)) continue;
    const Layer& l = p.layers[static_cast<std::size_t>(layer)];
    const auto is = [&](ValueId id) { return id >= 0 && &p.values[static_cast<std::size_t>(id)] == &v; };
    const std::string text = escape(short_name(v.name, 40)) + ", " + with_commas(v.bytes) + " B";
    if (is(l.out)) {
      writes = "writes " + text;
      if (const auto shared = shared_bytes(p, v, layer))
        writes += " (" + with_commas(shared) + " B of them over what it reads)";
    } else if (is(l.in0) || is(l.in1)) {
      reads += "reads " + text + (v.last > layer ? " (kept until " + until(p, v) + ")" : "") + "<br>";
    } else {
      waits += "<br><b>waits</b> until " + until(p, v) + ": " + text;
    }
  }
  const auto scratch = p.layers[static_cast<std::size_t>(layer)].scratch_bytes;
  return reads + writes + (scratch ? "<br>scratch, " + with_commas(scratch) + " B" : "") + waits;
}

}  // namespace

std::vector<std::uint64_t> ram_by_layer(const Program& p) {
  std::vector<std::uint64_t> ram;
  ram.reserve(p.layers.size());
  for (std::int32_t i = 0; i < count_of(p); ++i) ram.push_back(ram_of(p, i));
  return ram;
}

std::string arena_chart(const Program& p) {
  const double column = (kWidth - kLeft) / (static_cast<double>(p.layers.size()) + 2),
               scale = kHeight / std::max(1.0, static_cast<double>(p.arena_bytes));
  const auto x_of = [&](double layer) { return kLeft + (layer + 1) * column; };
  const auto y_of = [&](std::uint64_t offset) { return kHeight - static_cast<double>(offset) * scale; };
  std::string body;
  if (const auto ram = ram_by_layer(p); !ram.empty()) {
    const auto peak = std::ranges::max_element(ram) - ram.begin();
    body += rect(
        "band", x_of(static_cast<double>(peak)), 0, column, kHeight,
        "layer " + std::to_string(peak) + " needs most: " + with_commas(ram[static_cast<std::size_t>(peak)]) + " B");
  }
  for (std::size_t i = 0; i < p.values.size(); ++i) {
    const Value& v = p.values[i];
    if (!is_written(p, v)) continue;
    std::string path;
    const auto area = [&](double from, double to, const std::vector<Interval>& places) {
      for (const Interval& b : places)
        path += "M" + coordinate(x_of(from)) + " " + coordinate(y_of(b.end)) + "H" + coordinate(x_of(to)) + "V" +
                coordinate(y_of(b.begin)) + "H" + coordinate(x_of(from)) + "Z";
    };
    const double first = v.first, last = v.last;
    area(first, first + 0.5, without(place_of(v), exchanged(p, v, v.first, true)));
    if (last > first) area(first + 0.5, last + 0.5, {place_of(v)});
    area(last + 0.5, last + 1, without(place_of(v), exchanged(p, v, v.last, false)));
    const std::string when = (v.first < 0 ? "input" : "layer " + std::to_string(v.first)) + " to " + until(p, v);
    body += "<path class=\"v" + std::to_string(i % 8) + "\" d=\"" + path + "\"><title>" +
            escape(v.name + " " + to_string(v.shape) + ": " + with_commas(v.bytes) + " B at " + with_commas(v.offset) +
                   ", " + when) +
            "</title></path>";
  }
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    const Layer& l = p.layers[i];
    if (l.scratch_bytes == 0) continue;
    body += rect("scratch", x_of(static_cast<double>(i)), y_of(std::uint64_t{l.record.scratch} + l.scratch_bytes),
                 column, l.scratch_bytes * scale,
                 "scratch of layer " + std::to_string(i) + " " + l.name + ": " + with_commas(l.scratch_bytes) +
                     " B at " + with_commas(l.record.scratch));
  }
  const double bound = y_of(p.arena_lower_bound);
  body += line("axis", kLeft, kHeight, kWidth, kHeight) + line("axis", kLeft, 0, kLeft, kHeight) +
          line("bound", kLeft, bound, kWidth, bound);
  body += label("end", kLeft - 6, 12, with_commas(p.arena_bytes) + " B", "small") +
          label("end", kLeft - 6, kHeight, "0", "small");
  body += label("start", kLeft + 2, kHeight + 16, "inputs", "small") +
          label("end", kWidth, kHeight + 16, "outputs", "small");
  const std::size_t every = std::max<std::size_t>(1, (p.layers.size() + 19) / 20);
  for (std::size_t i = every; i < p.layers.size(); i += every) {
    const double x = x_of(static_cast<double>(i) + 0.5);
    if (x < kLeft + 60 || x > kWidth - 70) continue;
    body += label("middle", x, kHeight + 16, std::to_string(i), "small");
  }
  return chart(kHeight + kBottom, "Arena over time", body);
}

std::string arena_table(const Program& p) {
  const auto ram = ram_by_layer(p);
  std::vector<std::size_t> order(ram.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t i) { return ram[i]; });
  Table table("Layers that need most RAM", {{"layer"}, {"RAM", true}, {"what lies there meanwhile"}});
  for (std::size_t k = 0; k < std::min(kMoments, order.size()); ++k) {
    const Layer& l = p.layers[order[k]];
    table.row({std::to_string(order[k]) + " " + name_of(l.op), with_commas(ram[order[k]]) + " B",
               what_lies_there(p, static_cast<std::int32_t>(order[k]))});
  }
  return table.html();
}

}  // namespace tinyc
