#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "data/npy_bytes.h"
#include "tinyc/dataset.h"

using namespace tinyc;
using testing::Folder;

namespace {
template <class F>
ErrorKind kind_of(F&& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.kind();
  }
  FAIL("no error");
  return ErrorKind::internal;
}
std::size_t entries(const std::filesystem::path& p) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(p), {}));
}
}  // namespace

TEST_CASE("write_file replaces whole files and leaves nothing else behind") {
  const Folder folder;
  const auto p = folder.path() / "a";
  write_file(p, std::string("first, longer"));
  write_file(p, std::string("second"));
  const Bytes back = read_file(p, ErrorKind::input);
  CHECK(std::string(back.begin(), back.end()) == "second");
  write_file(p, std::string());
  CHECK(read_file(p, ErrorKind::input).empty());
  CHECK(entries(folder.path()) == 1);
  const auto mask = umask(0);
  umask(mask);
  CHECK((std::filesystem::status(p).permissions() & std::filesystem::perms::mask) ==
        std::filesystem::perms(0666 & ~mask));
}

TEST_CASE("write_file writes through links and to devices") {
  const Folder folder;
  write_file(folder.path() / "a", std::string("old"));
  std::filesystem::create_symlink("a", folder.path() / "link");
  write_file(folder.path() / "link", std::string("new"));
  CHECK(std::filesystem::is_symlink(folder.path() / "link"));
  CHECK(read_file(folder.path() / "a", ErrorKind::input).size() == 3);
  CHECK_NOTHROW(write_file("/dev/null", std::string("x")));
}

TEST_CASE("write_file reports what cannot be written") {
  const Folder folder;
  CHECK(kind_of([&] { write_file(folder.path() / "none" / "a", std::string("x")); }) == ErrorKind::write);
  CHECK(kind_of([&] { write_file(folder.path(), std::string("x")); }) == ErrorKind::write);
  if (std::filesystem::exists("/dev/full"))
    CHECK(kind_of([&] { write_file("/dev/full", std::string("x")); }) == ErrorKind::write);
  CHECK(entries(folder.path()) == 0);
}

TEST_CASE("read_file: limit, folders, missing files, pipes") {
  const Folder folder;
  const auto p = folder.file("a", Bytes(100, 1));
  CHECK(read_file(p, ErrorKind::input, 100).size() == 100);
  CHECK(kind_of([&] { read_file(p, ErrorKind::usage, 99); }) == ErrorKind::usage);
  CHECK(kind_of([&] { read_file(folder.path(), ErrorKind::input); }) == ErrorKind::input);
  CHECK(kind_of([&] { read_file(folder.path() / "b", ErrorKind::data); }) == ErrorKind::data);
  CHECK(kind_of([&] { read_file("/dev/zero", ErrorKind::data, 100000); }) == ErrorKind::data);
}

TEST_CASE("write_files makes the folders that names begin with, and removes them again if it fails") {
  const Folder folder;
  const auto dir = folder.path() / "out";
  const Bytes text = {'x'};
  write_files(dir, {{"a", text}, {"b/c", text}, {"b/d/e", text}});
  CHECK(read_file(dir / "a", ErrorKind::input) == text);
  CHECK(read_file(dir / "b/d/e", ErrorKind::input) == text);
  // "a" is a file: nothing can be in it
  CHECK(kind_of([&] { write_files(dir, {{"0/1/2", text}, {"a/f", text}}); }) == ErrorKind::write);
  CHECK(entries(dir) == 2);
  CHECK(kind_of([&] { write_files(dir, {{"0/1/2", text}, {"b", text}}); }) == ErrorKind::write);
  CHECK(entries(dir) == 2);
  CHECK(kind_of([&] { write_files(dir / "new/er", {{"0", text}, {"0/1/2", text}}); }) == ErrorKind::write);
  CHECK(entries(dir) == 2);
}
