// `tinyc search`: table, JSON and page.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/html_charts.h"
#include "report/html_page.h"
#include "report/numbers.h"
#include "tinyc/error.h"
#include "tinyc/search.h"

using Json = nlohmann::ordered_json;

namespace tinyc {
namespace {

const SearchPoint& at(const Search& s, const SearchPlace& p) { return s.results[p.result].points[p.point]; }

// The first result that has been measured; null when there is none.
const SearchResult* measured(const Search& s) {
  const auto found = std::ranges::find_if(s.results, [](const SearchResult& r) { return !r.points.empty(); });
  return found == s.results.end() ? nullptr : &*found;
}

// All points by flash.
std::vector<SearchPlace> by_flash(const Search& s) {
  std::vector<SearchPlace> all;
  for (std::size_t r = 0; r < s.results.size(); ++r)
    for (std::size_t p = 0; p < s.results[r].points.size(); ++p) all.push_back({r, p});
  std::ranges::stable_sort(all, {}, [&](const SearchPlace& p) { return at(s, p).flash; });
  return all;
}

bool in_front(const Search& s, const SearchPlace& p) { return std::ranges::find(s.front, p) != s.front.end(); }

double unit(const std::string& metric) { return metric == "top1" ? 100 : 1; }

std::string drop_text(const std::string& metric, double drop) {
  return signed_decimals(unit(metric) * drop, metric == "top1" ? 2 : 4);
}

// In the unit of --bit-price.
double millionths(double bit_price) { return bit_price * 1e6; }
std::string price_text(double bit_price) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", millionths(bit_price));
  return text;
}

std::string goal_text(const Search& s, const std::string& metric) {
  std::string text = s.goal.max_drop ? "smallest flash" : "least drop";
  if (s.goal.max_drop)
    text += " with a drop of at most " + decimals(unit(metric) * *s.goal.max_drop, metric == "top1" ? 2 : 4) +
            (metric == "top1" ? " points" : "");
  if (s.goal.max_flash)
    text +=
        std::string(s.goal.max_drop ? ", and" : " with") + " flash of at most " + with_commas(*s.goal.max_flash) + " B";
  return text;
}

std::string summary(const Search& s) {
  const SearchResult* m = measured(s);
  const auto failed = static_cast<std::size_t>(
      std::ranges::count_if(s.results, [](const SearchResult& r) { return !r.error.empty(); }));
  std::string text = std::to_string(s.results.size()) + (s.results.size() == 1 ? " trial" : " trials");
  if (failed) text += " (" + std::to_string(failed) + " failed)";
  text += ", " + std::to_string(by_flash(s).size()) + " models";
  if (m)
    text += "; " + m->metric + " as given: " + metric_text(m->metric, m->reference) + ", " + with_commas(m->samples) +
            " samples";
  return text;
}

constexpr const char* kColumns[] = {"trial", "pruned", "MACs less", "epochs", "bit price", "flash", "RAM", "", "drop"};
constexpr std::size_t kWidths[] = {7, 9, 11, 8, 11, 11, 11, 11, 9};

// The cells of a point, in the order of kColumns.
std::vector<std::string> cells(const Search& s, const SearchPlace& place) {
  const SearchResult& r = s.results[place.result];
  const SearchPoint& p = at(s, place);
  return {std::to_string(r.trial.number),
          short_percent(r.trial.prune),
          short_percent(r.trial.macs),
          std::to_string(r.trial.epochs),
          price_text(p.bit_price),
          with_commas(p.flash),
          with_commas(p.ram),
          metric_text(r.metric, p.value),
          drop_text(r.metric, p.drop)};
}

std::vector<std::string> row(const Search& s, const SearchPlace& place) {
  std::vector<std::string> html{s.best == place ? "best" : in_front(s, place) ? "&#9679;" : ""};
  std::ranges::copy(cells(s, place), std::back_inserter(html));
  return html;
}

// As --prune takes it, to fit beside the chart: "3: 0.3:macs,0.8; 10 epochs".
std::string curve_name(const SearchTrial& t) {
  char macs[32] = "", prune[32] = "";
  if (t.macs > 0) std::snprintf(macs, sizeof macs, "%g:macs", t.macs);
  if (t.prune > 0) std::snprintf(prune, sizeof prune, "%g", t.prune);
  const std::string both = std::string(macs) + (*macs && *prune ? "," : "") + prune;
  return std::to_string(t.number) + ": " + (both.empty() ? "as given" : both) +
         (t.epochs ? "; " + std::to_string(t.epochs) + " epochs" : "");
}

std::string chart(const Search& s, const std::string& metric) {
  const auto point = [&](const SearchPlace& p) {
    return std::pair(static_cast<double>(at(s, p).flash) / 1024, unit(metric) * at(s, p).value);
  };
  std::vector<Curve> curves{{"best for its flash", {}}};
  for (const SearchPlace& p : s.front) curves[0].points.push_back(point(p));
  for (std::size_t r = 0; r < s.results.size(); ++r) {
    if (s.results[r].points.empty()) continue;
    Curve& c = curves.emplace_back(Curve{curve_name(s.results[r].trial), {}});
    for (std::size_t p = 0; p < s.results[r].points.size(); ++p) c.points.push_back(point({r, p}));
  }
  return line_chart("Accuracy against flash", curves, "flash, KiB", metric + (unit(metric) == 100 ? ", %" : ""));
}

}  // namespace

std::string describe(const SearchTrial& t) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (t.macs > 0) add(short_percent(t.macs) + " of the MACs removed");
  if (t.prune > 0) add(short_percent(t.prune) + " of the weights pruned");
  if (t.epochs > 0) add(std::to_string(t.epochs) + " epochs");
  return text.empty() ? "as given" : text;
}

std::string to_table(const Search& s) {
  const SearchResult* m = measured(s);
  const std::string metric = m ? m->metric : std::string();
  std::string out = summary(s) + "\ngoal: " + goal_text(s, metric) + "\n\n";
  if (!m) return out + "no model yet\n";
  out += "  ";
  for (std::size_t c = 0; c < std::size(kColumns); ++c) out += padded(*kColumns[c] ? kColumns[c] : metric, kWidths[c]);
  out += "\n";
  for (const SearchPlace& place : s.front) {
    out += s.best == place ? "* " : "  ";
    const auto texts = cells(s, place);
    for (std::size_t c = 0; c < texts.size(); ++c) out += padded(texts[c], kWidths[c]);
    out += "\n";
  }
  return out + (s.met ? "\n* the best\n" : "\n* the nearest: no trial reached the goal\n");
}

std::string to_json(const Search& s) {
  const auto or_null = [](const auto& v) { return v ? Json(*v) : Json(nullptr); };
  const SearchResult* m = measured(s);
  Json j{{"schema_version", 1}, {"status", s.met ? "ok" : "failed"}, {"model", s.model}};
  j["goal"] = {{"max_drop", or_null(s.goal.max_drop)}, {"max_flash", or_null(s.goal.max_flash)}};
  j["metric"] = m ? Json(m->metric) : Json(nullptr);
  j["samples"] = m ? m->samples : 0;
  j["reference"] = m ? Json(m->reference) : Json(nullptr);
  j["best"] = nullptr;
  if (s.best) j["best"] = {{"trial", s.results[s.best->result].trial.number}, {"point", s.best->point}};
  j["trials"] = Json::array();
  for (std::size_t r = 0; r < s.results.size(); ++r) {
    const SearchTrial& t = s.results[r].trial;
    Json trial{{"trial", t.number}, {"prune", t.prune}, {"macs", t.macs}, {"epochs", t.epochs}};
    if (!s.results[r].error.empty()) trial["error"] = s.results[r].error;
    trial["points"] = Json::array();
    for (std::size_t p = 0; p < s.results[r].points.size(); ++p) {
      const SearchPoint& v = s.results[r].points[p];
      trial["points"].push_back({{"bit_price", millionths(v.bit_price)},
                                 {"flash", v.flash},
                                 {"ram", v.ram},
                                 {"value", v.value},
                                 {"drop", v.drop},
                                 {"pareto", in_front(s, {r, p})}});
    }
    j["trials"].push_back(std::move(trial));
  }
  return j.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_html(const Search& s) {
  const SearchResult* m = measured(s);
  const std::string metric = m ? m->metric : std::string();
  std::string body = "<h1>" + escape(s.model) + "</h1><p>" + escape(summary(s)) + "</p>\n";
  if (const std::string lines = chart(s, metric); m && !lines.empty())
    body += section("Accuracy against flash",
                    "A curve for each trial, along the prices of a bit; the first one joins the models that no other "
                    "beats in flash and accuracy at once.",
                    lines);
  std::vector<Table::Column> columns{{""}};
  for (const char* column : kColumns) columns.push_back({*column ? column : metric, true});
  Table models("Models", columns);
  for (const SearchPlace& place : by_flash(s)) models.row(row(s, place));
  body += section("Models",
                  "Goal: " + escape(goal_text(s, metric)) + (s.met ? "." : "; no trial reached it yet.") +
                      " &#9679; no other beats it in flash and accuracy at once.",
                  "<div class=\"wide\" tabindex=\"0\">" + models.html() + "</div>\n");
  Table failures("Failed trials", {{"trial"}, {"what"}, {"why"}});
  for (const SearchResult& r : s.results)
    if (!r.error.empty()) failures.row({std::to_string(r.trial.number), describe(r.trial), escape(r.error)});
  if (const std::string table = failures.html(); !table.empty())
    body += section("Failed trials", "They are not tried again.", table);
  return page(s.model + " - tinyc search", body);
}

}  // namespace tinyc
