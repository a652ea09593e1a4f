// Every code of docs/errors.md is provoked as a user would, and the page is what the program prints.
#include <set>

#include "catch.h"
#include "cli/shell.h"
#include "cli/xor.h"
#include "tflite/build.h"
#include "tinyc/dataset.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"

using namespace tinyc;
using namespace tinyc::test;
namespace fs = std::filesystem;

namespace {

/// What provokes a code: a script around `$tinyc` in a folder that holds the files of `prepare`.
struct Provocation {
  const char* code;
  const char* script;
};

constexpr Provocation kProvocations[] = {
    {"E101", "\"$tinyc\" compress net.tflite --int8 --calib points.csv --max-flash 1 -o o"},
    {"E102", "\"$tinyc\" compress net.tflite --int8 --calib points.csv --max-ram 1 -o o"},
    {"E103",
     "sed 's/\"compressed\": [0-9.]*/\"compressed\": 0.1/' out/report.json > worse.json;"
     "\"$tinyc\" check worse.json --max-drop 1pp"},
    {"E104", "\"$tinyc\" check out --min-accuracy 1.5"},
    {"E105", "\"$tinyc\" compress net.tflite --int8 -q -o o; \"$tinyc\" check o --max-drop 1pp"},
    {"E106",
     "sed 's/\"arena\": [0-9]*/\"arena\": 1/' out/report.json > small.json; \"$tinyc\" check out --baseline "
     "small.json"},
    {"E107", "\"$tinyc\" search net.tflite --eval xor.csv --max-flash 1 --trials 1 -o s"},
    {"E108",
     "printf 'tinyc: layer 0 bytes 16 hash 00000000 at 20000000\\n' > dump.txt;"
     "\"$tinyc\" trace out --from dump.txt --input points.csv"},
    {"E201", "\"$tinyc\" shrink net.tflite"},
    {"E202", "\"$tinyc\" compress net.tflite --int8 --seed many"},
    {"E203", "\"$tinyc\" compress net.tflite"},
    {"E204", "echo 'int9 = true' > bad.toml; \"$tinyc\" compress net.tflite --int8 --config bad.toml"},
    {"E205", "\"$tinyc\" compress net.tflite --int8 --dump-after shrink"},
    {"E206", "\"$tinyc\" train out/net_int8.tflite --data xor.csv -o n.tflite"},
    {"E207", "\"$tinyc\" compress net.tflite --int8 --load-pass ./none.so"},
    {"E208",
     "\"$tinyc\" search net.tflite --eval xor.csv --trials 1 -o s; \"$tinyc\" search net.tflite --eval xor.csv --seed "
     "9 --trials 1 -o s"},
    {"E209", "\"$tinyc\" compress net.tflite --pass calibrate --calib points.csv -o o"},
    {"E301", "\"$tinyc\" inspect none.tflite"},
    {"E302", "\"$tinyc\" inspect xor.csv"},
    {"E303", "head -c 500 net.tflite > cut.tflite; \"$tinyc\" inspect cut.tflite"},
    {"E304", "echo '%x = nothing' > bad.txt; \"$tinyc\" train bad.txt --data xor.csv -o n.tflite"},
    {"E305", "mkdir empty; \"$tinyc\" eval empty --data xor.csv"},
    {"E306", "mkdir bad; head -c 300 out/net.tinyc > bad/net.tinyc; \"$tinyc\" eval bad --data xor.csv"},
    {"E401", "\"$tinyc\" compress custom.tflite --int8"},
    {"E402", "\"$tinyc\" train matmul.txt --data xor.csv --epochs 1 -o m.tflite; \"$tinyc\" compress m.tflite --int8"},
    {"E403", "\"$tinyc\" train pool.txt --data xor.csv --epochs 1 -o p.tflite"},
    {"E501", "\"$tinyc\" compress net.tflite --int8 --calib none.npz"},
    {"E502", "head -c 100 samples.npz > cut.npz; \"$tinyc\" compress net.tflite --int8 --calib cut.npz"},
    {"E503", "cp net.tflite data.abc; \"$tinyc\" compress net.tflite --int8 --calib data.abc"},
    {"E504", "printf '1,2,3,4\\n5,6,7,8\\n' > wide.csv; \"$tinyc\" compress net.tflite --int8 --calib wide.csv"},
    {"E505", "\"$tinyc\" eval net.tflite --data points.csv --metric top1"},
    {"E506", "\"$tinyc\" compress net.tflite --int8 --prune 0.5 --prune-criterion taylor -o o"},
    {"E507", "printf 'nan,1\\n1,2\\n' > nan.csv; \"$tinyc\" compress net.tflite --int8 --calib nan.csv"},
    {"E508",
     "awk 'BEGIN { print \"a,b,y\"; for (i = 0; i < 40; ++i) print \"3e38,-3e38,\" i % 2 }' > huge.csv;"
     "\"$tinyc\" train net.txt --data huge.csv --epochs 2 -o n.tflite"},
    {"E509", "\"$tinyc\" compress net.tflite --int8 --prune 0.5 --finetune xor.csv --finetune-hook false -o o"},
    {"E510", "\"$tinyc\" check xor.csv --max-flash 1"},
    {"E511", "mkdir j; echo nothing > j/journal.jsonl; \"$tinyc\" search --merge j -o merged"},
    {"E512",
     "printf '%%x = input f32[1,2]\\n%%p = softmax(%%x)\\noutput %%p\\n' > none.txt; \"$tinyc\" train none.txt --data "
     "xor.csv -o n.tflite"},
    {"E513", "\"$tinyc\" trace out --from points.csv"},
    {"E601", "\"$tinyc\" compress net.tflite --int8 -o net.txt"},
    {"E602", "\"$tinyc\" run net.tflite --input points.csv --output y.txt"},
    {"E603", "\"$tinyc\" ops > /dev/full"},
    {"E702",
     "ulimit -v 400000; truncate -s 1600000000 huge.f32.bin; \"$tinyc\" run net.tflite --input huge.f32.bin --output "
     "y.npy"},
    {"E801", "mkfifo pipe.csv; timeout -s INT 1 \"$tinyc\" compress net.tflite --int8 --calib pipe.csv"},
    {"W101", "\"$tinyc\" compress net.tflite --int8 -o o"},
    {"W102", "\"$tinyc\" compress net.tflite --int8 --calib xor.csv -o o"},
    {"W103", "printf '1,1\\n1,1\\n' > same.csv; \"$tinyc\" compress net.tflite --int8 --calib same.csv -o o"},
    {"W104",
     "printf '\\310\\144\\310\\012' > raw.u8.bin; \"$tinyc\" compress net.tflite --int8 --calib raw.u8.bin -o o"},
    {"W105", "head -4 points.csv > few.csv; \"$tinyc\" compress net.tflite --int8 --calib few.csv -o o"},
    {"W106", "printf 'abcdbcdecdefdefg' > x.bin; \"$tinyc\" compress net.tflite --int8 --calib x.bin -o o"},
};

void save(const fs::path& path, const Bytes& bytes) { write_file(path, bytes); }

Bytes one_op(B op, const Shape& shape) {
  ModelBuilder m;
  const auto x = m.activation("x", shape), y = m.activation("y", shape);
  m.op(op, {x}, {y});
  return m.finish({x}, {y});
}

/// net.tflite and what compress makes of it in out/, samples, and models that cannot be compressed.
const fs::path& prepared() {
  static const Folder folder;
  static const bool ready = [] {
    write_samples(folder.path);
    save(folder / "custom.tflite", one_op(B::EMBEDDING_LOOKUP, {1, 2}));
    std::ofstream(folder / "matmul.txt")
        << "%x = input f32[1,2]\n%h = fully_connected(%x, he(1) f32[4,2], zeros f32[4]) act=relu\n"
           "%a = reshape(%h) shape=[1,2,2]\n%m = batch_matmul(%a, %a)\n%b = reshape(%m) shape=[1,4]\n"
           "%y = fully_connected(%b, he(2) f32[2,4], zeros f32[2])\n%p = softmax(%y)\noutput %p\n";
    std::ofstream(folder / "pool.txt")  // a border that is neither SAME nor VALID
        << "%x = input f32[1,2,1,1]\n%q = average_pool_2d(%x) kernel=2,1 pad=1,1,0,0\n%r = reshape(%q) shape=[1,3]\n"
           "%y = fully_connected(%r, he(2) f32[2,3], zeros f32[2])\n%p = softmax(%y)\noutput %p\n";
    const Ran r = shell_run(folder.path,
                            "\"$tinyc\" train net.txt --data xor.csv --epochs 20 -o net.tflite && "
                            "\"$tinyc\" run net.tflite --input points.csv --output samples.npz && "
                            "\"$tinyc\" compress net.tflite --int8 --calib points.csv --eval xor.csv --name net "
                            "--emit c,json,tflite -o out");
    if (r.code != 0) throw std::runtime_error(r.err);
    return true;
  }();
  (void)ready;
  return folder.path;
}

}  // namespace

TEST_CASE("every error and warning code can be provoked, and is shown") {
  std::set<std::string> provoked;
  for (const auto& [code, script] : kProvocations) {
    const Folder f;
    fs::copy(prepared(), f.path, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    const Ran r = shell_run(f.path, script);
    INFO(script << "\n" << r.out << r.err);
    CHECK((r.out + r.err).find(code) != std::string::npos);
    if (code[0] == 'E' && code[1] <= '6') CHECK(r.code == code[1] - '0');
    provoked.insert(code);
  }
  // a defect is no user's doing: here a graph for which the float executor was not made
  Graph g;
  g.stage = Stage::Quantized;
  try {
    run_float(g, Dataset{}, 0);
    FAIL("nothing was thrown");
  } catch (const Error& e) {
    CHECK(label(e.code()) == "E701");
    CHECK(e.kind() == ErrorKind::internal);
    provoked.insert("E701");
  }
  for (const ErrorEntry& e : error_catalogue()) {
    INFO(e.label);
    CHECK(provoked.count(e.label) == 1);
  }
}

TEST_CASE("docs/errors.md is what `tinyc errors` prints") {
  const Ran r = tinyc_run("errors");
  CHECK(r.code == 0);
  CHECK(r.out == read_text(TINYC_SOURCE_DIR "/docs/errors.md"));
}

TEST_CASE("codes: in ascending order, none twice, the first digit the exit code") {
  std::string last;
  for (const ErrorEntry& e : error_catalogue()) {
    CHECK(e.label > last);
    last = e.label;
  }
  CHECK(kind_of(ErrorCode::over_flash) == ErrorKind::gate);
  CHECK(kind_of(ErrorCode::command_line) == ErrorKind::usage);
  CHECK(kind_of(ErrorCode::model_unreadable) == ErrorKind::input);
  CHECK(kind_of(ErrorCode::unsupported) == ErrorKind::unsupported);
  CHECK(kind_of(ErrorCode::data_unreadable) == ErrorKind::data);
  CHECK(kind_of(ErrorCode::cannot_write) == ErrorKind::write);
  CHECK(kind_of(ErrorCode::defect) == ErrorKind::internal);
  CHECK(kind_of(ErrorCode::stopped) == ErrorKind::interrupted);
}
