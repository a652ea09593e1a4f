// Runs the built tinyc as a user would.
#pragma once
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

namespace tinyc {

inline std::string read_text(const std::filesystem::path& p) {
  std::ifstream f(p, std::ios::binary);
  return {std::istreambuf_iterator<char>(f), {}};
}

/// The files of a folder with their contents, hidden ones too; empty when there is no such folder.
inline std::map<std::string, std::string> files_of(const std::filesystem::path& dir) {
  std::map<std::string, std::string> files;
  std::error_code none;
  for (const auto& e : std::filesystem::directory_iterator(dir, none))
    files[e.path().filename().string()] = read_text(e.path());
  return files;
}

/// A folder that is removed at the end.
struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "tinyc_cli.XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::filesystem::path operator/(const std::string& name) const { return path / name; }
};

struct Ran {
  int code = 0;
  std::string out, err;
};

/// `tinyc ARGS` in a shell, standard output and error captured; `prefix` may set variables or limits.
inline Ran tinyc_run(const std::string& args, const std::string& prefix = "") {
  const Folder f;
  const std::string command = prefix + " '" TINYC_BINARY "' " + args + " >'" + (f / "out").string() + "' 2>'" +
                              (f / "err").string() + "' </dev/null";
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_text(f / "out"), read_text(f / "err")};
}

/// A shell script around `$tinyc`, in `dir`; standard output and error are captured where the script does not redirect
/// them.
inline Ran shell_run(const std::filesystem::path& dir, const std::string& script) {
  const Folder f;
  const std::string command = "cd '" + dir.string() + "'; tinyc='" TINYC_BINARY "'; (" + script + ") >'" +
                              (f / "out").string() + "' 2>'" + (f / "err").string() + "' </dev/null";
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_text(f / "out"), read_text(f / "err")};
}

inline const std::string kExample = TINYC_SOURCE_DIR "/examples/fashion_mnist/";
/// Arguments that compress the example's model.
inline std::string example_args(const std::filesystem::path& out) {
  return "compress " + kExample + "fashion.tflite --int8 --calib " + kExample +
         "calib.npz --calib-samples 50 --preprocess scale=0.00392156862745098 --name fashion --reproducible -o '" +
         out.string() + "'";
}

}  // namespace tinyc
