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

/// Moves a value together with the offsets that name it.
void move_value(Program& p, ValueId id, std::uint32_t offset) {
  p.values[static_cast<std::size_t>(id)].offset = offset;
  for (Layer& l : p.layers) {
    if (l.in0 == id) l.record.in0 = offset;
    if (l.in1 == id) l.record.in1 = offset;
    if (l.out == id) l.record.out = offset;
  }
}

TEST_CASE("verify refuses values that lie over each other where no kernel permits it") {
  const Program p = lower(oracle::quantized(
      "%x = input f32[1,8,8,4] %a = conv_2d(%x, random(1) f32[4,3,3,4], random(2) f32[4]) pad=1,1,1,1 "
      "%b = conv_2d(%a, random(3) f32[4,3,3,4], random(4) f32[4]) pad=1,1,1,1 %y = add(%a, %b) output %y"));
  REQUIRE(verdict(p).empty());
  REQUIRE(p.layers.size() == 3);
  const Layer &a = p.layers[0], &b = p.layers[1], &sum = p.layers[2];
  const std::int32_t distance = a.kernel->overlaps(p, a).in0.below;
  REQUIRE(distance == 9 * 4);
  REQUIRE(p.arena_bytes == p.arena_lower_bound);
  const auto after = [&](auto change) {
    Program q = p;
    q.arena_bytes = 4096;
    change(q);
    return verdict(q);
  };
  const auto refused = [&](auto change) { return after(change).find("still needed") != std::string::npos; };
  // %a in front of %x by the least distance, and by less; %b and the rest far away
  const auto near = [&](std::uint32_t by) {
    return [&, by](Program& q) {
      move_value(q, a.in0, 1000);
      move_value(q, a.out, 1000 - by);
      move_value(q, b.out, 2000);
      move_value(q, sum.out, 3000);
      for (Layer& l : q.layers) l.record.scratch = 4000;
    };
  };
  CHECK(after(near(36)).empty());
  CHECK(after(near(37)).empty());
  CHECK(refused(near(35)));
  CHECK(refused(near(0)));
  CHECK(refused([&](Program& q) {  // behind, which this kernel does not walk
    near(36)(q);
    move_value(q, a.out, 1000 + 100);
  }));
  CHECK(refused([&](Program& q) {  // %a is still needed by the sum
    near(36)(q);
    move_value(q, b.out, 1000 - 36 - 36);
  }));
  CHECK(after([&](Program& q) {  // the sum over either operand
          near(36)(q);
          move_value(q, sum.out, 2000);
        })
            .empty());
  CHECK(refused([&](Program& q) {
    near(36)(q);
    move_value(q, sum.out, 2004);
  }));
  CHECK(refused([&](Program& q) {  // scratch over the output, and over an input
    near(36)(q);
    q.layers[1].record.scratch = 2100;
  }));
  CHECK(refused([&](Program& q) {
    near(36)(q);
    q.layers[1].record.scratch = 1000;
  }));
  CHECK(refused([&](Program& q) {  // the weights of a second sweep would find the input overwritten
    near(36)(q);
    q.layers[0].record.block = 2;
  }));
  CHECK(refused([&](Program& q) {  // pictures that are not the values'
    near(36)(q);
    q.layers[0].record.in_w = 32767;
  }));
}

TEST_CASE("verify refuses lifetimes that the layers do not give") {
  const Program p = oracle::small_program();
  for (std::size_t v = 0; v < p.values.size(); ++v) {
    Program q = p;
    if (q.values[v].last > q.values[v].first) {
      --q.values[v].last;
    } else {
      ++q.values[v].last;
    }
    CHECK(verdict(q).find("lifetime") != std::string::npos);
  }
  Program q = p;
  std::swap(q.layers[0], q.layers[1]);
  CHECK_FALSE(verdict(q).empty());
}

}  // namespace
}  // namespace tinyc
