// mutations COUNT SEED FILE...: damaged copies of models and sample files through the whole chain, in this process.
// Build it with the sanitizers (cmake --preset dev). Every copy must end as the command line would with exit 0, 3, 4 or
// 5, within a second. Prints how many ended how.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "pipeline/compress.h"
#include "tinyc/dataset.h"
#include "tinyc/error.h"
#include "tinyc/import.h"
#include "tinyc/parallel.h"

using namespace tinyc;

namespace {

std::uint64_t g_state;
std::uint64_t next() {  // splitmix64
  std::uint64_t z = g_state += 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

Bytes damaged(const Bytes& original) {
  Bytes b = original;
  if (next() % 4 == 0) b.resize(next() % (b.size() + 1));
  if (b.empty()) return b;
  // half of the changes go to the structure at the file's ends, the rest anywhere
  const std::size_t changes = 1 + next() % 8;
  for (std::size_t i = 0; i < changes; ++i) {
    std::size_t at = next() % b.size();
    if (next() % 2)
      at = next() % 2 ? next() % std::min<std::size_t>(b.size(), 4096)
                      : b.size() - 1 - next() % std::min<std::size_t>(b.size(), 16384);
    constexpr std::uint8_t interesting[] = {0, 1, 0x7f, 0x80, 0xff, 0xfe, 4, 8};
    switch (next() % 4) {
      case 0: b[at] = interesting[next() % 8]; break;
      case 1: b[at] = static_cast<std::uint8_t>(b[at] ^ (1u << (next() % 8))); break;
      case 2: b[at] = static_cast<std::uint8_t>(next()); break;
      default:
        for (std::size_t k = at; k < std::min(b.size(), at + 4); ++k) b[k] = interesting[next() % 8];
    }
  }
  return b;
}

ErrorKind run_model(const Bytes& file) {
  const Import model = import_tflite(file, "mutated.tflite");
  CompressSettings s;
  s.int8 = true;
  compress({&model, nullptr, nullptr}, s);
  return ErrorKind{};
}

ErrorKind run_data(const Bytes& file, const std::filesystem::path& as, const Graph& g) {
  write_file(as, file);
  load_dataset(as.extension() == ".png" ? as.parent_path() : as, g);
  return ErrorKind{};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  set_thread_count(1);
  const long count = std::atol(argv[1]);
  g_state = std::strtoull(argv[2], nullptr, 10);
  std::map<int, long> ends;
  double slowest = 0;
  Graph g;  // what sample files are read for
  Tensor input;
  input.name = "x";
  input.shape = {1, 28, 28, 1};
  g.inputs = g.outputs = {g.add(input)};
  const auto folder = std::filesystem::temp_directory_path() / ("tinyc_mutations_" + std::string(argv[2]));
  std::filesystem::create_directories(folder);
  for (int f = 3; f < argc; ++f) {
    const std::filesystem::path path = argv[f];
    const Bytes original = read_file(path, ErrorKind::input);
    for (long i = 0; i < count; ++i) {
      const std::uint64_t seed = g_state;
      const Bytes file = damaged(original);
      const auto start = std::chrono::steady_clock::now();
      int code = 0;
      try {
        code = static_cast<int>(path.extension() == ".tflite"
                                    ? run_model(file)
                                    : run_data(file, folder / ("m" + path.extension().string()), g));
      } catch (const Error& e) {
        code = static_cast<int>(e.kind());
        if (code != 3 && code != 4 && code != 5)
          std::printf("exit %d: %s (%s, state %llu)\n", code, e.what(), path.filename().c_str(),
                      static_cast<unsigned long long>(seed));
      }
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      if (seconds > 1)
        std::printf("%.1f s: %s, state %llu\n", seconds, path.filename().c_str(),
                    static_cast<unsigned long long>(seed));
      slowest = std::max(slowest, seconds);
      ++ends[code];
    }
  }
  std::filesystem::remove_all(folder);
  for (const auto& [code, n] : ends) std::printf("exit %d: %ld\n", code, n);
  std::printf("slowest %.2f s\n", slowest);
  for (const auto& [code, n] : ends)
    if (code != 0 && code != 3 && code != 4 && code != 5) return 1;
  return slowest > 1;
}
