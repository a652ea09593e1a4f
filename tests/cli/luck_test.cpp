// Bad luck: limits, full and missing places to write to, closed descriptors, pipes, interruptions. Whatever happens,
// there is one message, the right exit code, and either all files or none.
#include <nlohmann/json.hpp>

#include "catch.h"
#include "cli/shell.h"

using namespace tinyc;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kOutputFiles = 7;

std::string compress(const std::string& out) { return "\"$tinyc\" " + example_args(out); }

bool works_under(const Folder& f, const std::string& limit) {
  if (shell_run(f.path, limit + " && \"$tinyc\" version").code == 0) return true;
  WARN("skipped: '" << limit << "' is not possible here");
  return false;
}

/// A .npy of zeros as large as wanted that takes no room on the disk.
void sparse_npy(const fs::path& path, std::size_t rows, const std::string& channels = "1") {
  std::string header =
      "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", 28, 28, " + channels + "), }";
  header.resize(117, ' ');
  std::ofstream(path, std::ios::binary) << std::string("\x93NUMPY\x01\x00\x76\x00", 10) << header << '\n';
  fs::resize_file(path, 128 + rows * 784 * 4 * std::stoul(channels));
}

}  // namespace

TEST_CASE("threads that cannot be started are done without") {
  const Folder f;
  REQUIRE(shell_run(f.path, compress("one") + " --threads 1").code == 0);
  // a stack alone is over the limit, or a few stacks are
  for (const std::string limit : {"ulimit -s 4000000 && ulimit -v 1000000", "ulimit -v 200000"}) {
    if (!works_under(f, limit)) continue;
    const Ran r = shell_run(f.path, limit + "; " + compress("many") + " --threads 64");
    INFO(limit << ": " << r.err);
    REQUIRE(r.code == 0);
    CHECK(files_of(f / "many") == files_of(f / "one"));
  }
}

TEST_CASE("out of memory is a message") {
  const Folder f;
  if (!works_under(f, "ulimit -v 400000")) return;
  sparse_npy(f / "x.npy", 300000);
  const Ran r =
      shell_run(f.path, "ulimit -v 400000; \"$tinyc\" run " + kExample + "fashion.tflite --input x.npy --output y.npy");
  CHECK(r.code == 70);
  CHECK(r.err.find("out of memory") != std::string::npos);
  CHECK_FALSE(fs::exists(f / "y.npy"));
}

TEST_CASE("a file size limit leaves the folder as it was") {
  const Folder f;
  const Ran r = shell_run(f.path, "ulimit -f 16; " + compress("new/out"));
  INFO(r.err);
  CHECK(r.code == 6);
  CHECK(r.err.find("File too large") != std::string::npos);
  CHECK_FALSE(fs::exists(f / "new"));
  fs::create_directory(f / "old");
  std::ofstream(f / "old/report.json") << "before";
  CHECK(shell_run(f.path, "ulimit -f 16; " + compress("old")).code == 6);
  CHECK(files_of(f / "old") == std::map<std::string, std::string>{{"report.json", "before"}});
}

TEST_CASE("an output that cannot be replaced leaves the others alone") {
  const Folder f;
  fs::create_directories(f / "out/report.html");
  CHECK(shell_run(f.path, compress("out")).code == 6);
  CHECK(std::distance(fs::directory_iterator(f / "out"), {}) == 1);
  std::ofstream(f / "file") << "x";
  CHECK(shell_run(f.path, compress("file")).code == 6);
  CHECK(shell_run(f.path, compress("file/below")).code == 6);
  CHECK(read_text(f / "file") == "x");
}

TEST_CASE("standard output full or closed is a write error, for help and version too") {
  const Folder f;
  for (const char* command : {"ops", "--help", "--version", "version"})
    for (const char* sink : {">/dev/full", ">&-"}) {
      INFO(command << sink);
      const Ran r = shell_run(f.path, std::string("\"$tinyc\" ") + command + " " + sink);
      CHECK(r.code == 6);
      CHECK(r.err.find("standard output") != std::string::npos);
    }
  CHECK(shell_run(f.path, "(sleep 0.2; \"$tinyc\" ops; echo $? >code) | true; sleep 0.5").code == 0);
  CHECK(read_text(f / "code") == "6\n");
}

TEST_CASE("closed descriptors do not end up in files") {
  const Folder f;
  REQUIRE(shell_run(f.path, compress("plain")).code == 0);
  CHECK(shell_run(f.path, compress("quiet") + " 2>&-").code == 0);
  CHECK(shell_run(f.path, compress("none") + " <&- >&- 2>&-").code == 6);
  CHECK(files_of(f / "quiet") == files_of(f / "plain"));
  CHECK(files_of(f / "none") == files_of(f / "plain"));
}

TEST_CASE("devices are refused, pipes are read") {
  const Folder f;
  const std::string model = kExample + "fashion.tflite";
  CHECK(shell_run(f.path, "\"$tinyc\" inspect /dev/zero").code == 3);
  CHECK(shell_run(f.path, "\"$tinyc\" eval " + model + " --data /dev/zero").code == 5);
  CHECK(shell_run(f.path, "cat " + model + " | \"$tinyc\" inspect /dev/stdin").code == 0);
  CHECK(shell_run(f.path, "mkfifo data; cat " + kExample + "eval.npz >data & \"$tinyc\" eval " + model + " --data data")
            .code == 0);
}

TEST_CASE("Ctrl-C ends the waiting for a pipe") {
  const Folder f;
  const std::string wait = "timeout --preserve-status -k 5 -s INT 0.3 \"$tinyc\" ";
  REQUIRE(shell_run(f.path, "mkfifo pipe").code == 0);
  CHECK(shell_run(f.path, wait + "inspect pipe").code == 130);
  CHECK(shell_run(f.path, wait + "eval " + kExample + "fashion.tflite --data pipe").code == 130);
}

TEST_CASE("interrupted at any moment: all files or none, and no temporary ones") {
  for (const char* signal : {"INT", "TERM"})
    for (const char* seconds : {"0.005", "0.01", "0.02", "0.03", "0.04", "0.06", "0.08", "0.12"}) {
      const Folder f;
      const Ran r = shell_run(
          f.path, std::string("timeout --preserve-status -s ") + signal + " " + seconds + " " + compress("out"));
      INFO(signal << " after " << seconds << ": " << r.err);
      CHECK((r.code == 0 || r.code == 130 || r.code == 143));  // 143: before there is a handler
      const auto files = files_of(f / "out");
      CHECK(fs::exists(f / "out") == (files.size() == kOutputFiles));
      CHECK((r.code != 0 || files.size() == kOutputFiles));
    }
}

TEST_CASE("a second Ctrl-C leaves no temporary files either") {
  for (const char* seconds : {"0.01", "0.03", "0.05", "0.08"}) {
    const Folder f;
    shell_run(f.path, compress("out") + " & sleep " + seconds + "; kill -INT $!; kill -INT $!; wait $!");
    for (const auto& [name, text] : files_of(f / "out")) CHECK(name.find(".tmp") == std::string::npos);
  }
}

TEST_CASE("a data file that shrinks while it is read is a data error") {
  const Folder f;
  sparse_npy(f / "x.npy", 10000, "2");  // refused, but only once it is read
  const Ran r =
      shell_run(f.path,
                "full=$(stat -c %s x.npy); (while [ ! -e stop ]; do truncate -s 4096 x.npy; truncate -s $full "
                "x.npy; done) & for i in 1 2 3 4 5 6 7 8; do \"$tinyc\" eval " +
                    kExample + "fashion.tflite --data x.npy >/dev/null 2>&1; echo $?; done; touch stop; wait");
  CHECK(r.out == "5\n5\n5\n5\n5\n5\n5\n5\n");
}

TEST_CASE("any temporary folder will do") {
  const Folder f;
  fs::create_directory(f / "it's");
  const Ran quoted = shell_run(f.path, "TMPDIR=\"$PWD/it's\" " + compress("a") + " --target cortex-m4");
  CHECK(quoted.code == 0);
  CHECK(quoted.err.find("yntax") == std::string::npos);
  CHECK(fs::is_empty(f / "it's"));
  CHECK(shell_run(f.path, "TMPDIR=/nonexistent " + compress("b") + " --target cortex-m4").code == 0);
}

TEST_CASE("a wrong command line under --json is a JSON document") {
  const Ran r = tinyc_run("compress --json");
  CHECK(r.code == 2);
  REQUIRE(nlohmann::json::accept(r.out));
  CHECK(nlohmann::json::parse(r.out)["errors"][0]["exit_code"] == 2);
}
