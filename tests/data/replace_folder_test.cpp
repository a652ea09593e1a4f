// Folders that are replaced as a whole.
#include "data/replace_folder.h"

#include <filesystem>
#include <fstream>

#include "catch.h"
#include "data/npy_bytes.h"
#include "tinyc/dataset.h"

using namespace tinyc;
namespace fs = std::filesystem;
using testing::Folder;

namespace {

std::map<std::string, Bytes> files_in(const fs::path& dir) {
  std::map<std::string, Bytes> files;
  for (const auto& e : fs::directory_iterator(dir)) files[e.path().filename().string()] = read_file(e, ErrorKind::data);
  return files;
}

}  // namespace

TEST_CASE("a replaced folder holds the new files and no other, with nothing left beside it") {
  const Folder folder;
  const fs::path dir = folder.path() / "best";
  const std::map<std::string, Bytes> first{{"a", {1}}, {"b", {2, 3}}}, second{{"b", {4}}, {"c", {}}};
  replace_folder(dir, first);
  CHECK(files_in(dir) == first);
  // what a process that was killed left there is in nobody's way
  fs::create_directories(folder.path() / ".best.next" / "x");
  fs::create_directories(folder.path() / ".best.old" / "y");
  replace_folder(dir, second);
  CHECK(files_in(dir) == second);
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("a folder that cannot be replaced stays as it was") {
  const Folder folder;
  const fs::path dir = folder.path() / "best";
  const std::map<std::string, Bytes> first{{"a", {1}}};
  replace_folder(dir, first);
  CHECK_THROWS_AS(replace_folder(dir, {{"a", {2}}, {"a/b", {3}}}), Error);
  CHECK(files_in(dir) == first);
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
}
