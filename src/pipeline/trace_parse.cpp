#include <cctype>
#include <sstream>

#include "pipeline/trace.h"
#include "tinyc/error.h"

namespace tinyc {
namespace {

constexpr std::string_view kMark = "tinyc: ";

int digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

std::optional<Bytes> hex(const std::string& word) {
  Bytes out;
  if (word.size() % 2) return std::nullopt;
  for (std::size_t i = 0; i < word.size(); i += 2) {
    const int high = digit(word[i]), low = digit(word[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return out;
}

// "bytes N hash H at A" behind the mark and the line's own word.
bool read_numbers(std::istringstream& words, TraceLine& line) {
  std::string bytes, hash, at;
  return (words >> bytes >> std::dec >> line.bytes >> hash >> std::hex >> line.hash >> at >> line.address) &&
         bytes == "bytes" && hash == "hash" && at == "at";
}

}  // namespace

std::uint32_t trace_hash(std::span<const std::uint8_t> bytes) noexcept {
  std::uint32_t hash = 2166136261u;
  for (const std::uint8_t b : bytes) hash = (hash ^ b) * 16777619u;
  return hash;
}

std::vector<TraceLine> parse_trace(const std::string& text, const std::string& what) {
  std::vector<TraceLine> lines;
  std::istringstream in(text);
  int number = 0;
  for (std::string row; std::getline(in, row);) {
    ++number;
    const auto damaged = [&] {
      return Error(ErrorCode::not_a_trace, "'" + printable(what) + "' line " + std::to_string(number) + " is damaged",
                   "print it again: characters were lost or added on the way");
    };
    const auto mark = row.find(kMark);  // whatever a logger puts before it
    if (mark == std::string::npos) continue;
    std::istringstream words(row.substr(mark + kMark.size()));
    std::string kind;
    words >> kind;
    if (kind == "+") {
      std::string word;
      words >> word;
      const auto bytes = hex(word);
      if (!bytes || lines.empty() || lines.back().data.size() + bytes->size() > lines.back().bytes) throw damaged();
      lines.back().data.insert(lines.back().data.end(), bytes->begin(), bytes->end());
      continue;
    }
    TraceLine line;
    if (kind == "layer" ? !(words >> line.layer) || line.layer < 0 : kind != "input") continue;  // a log's own line
    if (!read_numbers(words, line)) throw damaged();
    const bool next_inference = !lines.empty() && lines.back().layer >= 0 && line.layer <= lines.back().layer;
    if (next_inference) break;
    lines.push_back(std::move(line));
  }
  for (const TraceLine& line : lines)
    if (!line.data.empty() && (line.data.size() != line.bytes || trace_hash(line.data) != line.hash))
      throw Error(ErrorCode::not_a_trace,
                  "'" + printable(what) + "': the bytes of " +
                      (line.layer < 0 ? "an input" : "layer " + std::to_string(line.layer)) +
                      " are not those that its line counts",
                  "print them again: characters were lost or added on the way");
  if (lines.empty())
    throw Error(ErrorCode::not_a_trace, "'" + printable(what) + "' holds no line of tinyc_trace.h",
                "compile the firmware with -DTINYC_TRACE and include tinyc_trace.h once (compress --emit c,trace)");
  return lines;
}

}  // namespace tinyc
