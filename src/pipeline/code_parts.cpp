#include "pipeline/code_parts.h"

#include <algorithm>

#include "tinyc/emit.h"
#include "tinyc/parallel.h"

namespace tinyc {

std::vector<CodePart> code_parts(const Program& p, const Target& t) {
  std::vector<CodePart> parts;
  const auto sources = emit_c(p);
  const std::string &header = sources.at("tinyc_rt.h"), &source = sources.at("tinyc_rt.c");
  std::set<std::string> symbols{runner(p)};
  for (const Layer& l : p.layers) symbols.insert(l.kernel->symbol);
  if (const auto whole = measure_code_bytes(t, header, source, symbols)) {
    std::uint64_t own = 0;
    for (const auto& symbol : symbols) {
      check_interrupt();
      if (symbol == runner(p)) continue;
      auto others = symbols;
      others.erase(symbol);
      const std::uint64_t without = measure_code_bytes(t, header, source, others).value_or(*whole);
      parts.push_back({symbol, *whole - std::min(*whole, without)});
      own += parts.back().bytes;
    }
    parts.push_back({"shared", *whole - std::min(*whole, own)});
  } else {
    for (const auto& [file, text] : runtime_files(p))
      parts.push_back({file.substr(0, file.rfind('.')), estimate_code_bytes(text)});
  }
  std::ranges::stable_sort(parts, std::greater{}, &CodePart::bytes);
  return parts;
}

}  // namespace tinyc
