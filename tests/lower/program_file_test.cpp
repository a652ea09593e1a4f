// NAME.tinyc: round trip, and that nothing in a damaged file is trusted.
#include "catch.h"
#include "oracle/small_programs.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"
#include "tinyc/record.h"

namespace tinyc {
namespace {

std::string message(std::span<const std::uint8_t> file) {
  try {
    read_program(file, "x.tinyc");
  } catch (const Error& e) {
    REQUIRE(e.kind() == ErrorKind::input);
    return e.what();
  }
  return "";
}

std::string verdict(const Program& p) {
  try {
    verify(p);
  } catch (const Error& e) {
    REQUIRE(e.kind() == ErrorKind::input);
    return e.what();
  }
  return "";
}

std::vector<std::vector<std::int8_t>> outputs_of(const Program& p) {
  const ProgramExecutor e(p);
  auto state = e.make_state();
  const auto in = e.input(state, 0);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::int8_t>(static_cast<int>(i) * 91);
  e.run(state);
  std::vector<std::vector<std::int8_t>> out;
  for (std::size_t k = 0; k < p.outputs.size(); ++k)
    out.emplace_back(e.output(state, k).begin(), e.output(state, k).end());
  return out;
}

TEST_CASE("a program survives its file") {
  const Program p = oracle::small_program();
  const Bytes file = write_program(p);
  CHECK(std::string(file.begin() + 4, file.begin() + 8) == "TNYC");
  const Program q = read_program(file, "x.tinyc");
  CHECK(q.name == p.name);
  CHECK(q.blobs == p.blobs);
  CHECK(q.values == p.values);
  CHECK(q.inputs == p.inputs);
  CHECK(q.outputs == p.outputs);
  CHECK(q.arena_bytes == p.arena_bytes);
  CHECK(q.arena_lower_bound == p.arena_lower_bound);
  REQUIRE(q.layers.size() == p.layers.size());
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    CHECK(q.layers[i].name == p.layers[i].name);
    CHECK(q.layers[i].op == p.layers[i].op);
    CHECK(q.layers[i].kernel == p.layers[i].kernel);
    CHECK(q.layers[i].macs == p.layers[i].macs);
    CHECK(q.layers[i].weights == p.layers[i].weights);
  }
  CHECK(write_program(q) == file);
  CHECK(outputs_of(q) == outputs_of(p));
}

TEST_CASE("the record's fields are visited in order and once each") {
  tinyc_layer record{};
  int next = 1;
  visit_numbers(record, [&](auto& field) {
    if constexpr (std::is_array_v<std::remove_reference_t<decltype(field)>>) {
      for (auto& v : field) v = next++;
    } else {
      field = static_cast<std::remove_reference_t<decltype(field)>>(next++);
    }
  });
  CHECK(record.in0 == 1);
  CHECK(record.stream_bytes == 6);
  CHECK(record.p[0] == 10);
  CHECK(record.p[5] == 15);
  CHECK(record.block == next - 1);
}

TEST_CASE("every truncation is refused") {
  const Bytes file = write_program(oracle::small_program());
  for (std::size_t n = 0; n < file.size(); n += n < 64 ? 1 : 37) {
    CAPTURE(n);
    CHECK_FALSE(message(std::span(file).first(n)).empty());
  }
}

TEST_CASE("every changed byte is refused or changes nothing") {
  const Bytes file = write_program(oracle::small_program());
  const Program p = read_program(file, "x.tinyc");
  std::size_t refused = 0, tried = 0;
  for (std::size_t i = 0; i < file.size(); i += 3) {
    Bytes changed = file;
    changed[i] ^= static_cast<std::uint8_t>(1u << (i % 8));
    ++tried;
    try {
      const Program q = read_program(changed, "x.tinyc");
      // padding, or an offset to an equal string
      CAPTURE(i);
      CHECK(write_program(q) == file);
    } catch (const Error& e) {
      CHECK(e.kind() == ErrorKind::input);
      ++refused;
    }
  }
  CHECK(refused * 10 > tried * 8);
}

TEST_CASE("what is no program is refused with a reason") {
  CHECK(message({}).find("does not start like one") != std::string::npos);
  const Bytes zeros(200, 0);
  CHECK(message(zeros).find("does not start like one") != std::string::npos);
  Bytes file = write_program(oracle::small_program());
  file[4] = 'X';
  CHECK(message(file).find("does not start like one") != std::string::npos);
}

TEST_CASE("verify names what is wrong") {
  Program p = oracle::small_program();
  REQUIRE(verdict(p).empty());
  const auto after = [&](auto change) {
    Program q = p;
    change(q);
    return verdict(q);
  };
  CHECK(after([](Program& q) { q.layers[0].record.out += 4; }).find("offset") != std::string::npos);
  CHECK(after([](Program& q) { q.layers[0].in0 = 99; }).find("value that does not exist") != std::string::npos);
  CHECK(after([](Program& q) { q.layers[0].bias = -2; }).find("array that does not exist") != std::string::npos);
  CHECK(after([](Program& q) { q.layers[0].bias = q.layers[0].weights; }).find("wrong type") != std::string::npos);
  CHECK(after([](Program& q) { q.layers[0].record.out_bytes += 1; }).find("wrong size") != std::string::npos);
  CHECK(after([](Program& q) {
          q.layers[0].record.scratch = q.arena_bytes;
          q.layers[0].scratch_bytes = 1;
        }).find("scratch") != std::string::npos);
  CHECK(after([](Program& q) { q.values[0].offset = q.arena_bytes; }).find("outside the arena") != std::string::npos);
  CHECK(after([](Program& q) { q.values[0].bytes = 0xffffffff; }).find("size") != std::string::npos);
  CHECK(after([](Program& q) { q.values[0].shape = {-1, -192}; }).find("shape") != std::string::npos);
  CHECK(after([](Program& q) { q.values[0].shape = {65536, 65536, 65536, 65536}; }).find("shape") != std::string::npos);
  CHECK(after([](Program& q) { q.values[0].scale = NAN; }).find("quantization") != std::string::npos);
  CHECK(after([](Program& q) { q.values[0].last = 1000; }).find("lifetime") != std::string::npos);
  CHECK(after([](Program& q) { q.outputs.clear(); }).find("outputs") != std::string::npos);
  CHECK(after([](Program& q) { q.inputs = {-1}; }).find("inputs") != std::string::npos);
  CHECK(after([](Program& q) { q.arena_bytes = 0xffffffff; }).find("arena") != std::string::npos);
  const auto coded = std::find_if(p.layers.begin(), p.layers.end(), [](const Layer& l) { return l.codec >= 0; });
  REQUIRE(coded != p.layers.end());
  const auto c = static_cast<std::size_t>(coded - p.layers.begin());
  CHECK(after([&](Program& q) { q.layers[c].record.stream_bytes += 1; }).find("stream") != std::string::npos);
  CHECK_FALSE(after([&](Program& q) { q.blobs[static_cast<std::size_t>(q.layers[c].codec)].bytes.resize(3); }).empty());
}

}  // namespace
}  // namespace tinyc
