// What `tinyc explain` tells: where every byte is, what made them fewer, and what would next.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "report/numbers.h"
#include "tinyc/error.h"
#include "tinyc/report.h"

namespace tinyc {
namespace {

constexpr std::size_t kIdeas = 5;

std::string padded(const std::string& text, int width) {
  char line[200];
  std::snprintf(line, sizeof line, "%*s", width, text.c_str());
  return line;
}

std::string percent_of(std::uint64_t part, std::uint64_t whole) {
  return whole ? decimals(100.0 * static_cast<double>(part) / static_cast<double>(whole), 1) + " %" : "";
}

/// Bytes that an ideal coder of single weights would need.
std::uint64_t bound_of(const LayerReport& l) {
  return static_cast<std::uint64_t>(l.entropy_bits_per_weight * static_cast<double>(l.weights) / 8 + 0.999);
}
std::uint64_t stored(const LayerReport& l) {
  return static_cast<std::uint64_t>(std::llround(l.bits_per_weight * static_cast<double>(l.weights) / 8));
}

bool has_pass(const Report& r, const char* name) {
  return std::ranges::any_of(r.passes, [&](const PassRecord& p) { return p.name == name; });
}

}  // namespace

std::vector<Idea> ideas(const Report& r, const Program& p, std::span<const CodePart> code) {
  std::vector<Idea> list;
  std::uint64_t gap = 0, raw = 0;
  for (const LayerReport& l : r.layers) {
    if (l.coding != "raw") continue;
    raw += stored(l);
    if (stored(l) > bound_of(l)) gap += stored(l) - bound_of(l);
  }
  if (gap) list.push_back({gap, "code the " + with_commas(raw) + " B of raw weights: --optimize size"});
  // three bits a weight is what a price of bits leaves of most models at little loss
  std::uint64_t above = 0;
  for (const LayerReport& l : r.layers)
    if (l.bits_per_weight > 3) above += stored(l) - static_cast<std::uint64_t>(3 * static_cast<double>(l.weights) / 8);
  if (above && !has_pass(r, "fit_budget"))
    list.push_back(
        {above,
         "coarser weights where it matters least, if they bear 3 bits: --optimize size --max-drop 1pp --eval DATA"});
  std::uint64_t multipliers = 0;
  for (const Layer& l : p.layers)
    if (l.mult >= 0 && l.record.p[5] < 0) multipliers += p.blobs[static_cast<std::size_t>(l.mult)].bytes.size() - 4;
  if (multipliers && !has_pass(r, "fit_budget"))
    list.push_back(
        {multipliers, "one multiplier a layer, which a price of bits chooses where it pays: --bit-price 0.1"});
  std::map<std::string, std::pair<std::size_t, std::string>> users;
  for (const Layer& l : p.layers) {
    auto& [count, name] = users[l.kernel->symbol];
    ++count;
    name = l.name;
  }
  for (const CodePart& c : code)
    if (const auto found = users.find(c.kernel); found != users.end() && found->second.first == 1 && users.size() > 1)
      list.push_back({c.bytes, c.kernel + " serves one layer, " + printable(found->second.second, 40) +
                                   ": a model without that operator needs no code for it"});
  std::ranges::stable_sort(list, std::greater{}, &Idea::bytes);
  if (list.size() > kIdeas) list.resize(kIdeas);
  return list;
}

namespace {
/// Layers that run row by row: what their bands hold, and what the tensors would.
struct RowBytes {
  std::int32_t first, last, step;
  std::uint64_t bands, whole;
};

std::vector<RowBytes> row_bytes(const Program& p) {
  std::vector<RowBytes> list;
  for (const RowGroup& g : p.rows) {
    RowBytes b{g.first, g.first + g.count - 1, g.step, 0, 0};
    for (std::int32_t i = b.first; i < b.last; ++i) {
      const Layer& l = p.layers[static_cast<std::size_t>(i)];
      const tinyc_layer& record = l.record;
      const bool in_place = l.out == l.in0 || l.out == l.in1;
      if (!in_place) b.bands += p.values[static_cast<std::size_t>(l.out)].bytes;
      b.whole += l.kernel->bands == Bands::elements
                     ? static_cast<std::uint64_t>(record.p[0])
                     : static_cast<std::uint64_t>(record.out_h) * static_cast<std::uint64_t>(record.out_w) *
                           static_cast<std::uint64_t>(record.out_c);
    }
    list.push_back(b);
  }
  return list;
}

/// Layers by instructions, the most first.
std::string where_time_is(const Report& r, const Program& p) {
  const auto total = r.instructions();
  if (!total || *total == 0) return "";
  std::vector<const LayerReport*> layers;
  layers.reserve(r.layers.size());
  for (const LayerReport& l : r.layers) layers.push_back(&l);
  std::ranges::stable_sort(layers, [](auto* a, auto* b) { return *a->instructions > *b->instructions; });
  std::string out = "\nWhere the time is: about " + with_commas(*total) + " " + time_unit(r.target) +
                    "\n     instructions   share        MACs  each  kernel\n";
  for (const LayerReport* l : layers) {
    const auto i = static_cast<std::size_t>(l->index);
    const auto n = static_cast<std::uint64_t>(*l->instructions), macs = static_cast<std::uint64_t>(l->macs);
    char line[240];
    std::snprintf(line, sizeof line, "%3d %13s %7s %11s %5s  %s\n", l->index, with_commas(n).c_str(),
                  percent_of(n, *total).c_str(), macs ? with_commas(macs).c_str() : "-",
                  macs ? decimals(static_cast<double>(n) / static_cast<double>(macs), 2).c_str() : "-",
                  i < p.layers.size() ? p.layers[i].kernel->symbol : "");
    out += line;
  }
  return out;
}
}  // namespace

std::string to_explanation(const Report& r, const Program& p, std::span<const CodePart> code) {
  const std::uint64_t total = r.flash_total();
  std::string out = printable(r.model_name, 60) + " for " + printable(r.target, 20) + ": " + with_commas(total) +
                    " B of flash, " + with_commas(r.arena) + " B of RAM\n\nWhere the flash is\n";
  const auto part = [&](const std::string& name, std::uint64_t bytes, const std::string& remark) {
    out += "  " + name + std::string(name.size() < 14 ? 14 - name.size() : 0, ' ') + padded(with_commas(bytes), 10) +
           padded(percent_of(bytes, total), 9) + "   " + remark + "\n";
  };
  part("weights", r.flash.weights, "raw or coded");
  part("tables", r.flash.tables, "decode tables and headers of coders");
  part("params", r.flash.params, "biases, multipliers, shifts, lookup tables");
  part("descriptors", r.flash.descriptors, std::to_string(r.layers.size()) + " layers");
  part("code", r.code_bytes, r.code_estimated ? "estimated from the source" : "measured with the target's compiler");
  for (const CodePart& c : code)
    out += "    " + c.kernel + std::string(c.kernel.size() < 34 ? 34 - c.kernel.size() : 1, ' ') +
           padded(with_commas(c.bytes), 8) + "\n";

  out +=
      "\nLayers with weights: bytes stored, and the least of a coder that sees single weights\n"
      "      weights  zeros    bits   stored    bound  distance  coding   decoding  name\n";
  for (const LayerReport& l : r.layers) {
    if (!l.weights) continue;
    const auto bound = bound_of(l), bytes = stored(l);
    char line[240];
    std::snprintf(
        line, sizeof line, "%3d %9s %6s %7s %8s %8s %9s  %-8s %8s  %s\n", l.index,
        with_commas(static_cast<std::uint64_t>(l.weights)).c_str(),
        percent_of(static_cast<std::uint64_t>(l.weights - l.nonzero), static_cast<std::uint64_t>(l.weights)).c_str(),
        decimals(l.bits_per_weight, 2).c_str(), with_commas(bytes).c_str(), with_commas(bound).c_str(),
        (bound ? signed_decimals(100.0 * (static_cast<double>(bytes) / static_cast<double>(bound) - 1), 1) + " %" : "-")
            .c_str(),
        l.coding.c_str(), l.decode_share ? (decimals(100 * *l.decode_share, 1) + " %").c_str() : "-",
        printable(l.name, 40).c_str());
    out += line;
  }
  out += "  decoding: its instructions beside those of the layer's own work, about\n";
  out += where_time_is(r, p);
  for (const RowBytes& b : row_bytes(p))
    out += "\nLayers " + std::to_string(b.first) + " to " + std::to_string(b.last) + " run row by row, " +
           (b.step == 1 ? "one row" : std::to_string(b.step) + " rows") + " at a time: bands of " +
           with_commas(b.bands) + " B between them instead of tensors of " + with_commas(b.whole) +
           " B,\nand nothing is computed twice\n";
  out += "\nWhat each pass saved\n";
  for (const PassRecord& pass : r.passes)
    if (pass.bytes_after < pass.bytes_before) {
      char line[120];
      std::snprintf(line, sizeof line, "  %-26s %12s -> %12s B\n", printable(pass.name, 26).c_str(),
                    with_commas(pass.bytes_before).c_str(), with_commas(pass.bytes_after).c_str());
      out += line;
    }
  const auto next = ideas(r, p, code);
  if (!next.empty()) out += "\nWhat would save most next, at the most\n";
  for (const Idea& i : next) out += padded(with_commas(i.bytes), 10) + " B  " + i.what + "\n";
  return out;
}

std::string explanation_json(const Report& r, const Program& p, std::span<const CodePart> code) {
  using Json = nlohmann::ordered_json;
  Json j{{"schema_version", 1}, {"status", "ok"}, {"model", r.model_name}, {"target", r.target}};
  j["flash"] = {{"weights", r.flash.weights},         {"tables", r.flash.tables}, {"params", r.flash.params},
                {"descriptors", r.flash.descriptors}, {"code", r.code_bytes},     {"total", r.flash_total()}};
  j["code"] = Json::array();
  for (const CodePart& c : code) j["code"].push_back({{"kernel", c.kernel}, {"bytes", c.bytes}});
  j["layers"] = Json::array();
  for (const LayerReport& l : r.layers)
    if (l.weights)
      j["layers"].push_back({{"index", l.index},
                             {"name", l.name},
                             {"weights", l.weights},
                             {"stored", stored(l)},
                             {"bound", bound_of(l)},
                             {"coding", l.coding},
                             {"instructions", l.instructions ? Json(*l.instructions) : Json(nullptr)},
                             {"decode_share", l.decode_share ? Json(*l.decode_share) : Json(nullptr)}});
  j["instructions"] = r.instructions() ? Json(*r.instructions()) : Json(nullptr);
  j["rows"] = Json::array();
  for (const RowBytes& b : row_bytes(p))
    j["rows"].push_back(
        {{"first", b.first}, {"last", b.last}, {"step", b.step}, {"bands", b.bands}, {"whole", b.whole}});
  j["next"] = Json::array();
  for (const Idea& i : ideas(r, p, code)) j["next"].push_back({{"bytes", i.bytes}, {"what", i.what}});
  return j.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tinyc
