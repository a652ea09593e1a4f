// The journal of a search: what is written is read back, torn lines do not count, other searches are refused.
#include "pipeline/journal.h"

#include "catch.h"
#include "cli/shell.h"
#include "tinyc/error.h"

using namespace tinyc;
namespace fs = std::filesystem;

namespace {

JournalHead head() { return {"net", {0.015, 65536}, {{"model", "aa"}, {"eval", "bb"}}}; }

SearchResult measured(std::size_t number) {
  SearchResult r;
  r.trial = {number, 0.8, 0.3, 10};
  r.metric = "top1";
  r.samples = 300;
  r.reference = 0.1 + 0.2;  // needs all of its digits
  r.points = {{0, 4321, 17, 0.9, -1.0 / 3}, {4e-6 / 3, 4000, 16, 0.7, 1e-17}};
  return r;
}

SearchResult failed(std::size_t number) {
  SearchResult r;
  r.trial = {number, 0.9, 0, 10};
  r.error = "the loss became \"NaN\"\nin epoch 1 \x80";
  return r;
}

void append_text(const fs::path& p, const std::string& text) { std::ofstream(p, std::ios::app) << text; }

template <class F>
std::string refusal(ErrorKind kind, F&& f) {
  try {
    f();
  } catch (const Error& e) {
    CHECK(e.kind() == kind);
    return e.what();
  }
  return {};
}

}  // namespace

TEST_CASE("a journal gives back what was appended, a line each", "[search]") {
  const Folder f;
  const fs::path path = f / "journal.jsonl";
  {
    Journal j(path, head());
    CHECK(j.earlier().empty());
    j.append(measured(4));
    j.append(failed(2));
  }
  const std::string text = read_text(path);
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);
  const JournalContent c = read_journal(path);
  CHECK(c.bytes == text.size());
  CHECK(c.head.model == "net");
  CHECK(c.head.goal == head().goal);
  CHECK(c.head.fingerprint == head().fingerprint);
  REQUIRE(c.results.size() == 2);
  CHECK(c.results[0] == measured(4));
  CHECK(c.results[1].trial == failed(2).trial);
  CHECK(c.results[1].error.find("\"NaN\"\nin epoch 1") != std::string::npos);
  Journal again(path, head());
  CHECK(again.earlier() == c.results);
  CHECK(read_text(path) == text);
}

TEST_CASE("a torn last line is as if it had not been written, wherever it was torn", "[search]") {
  const Folder f;
  const fs::path path = f / "journal.jsonl";
  {
    Journal j(path, head());
    j.append(measured(0));
    j.append(measured(1));
  }
  const std::string whole = read_text(path);
  const std::size_t head_end = whole.find('\n') + 1, first_end = whole.find('\n', head_end) + 1;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    std::ofstream(path, std::ios::trunc) << whole.substr(0, n);
    Journal j(path, head());
    REQUIRE(j.earlier().size() == (n < first_end ? 0 : 1));
    for (std::size_t number = j.earlier().size(); number < 2; ++number) j.append(measured(number));
    REQUIRE(read_text(path) == whole);
  }
  // the line's length reached the disk, what is in it did not
  append_text(path, std::string(40, '\0') + "\n");
  CHECK(read_journal(path).results.size() == 2);
  {
    Journal j(path, head());
  }
  CHECK(read_text(path) == whole);
}

TEST_CASE("a journal of another search is refused and stays as it is", "[search]") {
  const Folder f;
  const fs::path path = f / "journal.jsonl";
  {
    Journal j(path, head());
  }
  JournalHead other = head();
  other.fingerprint["eval"] = "cc";
  other.fingerprint["calib"] = "dd";
  {
    Journal j(path, other);
  }  // nothing was found yet: there is nothing to lose
  {
    Journal(path, other).append(measured(0));
  }
  const std::string text = read_text(path);
  const std::string why = refusal(ErrorKind::usage, [&] { Journal j(path, head()); });
  CHECK(why.find("journal.jsonl' belongs to another search (different: calib, eval)") != std::string::npos);
  CHECK(read_text(path) == text);
}

TEST_CASE("what is no journal, or damaged in the middle, is refused and stays as it is", "[search]") {
  const Folder f;
  const fs::path path = f / "journal.jsonl";
  std::string damaged;
  {
    Journal j(path, head());
    j.append(measured(0));
    j.append(measured(1));
    damaged = read_text(path);
  }
  damaged[damaged.find('\n') + 3] = '}';
  for (const std::string& text : {damaged, std::string("my notes"), std::string("{\"a\":1}\n"), std::string("[]\n[]\n"),
                                  std::string("{\"tinyc_search\":99}\n{}\n")}) {
    std::ofstream(path, std::ios::trunc) << text;
    INFO(text);
    CHECK(refusal(ErrorKind::data, [&] { Journal j(path, head()); }).find("journal") != std::string::npos);
    CHECK(refusal(ErrorKind::data, [&] { read_journal(path); }).find("journal") != std::string::npos);
    CHECK(read_text(path) == text);
  }
  CHECK_FALSE(refusal(ErrorKind::data, [&] { read_journal(f / "none"); }).empty());
  CHECK_FALSE(refusal(ErrorKind::write, [&] { Journal j(f / "none/journal.jsonl", head()); }).empty());
}

TEST_CASE("two processes do not write one journal", "[search]") {
  const Folder f;
  const Journal first(f / "journal.jsonl", head());
  CHECK(refusal(ErrorKind::usage, [&] { Journal j(f / "journal.jsonl", head()); }).find("another process") !=
        std::string::npos);
  CHECK_NOTHROW(Journal(f / "journal-2-of-2.jsonl", head()));
}
