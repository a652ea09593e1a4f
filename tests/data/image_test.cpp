#include <random>

#include "catch.h"
#include "data/npy_bytes.h"
#include "tinyc/dataset.h"

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#include <stb/stb_image_write.h>

using namespace tinyc;
using namespace testing;

namespace {

Bytes jpeg(int height, int width, int channels, const Bytes& pixels) {
  Bytes out;
  stbi_write_jpg_to_func(
      [](void* to, void* data, int n) {
        const auto* p = static_cast<const std::uint8_t*>(data);
        static_cast<Bytes*>(to)->insert(static_cast<Bytes*>(to)->end(), p, p + n);
      },
      &out, width, height, channels, pixels.data(), 95);
  return out;
}

std::vector<float> sample(const Dataset& d, std::size_t i) {
  std::vector<float> out(d.inputs[0].row_elements());
  d.sample(0, i, out);
  return out;
}

std::string error_of(const std::filesystem::path& path, const Graph& g) {
  try {
    load_dataset(path, g);
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::data);
    return e.what();
  }
  FAIL("no error");
  return {};
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Bytes pixel(std::uint8_t v) { return png(1, 1, 1, {v}); }

}  // namespace

TEST_CASE("pictures: values in row-major order, channels converted") {
  const Folder folder;
  const Bytes rgb = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};  // 2 rows of 3
  const auto p = folder.file("a.png", png(2, 3, 3, rgb));
  CHECK(sample(load_dataset(p, graph({{"in", {1, 2, 3, 3}}})), 0) == std::vector<float>(rgb.begin(), rgb.end()));
  const auto grey = folder.file("g.PNG", png(1, 2, 1, {9, 200}));
  CHECK(sample(load_dataset(grey, graph({{"in", {1, 1, 2, 3}}})), 0) == std::vector<float>{9, 9, 9, 200, 200, 200});
  const auto equal = folder.file("e.png", png(1, 1, 4, {50, 50, 50, 7}));
  CHECK(sample(load_dataset(equal, graph({{"in", {1, 1, 1, 1}}})), 0) == std::vector<float>{50});
  CHECK(sample(load_dataset(equal, graph({{"in", {1, 1, 1, 3}}})), 0) == std::vector<float>{50, 50, 50});
  CHECK(sample(load_dataset(equal, graph({{"in", {1, 1, 1, 4}}})), 0) == std::vector<float>{50, 50, 50, 7});
  Bytes flat(16 * 8 * 3);
  for (std::size_t i = 0; i < flat.size(); i += 3) flat[i] = 200, flat[i + 1] = 30, flat[i + 2] = 60;
  const auto v = sample(load_dataset(folder.file("j.jpeg", jpeg(16, 8, 3, flat)), graph({{"in", {1, 16, 8, 3}}})), 0);
  for (std::size_t i = 0; i < v.size(); ++i) CHECK(std::abs(v[i] - flat[i]) <= 3);
}

TEST_CASE("picture folders: sorted, labels from sub-folders, taken in turn") {
  const Folder folder;
  const auto g = graph({{"in", {1, 1, 1, 1}}});
  folder.file("flat/b.png", pixel(2));
  folder.file("flat/a.png", pixel(1));
  folder.file("flat/.hidden.png", pixel(3));
  folder.file("flat/notes.txt", std::string("no picture"));
  auto d = load_dataset(folder.path() / "flat", g);
  CHECK(d.samples() == 2);
  CHECK(sample(d, 0)[0] == 1);
  CHECK(sample(d, 1)[0] == 2);
  CHECK_FALSE(d.labels);

  folder.file("named/dog/1.png", pixel(20));
  folder.file("named/cat/1.png", pixel(10));
  folder.file("named/cat/2.png", pixel(11));
  folder.file("named/cat/3.png", pixel(12));
  d = load_dataset(folder.path() / "named", g);
  REQUIRE(d.labels);
  CHECK(d.inputs[0].data == Bytes{10, 20, 11, 12});
  CHECK(d.labels->data == raw<std::int32_t>({0, 1, 0, 0}));
  DatasetOptions two;
  two.max_samples = 2;
  CHECK(load_dataset(folder.path() / "named", g, two).labels->data == raw<std::int32_t>({0, 1}));

  for (const char* name : {"10", "2", "1"}) folder.file(std::string("numbered/") + name + "/p.png", pixel(5));
  d = load_dataset(folder.path() / "numbered", g);
  CHECK(d.labels->data == raw<std::int32_t>({1, 10, 2}));

  folder.file("named/loose.png", pixel(1));
  CHECK(contains(error_of(folder.path() / "named", g), "beside and in"));
  std::filesystem::create_directory(folder.path() / "empty");
  CHECK(contains(error_of(folder.path() / "empty", g), "no PNG or JPEG"));
}

TEST_CASE("pictures that do not fit are refused by name") {
  const Folder folder;
  const auto p = folder.file("a.png", png(2, 3, 3, Bytes(18, 1)));
  const std::string text = error_of(p, graph({{"in", {1, 3, 2, 3}}}));
  CHECK(contains(text, "a.png"));
  CHECK(contains(text, "2 rows and 3 columns, the model's input has 3 and 2"));
  CHECK(contains(error_of(p, graph({{"in", {1, 6}}})), "[1,6]"));
  CHECK(contains(error_of(p, graph({{"in", {1, 2, 3, 5}}})), "[1,2,3,5]"));
  CHECK(contains(error_of(folder.file("b.png", std::string("text")), graph({{"in", {1, 2, 3, 3}}})), "no PNG or JPEG"));
  // a picture of one pixel with megabytes of compressed data
  std::mt19937 rng(1);
  Bytes noise(std::size_t{1} << 18);
  for (auto& b : noise) b = static_cast<std::uint8_t>(rng());
  Bytes bomb, header;
  put(bomb, "\x89PNG\r\n\x1a\n");
  put_big(header, 1);
  put_big(header, 1);
  put(header, Bytes{8, 0, 0, 0, 0});
  png_chunk(bomb, "IHDR", header);
  png_chunk(bomb, "IDAT", noise);
  png_chunk(bomb, "IEND", {});
  CHECK(contains(error_of(folder.file("c.png", bomb), graph({{"in", {1, 1, 1, 1}}})),
                 "is no PNG or JPEG, or is damaged"));
}

TEST_CASE("JPEG: oversized Huffman tables never reach the decoder, metadata is left alone") {
  const Folder folder;
  const auto g = graph({{"in", {1, 12, 9, 3}}});
  const Bytes good = jpeg(12, 9, 3, Bytes(12 * 9 * 3, 77));
  std::size_t dht = 0;
  while (good[dht] != 0xff || good[dht + 1] != 0xc4) ++dht;
  Bytes bad = good;
  for (std::size_t i = 8; i < 16; ++i) bad[dht + 5 + i] = 33;  // codes that fit their lengths, but 264 of them and more
  CHECK(contains(error_of(folder.file("bad.jpg", bad), g), "is no PNG or JPEG, or is damaged"));
  // the same bytes inside a comment are no table
  Bytes comment = {0xff, 0xfe, 0, 26, 0xff, 0xc4, 1, 0, 0};
  comment.resize(28, 0xff);
  Bytes commented(good.begin(), good.begin() + 2);
  put(commented, comment);
  commented.insert(commented.end(), good.begin() + 2, good.end());
  CHECK(load_dataset(folder.file("commented.jpg", commented), g).samples() == 1);
  // between scans, behind an entropy-coded part, they are one
  Bytes late(good.begin(), good.end() - 2);
  put(late, Bytes(bad.begin() + static_cast<std::ptrdiff_t>(dht), bad.begin() + static_cast<std::ptrdiff_t>(dht) + 40));
  put(late, Bytes(300, 1));
  CHECK(contains(error_of(folder.file("late.jpg", late), g), "is no PNG or JPEG, or is damaged"));
}

TEST_CASE("2000 mutated pictures: read or Error(data)") {
  const Folder folder;
  std::mt19937 rng(5);
  Bytes pixels(12 * 9 * 3);
  for (auto& b : pixels) b = static_cast<std::uint8_t>(rng() % 64);
  const std::vector<Bytes> seeds = {png(12, 9, 3, pixels), jpeg(12, 9, 3, pixels), png(12, 9, 1, pixels)};
  const auto g = graph({{"in", {1, 12, 9, 3}}});
  int good = 0, bad = 0;
  for (int i = 0; i < 2000; ++i) {
    Bytes file = seeds[static_cast<std::size_t>(i) % seeds.size()];
    for (auto edits = 1 + rng() % 3; edits > 0 && !file.empty(); --edits) {
      const std::size_t at = rng() % file.size();
      switch (rng() % 4) {
        case 0: file[at] = static_cast<std::uint8_t>(rng()); break;
        case 1: file[at] ^= static_cast<std::uint8_t>(1u << rng() % 8); break;
        case 2: file.resize(at); break;
        default: file.insert(file.begin() + static_cast<std::ptrdiff_t>(at), file[at]);
      }
    }
    const auto p = folder.path() / "m.png";
    std::filesystem::remove(p);
    FILE* out = std::fopen(p.c_str(), "wb");
    REQUIRE(out);
    std::fwrite(file.data(), 1, file.size(), out);
    std::fclose(out);
    try {
      const auto d = load_dataset(p, g);
      CHECK(d.samples() == 1);
      ++good;
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::data) FAIL(e.what());
      ++bad;
    }
  }
  CHECK(good > 50);
  CHECK(bad > 500);
}
