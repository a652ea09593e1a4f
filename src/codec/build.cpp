// Which code for which weights: plain literals, literals and runs in one code, or runs and literals in turn.
#include <algorithm>
#include <bit>

#include "codec/pairs.h"
#include "codec/table.h"
#include "tinyc/codec.h"

namespace tinyc {
namespace {

struct Candidate {
  Codes codes;
  std::uint64_t bits = 0;  ///< of the streams, extra bits of runs included
  std::uint64_t cost() const {
    std::uint64_t bytes = kTableHeader;
    for (const PrefixCode& c : codes.codes) bytes += section_bytes(c);
    return 8 * bytes + bits;
  }
};

std::uint64_t coded_bits(const PrefixCode& code, std::span<const Counted> symbols) {
  std::uint64_t literal[256]{}, run[256]{}, bits = 0;
  for (const Codeword& w : code.words) (w.run ? run : literal)[w.symbol] = w.length;
  for (const Counted& s : symbols) bits += s.count * (s.run ? run : literal)[s.symbol];
  return bits;
}

/// The code whose streams and section are smallest together: shorter limits save rows.
PrefixCode best_code(std::span<const Counted> symbols) {
  PrefixCode best = make_code(symbols, kMaxCodeLength);
  std::uint64_t best_cost = 8 * section_bytes(best) + coded_bits(best, symbols);
  const int shortest = std::max(1, static_cast<int>(std::bit_width(symbols.size() - 1)));
  for (int limit = best.words.back().length - 1; limit >= shortest; --limit) {
    PrefixCode code = make_code(symbols, limit);
    const std::uint64_t cost = 8 * section_bytes(code) + coded_bits(code, symbols);
    if (cost > best_cost + best_cost / 64) break;
    if (cost < best_cost) best = std::move(code), best_cost = cost;
  }
  return best;
}

/// Symbol counts while a candidate is put together.
class Counts {
 public:
  void literal(std::uint8_t symbol, std::uint64_t n) { literals_[symbol] += n; }
  void run(const RunSymbol& r, std::uint64_t n) { runs_[r.symbol] += n, extra_ += n * r.extra_bits; }
  std::uint64_t extra_bits() const { return extra_; }
  std::vector<Counted> list() const {
    std::vector<Counted> out;
    for (int i = 0; i < 256; ++i)
      if (literals_[i]) out.push_back({false, static_cast<std::uint8_t>(i), literals_[i]});
    for (int i = 0; i < 256; ++i)
      if (runs_[i]) out.push_back({true, static_cast<std::uint8_t>(i), runs_[i]});
    return out;
  }

 private:
  std::uint64_t literals_[256]{}, runs_[256]{}, extra_ = 0;
};

Counts literals_of(const PairCounts& p) {
  Counts c;
  for (int i = 0; i < 256; ++i) c.literal(static_cast<std::uint8_t>(i), p.literals[i]);
  return c;
}

Candidate one_code(const Counts& counts, int exact) {
  const std::vector<Counted> list = counts.list();
  Candidate c{{exact, {best_code(list)}}, counts.extra_bits()};
  c.bits += coded_bits(c.codes.codes[0], list);
  return c;
}

Candidate plain(const PairCounts& p) {
  Counts c = literals_of(p);
  for (std::size_t run = 1; run < p.runs.size(); ++run) c.literal(0, run * p.runs[run]);
  return one_code(c, 1);
}

/// Every literal is preceded by a run, often of length 0: no bit is spent on which of the two comes.
Candidate alternating(const PairCounts& p, int exact) {
  Counts runs;
  for (std::size_t run = 0; run < p.runs.size(); ++run)
    runs.run(run_symbol(static_cast<std::uint32_t>(run), exact), p.runs[run]);
  const std::vector<Counted> run_list = runs.list(), literal_list = literals_of(p).list();
  if (literal_list.empty()) return one_code(runs, exact);
  Candidate c{{exact, {best_code(run_list), best_code(literal_list)}}, runs.extra_bits()};
  c.bits += coded_bits(c.codes.codes[0], run_list) + coded_bits(c.codes.codes[1], literal_list);
  return c;
}

/// Literals and runs in one code. Whether zeros of a given run length are coded one by one depends on the code lengths
/// that follow from it: a few rounds settle it.
Candidate mixed(const PairCounts& p, int exact) {
  std::vector<std::uint8_t> as_run(p.runs.size());
  for (std::size_t run = 2; run < p.runs.size(); ++run) as_run[run] = 1;
  Candidate best;
  for (int round = 0; round < 3; ++round) {
    Counts counts = literals_of(p);
    for (std::size_t run = 1; run < p.runs.size(); ++run) {
      if (as_run[run]) {
        counts.run(run_symbol(static_cast<std::uint32_t>(run), exact), p.runs[run]);
      } else {
        counts.literal(0, run * p.runs[run]);
      }
    }
    Candidate c = one_code(counts, exact);
    std::uint64_t zero = kMaxCodeLength, run_length[256];
    std::ranges::fill(run_length, kMaxCodeLength);
    for (const Codeword& w : c.codes.codes[0].words)
      (w.run ? run_length[w.symbol] : w.symbol ? run_length[255] : zero) = w.length;
    for (std::size_t run = 1; run < p.runs.size(); ++run) {
      const RunSymbol r = run_symbol(static_cast<std::uint32_t>(run), exact);
      as_run[run] = run_length[r.symbol] + r.extra_bits < zero * run;
    }
    if (round == 0 || c.cost() < best.cost()) best = std::move(c);
  }
  return best;
}

/// Lookups grow with what they serve; runs never are in them, so a code of runs gets one only to begin its search.
void size_lookups(Candidate& c, double share) {
  const double bytes = share * static_cast<double>(c.bits) / 8 / static_cast<double>(c.codes.codes.size());
  for (PrefixCode& code : c.codes.codes) {
    const bool any_literal = !std::ranges::all_of(code.words, &Codeword::run);
    const int most = std::min<int>(any_literal ? 8 : 4, code.words.back().length);
    while (code.lookup_bits < most && static_cast<double>(4 << code.lookup_bits) <= bytes) ++code.lookup_bits;
  }
}
}  // namespace

CodeTable build_table(std::span<const std::span<const std::int8_t>> tensors, double lookup_share) {
  PairCounts p;
  for (const auto& t : tensors) p.add(t);
  if (p.empty()) p.literals[0] = 1;
  Candidate best = plain(p);
  const auto consider = [&](Candidate c) {
    if (c.cost() < best.cost()) best = std::move(c);
  };
  for (int exact = 1; exact <= 6 && (exact == 1 || p.runs.size() > std::size_t{1} << exact); ++exact) {
    if (p.runs.size() < 2) break;
    consider(alternating(p, exact));
    consider(mixed(p, exact));
  }
  size_lookups(best, lookup_share);
  return {serialize(best.codes)};
}

}  // namespace tinyc
