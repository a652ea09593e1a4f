// Changed samples, and teachers that see several of them.
#include <algorithm>
#include <set>

#include "train/batches.h"
#include "train/samples.h"

using namespace tinyc;

TEST_CASE("the teacher's answer can be its mean over augmented views of a sample", "[train]") {
  const Graph teacher = parse(
      "%x = input f32[1,1,2,1] %r = reshape(%x) shape=[1,2] "
      "%y = fully_connected(%r, random(1) f32[2,2], random(2) f32[2]) %z = softmax(%y) output %z");
  Dataset d;
  std::vector<float> pixels(2000);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = i % 2 ? 1.0f : -1.0f;
  d.inputs.push_back(array_of({1000, 1, 2, 1}, pixels));
  TrainJob job;
  job.data = &d;
  job.options.epochs = 5;
  job.options.learning_rate = 0.02f;
  job.teacher = &teacher;
  job.options.augment.noise = 1;  // changes samples, so that views differ
  job.options.teacher_views = 32;
  Graph student = teacher;
  const TrainResult many = train(student, job);
  job.options.teacher_views = 2;
  Graph other = teacher;
  const TrainResult few = train(other, job);
  job.options.teacher_views = 1;
  Graph same = teacher;
  const TrainResult one = train(same, job);
  // a student that is its teacher agrees with it on every sample, and not with the mean over other samples
  CHECK(one.curve[0].validation == Approx(0).margin(1e-6));
  CHECK(many.curve[0].validation > 1e-3);
  // logits are linear in the noise, which is made up for by the mean over many views
  CHECK(many.curve[0].validation < few.curve[0].validation / 4);

  job.options.teacher_views = 2;
  job.options.augment = {};
  CHECK_THROWS_WITH(train(same, job), Catch::Contains("need augmentation"));
  job.options.augment.flip = job.options.augment.mixup = true;
  CHECK_THROWS_WITH(train(same, job), Catch::Contains("blend"));
  job.options.augment.mixup = false;
  job.options.loss = TrainOptions::Loss::mse;
  CHECK_THROWS_WITH(train(same, job), Catch::Contains("need classes"));
}

TEST_CASE("pictures turn around their centre", "[train]") {
  Graph g = parse("%x = input f32[1,5,5,2] %y = relu(%x) output %y");
  std::vector<float> pixels(50);
  for (std::size_t i = 0; i < 50; ++i) pixels[i] = static_cast<float>(i % 2 ? 7 : i / 2);
  Dataset d;
  d.inputs.push_back(array_of({1, 5, 5, 2}, pixels));
  Augment a;
  a.rotate = 90;
  std::vector<float> out(50);
  std::set<float> corners;
  for (std::size_t epoch = 0; epoch < 40; ++epoch) {
    const Augmenter turned(g, d, a, 1);
    turned.sample(0, 0, 0, epoch, out);
    CHECK(out[24] == Approx(12).margin(1e-4));  // the centre stays
    for (std::size_t i = 1; i < 50; i += 2) CHECK(out[i] == 7);
    // the picture is a plane: what lies opposite adds up to twice the centre, whatever the angle
    CHECK(out[22] + out[26] == Approx(24).margin(1e-3));
    CHECK(out[14] + out[34] == Approx(24).margin(1e-3));
    // a neighbour of the centre tells the angle: 12 + cos - 5 sin, and its square with the one below it 26 + ...
    const double right = static_cast<double>(out[26]) - 12, below = static_cast<double>(out[34]) - 12;
    CHECK(right * right + below * below == Approx(26).margin(0.01));
    corners.insert(out[26]);
  }
  CHECK(corners.size() > 30);
}

TEST_CASE("augmented samples are shifted, mirrored and blended copies", "[train]") {
  Graph g = parse("%x = input f32[1,3,4,1] %y = relu(%x) output %y");
  std::vector<float> pixels(24);
  for (std::size_t i = 0; i < 24; ++i) pixels[i] = static_cast<float>(i);
  Dataset d;
  d.inputs.push_back(array_of({2, 3, 4, 1}, pixels));
  Augment a;
  a.shift = 1;
  const Augmenter moved(g, d, a, 1);
  std::vector<float> out(12);
  std::set<std::vector<float>> seen;
  for (std::size_t epoch = 0; epoch < 100; ++epoch) {
    moved.sample(0, 0, 0, epoch, out);
    bool found = false;
    for (int dy = -1; dy <= 1; ++dy)
      for (int dx = -1; dx <= 1; ++dx) {
        bool same = true;
        for (int y = 0; y < 3; ++y)
          for (int x = 0; x < 4; ++x)
            same =
                same && out[static_cast<std::size_t>(y * 4 + x)] ==
                            pixels[static_cast<std::size_t>(std::clamp(y - dy, 0, 2) * 4 + std::clamp(x - dx, 0, 3))];
        found = found || same;
      }
    CHECK(found);
    seen.insert(out);
  }
  CHECK(seen.size() == 9);
  a = {};
  a.flip = true;
  const Augmenter flipped(g, d, a, 1);
  seen.clear();
  for (std::size_t epoch = 0; epoch < 30; ++epoch) flipped.sample(0, 0, 0, epoch, out), seen.insert(out);
  CHECK(seen ==
        std::set<std::vector<float>>{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8}});
  a = {};
  a.mixup = true;
  const Augmenter mixed(g, d, a, 1);
  mixed.sample(0, 0, 1, 1, out);
  CHECK(out[0] > 0);
  CHECK(out[0] <= 6);
  CHECK(out[5] - out[0] == Approx(5));
  a = {};
  a.time = 1;
  const Augmenter later(g, d, a, 1);
  seen.clear();
  for (std::size_t epoch = 0; epoch < 50; ++epoch) later.sample(0, 0, 0, epoch, out), seen.insert(out);
  CHECK(seen.size() == 3);
}
