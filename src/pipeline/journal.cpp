#include "pipeline/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>

#include "tinyc/dataset.h"
#include "tinyc/error.h"
#include "tinyc/parallel.h"

using Json = nlohmann::ordered_json;

namespace tinyc {
namespace {

constexpr int kVersion = 1;

std::string quoted(const std::filesystem::path& p) { return "'" + printable(p.string()) + "'"; }

[[noreturn]] void cannot_write(const std::filesystem::path& path, int code) {
  throw Error(ErrorCode::cannot_write, "cannot write " + quoted(path) + ": " + std::generic_category().message(code),
              code == ENOSPC || code == EDQUOT ? "free some space and give the same command again" : "");
}

[[noreturn]] void not_a_journal(const std::filesystem::path& path) {
  throw Error(ErrorCode::damaged_search, quoted(path) + " is not the journal of a search, or it is damaged",
              "give another -o DIR, or delete the file to start anew");
}

template <class T>
std::optional<T> optional_at(const Json& j, const char* key) {
  const Json& v = j.at(key);
  return v.is_null() ? std::nullopt : std::optional<T>(v.get<T>());
}

template <class T>
Json or_null(const std::optional<T>& v) {
  return v ? Json(*v) : Json(nullptr);
}

std::string line_of(const Json& j) { return j.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n"; }

Json to_line(const JournalHead& h) {
  return {{"tinyc_search", kVersion},
          {"model", h.model},
          {"max_drop", or_null(h.goal.max_drop)},
          {"max_flash", or_null(h.goal.max_flash)},
          {"fingerprint", h.fingerprint}};
}

JournalHead head_from(const Json& j) {
  if (j.at("tinyc_search").get<int>() != kVersion)
    throw Error(ErrorCode::damaged_search, "another version of journals");
  JournalHead h;
  h.model = j.at("model").get<std::string>();
  h.goal.max_drop = optional_at<double>(j, "max_drop");
  h.goal.max_flash = optional_at<std::uint64_t>(j, "max_flash");
  h.fingerprint = j.at("fingerprint").get<std::map<std::string, std::string>>();
  return h;
}

Json to_line(const SearchResult& r) {
  Json j{{"trial", r.trial.number}, {"prune", r.trial.prune}, {"macs", r.trial.macs}, {"epochs", r.trial.epochs}};
  if (!r.error.empty()) {
    j["error"] = r.error;
    return j;
  }
  j.update({{"metric", r.metric}, {"samples", r.samples}, {"reference", r.reference}});
  j["points"] = Json::array();
  for (const SearchPoint& p : r.points)
    j["points"].push_back(
        {{"bit_price", p.bit_price}, {"flash", p.flash}, {"ram", p.ram}, {"value", p.value}, {"drop", p.drop}});
  return j;
}

SearchResult result_from(const Json& j) {
  SearchResult r;
  r.trial = {j.at("trial").get<std::size_t>(), j.at("prune").get<double>(), j.at("macs").get<double>(),
             j.at("epochs").get<std::size_t>()};
  if (j.contains("error")) {
    r.error = j.at("error").get<std::string>();
    return r;
  }
  r.metric = j.at("metric").get<std::string>();
  r.samples = j.at("samples").get<std::size_t>();
  r.reference = j.at("reference").get<double>();
  for (const Json& p : j.at("points"))
    r.points.push_back({p.at("bit_price").get<double>(), p.at("flash").get<std::uint64_t>(),
                        p.at("ram").get<std::uint64_t>(), p.at("value").get<double>(), p.at("drop").get<double>()});
  return r;
}

// The empty file that a new journal is, or a first line that a crash tore.
bool may_begin(const std::string& text) {
  const std::string start = "{\"tinyc_search\":";
  const std::size_t n = std::min(text.size(), start.size());
  return text.compare(0, n, start, 0, n) == 0;
}

JournalContent parse_journal(const std::string& text, const std::filesystem::path& file) {
  JournalContent content;
  for (std::size_t from = 0, number = 1; from < text.size(); ++number) {
    const std::size_t end = text.find('\n', from);
    if (end == std::string::npos) break;
    try {
      const Json j = Json::parse(text.begin() + static_cast<std::ptrdiff_t>(from),
                                 text.begin() + static_cast<std::ptrdiff_t>(end));
      if (number == 1)
        content.head = head_from(j);
      else
        content.results.push_back(result_from(j));
    } catch (const std::exception&) {
      if (number > 1 && end + 1 == text.size()) break;  // the disk kept the line's length, but not what was in it
      not_a_journal(file);
    }
    content.bytes = from = end + 1;
  }
  if (content.bytes == 0 && !may_begin(text)) not_a_journal(file);
  return content;
}

}  // namespace

JournalContent read_journal(const std::filesystem::path& file) {
  const Bytes bytes = read_file(file, ErrorKind::data);
  JournalContent content = parse_journal(std::string(bytes.begin(), bytes.end()), file);
  if (content.bytes == 0) not_a_journal(file);
  return content;
}

void check_same_search(const JournalHead& a, const JournalHead& b, const std::string& where) {
  std::string differing;
  auto names = a.fingerprint;
  names.insert(b.fingerprint.begin(), b.fingerprint.end());
  const auto hash = [](const JournalHead& h, const std::string& name) {
    const auto found = h.fingerprint.find(name);
    return found == h.fingerprint.end() ? std::string() : found->second;
  };
  for (const auto& [name, unused] : names)
    if (hash(a, name) != hash(b, name)) differing += (differing.empty() ? "" : ", ") + name;
  if (differing.empty()) return;
  throw Error(ErrorCode::another_search, where + " belongs to another search (different: " + printable(differing) + ")",
              "give the command that began it, or another -o DIR");
}

Journal::Journal(std::filesystem::path file, const JournalHead& head)
    : path_(std::move(file)), file_(::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {
  if (file_.get() < 0) cannot_write(path_, errno);
  if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)  // not every network folder can
    throw Error(ErrorCode::another_search, "another process is writing " + quoted(path_),
                "wait for it, or share the work with --shard K/N");
  const Bytes bytes = read_file(path_, ErrorKind::data);
  JournalContent content = parse_journal(std::string(bytes.begin(), bytes.end()), path_);
  if (content.results.empty()) content.bytes = 0;  // nothing is lost: any search may begin
  if (content.bytes < bytes.size() && ::ftruncate(file_.get(), static_cast<off_t>(content.bytes)) != 0)
    cannot_write(path_, errno);
  if (content.bytes == 0) {
    write_line(line_of(to_line(head)));
    return;
  }
  check_same_search(content.head, head, quoted(path_));
  earlier_ = std::move(content.results);
}

void Journal::append(const SearchResult& r) { write_line(line_of(to_line(r))); }

void Journal::write_line(const std::string& json) {
  const InterruptHold hold;
  // one write: a crash leaves a part of the last line at worst
  ssize_t written = 0;
  do written = ::write(file_.get(), json.data(), json.size());
  while (written < 0 && errno == EINTR);
  if (written != static_cast<ssize_t>(json.size())) cannot_write(path_, written < 0 ? errno : ENOSPC);
  if (::fsync(file_.get()) != 0 && errno != EINVAL && errno != ENOTSUP) cannot_write(path_, errno);
}

}  // namespace tinyc
