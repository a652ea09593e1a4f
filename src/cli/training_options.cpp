#include "cli/options.h"
#include "tinyc/error.h"

namespace tinyc {
namespace {

using O = CompressOptions;
TrainOptions& training(O& o) { return o.settings.pass_options.training.options; }

float number(const std::string& v, const char* option, double lo, double hi) {
  return static_cast<float>(parse_number(v, option, lo, hi));
}
std::size_t count(const std::string& v, const char* option, double lo) {
  return static_cast<std::size_t>(parse_number(v, option, lo, 1e9));
}

// "flip,shift=3,rotate=10,time=4,noise=0.1,mixup"
void set_augment(O& o, const std::string& v) {
  Augment a;
  for (const auto& item : parse_list(v)) {
    const auto equals = item.find('=');
    const std::string name = item.substr(0, equals), value = equals == std::string::npos ? "" : item.substr(equals + 1);
    if (name == "flip" && value.empty())
      a.flip = true;
    else if (name == "mixup" && value.empty())
      a.mixup = true;
    else if (name == "rotate")
      a.rotate = number(value, "--augment rotate", 0, 180);
    else if (name == "shift")
      a.shift = static_cast<std::int32_t>(parse_number(value, "--augment shift", 0, 1000));
    else if (name == "time")
      a.time = static_cast<std::int32_t>(parse_number(value, "--augment time", 0, 100000));
    else if (name == "noise")
      a.noise = number(value, "--augment noise", 0, 10);
    else
      bad_value("--augment", v, "a list of flip, shift=PIXELS, rotate=DEGREES, time=STEPS, noise=SHARE, mixup");
  }
  training(o).augment = a;
}

const OptionSpec kSpecs[] = {
    {"epochs", "N", "passes over the training samples (default 10)", false,
     [](O& o, const std::string& v) { training(o).epochs = count(v, "--epochs", 0); }},
    {"lr", "R", "learning rate at its peak (default 0.001)", false,
     [](O& o, const std::string& v) { training(o).learning_rate = number(v, "--lr", 1e-9, 1e3); }},
    {"batch", "N", "samples of one step (default 64)", false,
     [](O& o, const std::string& v) { training(o).batch = count(v, "--batch", 1); }},
    {"optimizer", "O", "adam (default) or sgd", false,
     [](O& o, const std::string& v) {
       if (v != "adam" && v != "sgd") bad_value("--optimizer", v, "adam or sgd");
       training(o).optimizer = v == "sgd" ? TrainOptions::Optimizer::sgd : TrainOptions::Optimizer::adam;
     }},
    {"momentum", "M", "of sgd (default 0.9)", false,
     [](O& o, const std::string& v) { training(o).momentum = number(v, "--momentum", 0, 0.9999); }},
    {"weight-decay", "D", "decoupled weight decay (default 0)", false,
     [](O& o, const std::string& v) { training(o).weight_decay = number(v, "--weight-decay", 0, 10); }},
    {"val", "F", "share of the training samples held out to choose the best epoch (default 0.1)", false,
     [](O& o, const std::string& v) { training(o).validation = number(v, "--val", 0, 0.9); }},
    {"patience", "N", "stop after N epochs without a better one (default: never)", false,
     [](O& o, const std::string& v) { training(o).patience = count(v, "--patience", 0); }},
    {"loss", "L", "auto (default), cross-entropy or mse", false,
     [](O& o, const std::string& v) {
       using Loss = TrainOptions::Loss;
       if (v != "auto" && v != "cross-entropy" && v != "mse") bad_value("--loss", v, "auto, cross-entropy or mse");
       training(o).loss = v == "auto" ? Loss::automatic : v == "mse" ? Loss::mse : Loss::cross_entropy;
     }},
    {"no-labels", nullptr, "leave the labels of --finetune unread: the teacher alone", false,
     [](O& o, const std::string& v) { training(o).labels = !parse_switch(v, "--no-labels"); }},
    {"alpha", "A", "share of the labels' loss beside the teacher's (default 0.5)", false,
     [](O& o, const std::string& v) { training(o).alpha = number(v, "--alpha", 0, 1); }},
    {"temperature", "T", "softens the classes of teacher and student (default 2)", false,
     [](O& o, const std::string& v) { training(o).temperature = number(v, "--temperature", 0.01, 1000); }},
    {"hints", "W", "weight of inner activations that follow the teacher's (default 0)", false,
     [](O& o, const std::string& v) { training(o).hints = number(v, "--hints", 0, 1000); }},
    {"teacher-views", "N", "the teacher's answer is its mean over N augmented views of a sample (default 1)", false,
     [](O& o, const std::string& v) { training(o).teacher_views = count(v, "--teacher-views", 1); }},
    {"augment", "LIST", "change samples: flip, shift=PIXELS, rotate=DEGREES, time=STEPS, noise=SHARE, mixup", false,
     set_augment},
};

}  // namespace

std::span<const OptionSpec> training_specs() noexcept { return kSpecs; }

}  // namespace tinyc
