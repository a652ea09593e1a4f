#include "cli/help_format.h"

#include <CLI/CLI.hpp>
#include <memory>

namespace tinyc {
namespace {

constexpr std::size_t kColumns = 100, kTextColumn = 30;

/// Words from column `indent` on; the first line continues what `out` ends with.
std::string wrapped(const std::string& text, std::size_t column, std::size_t indent) {
  std::string out;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const bool first = column == indent;
    if (!first && column + 1 + word.size() > kColumns) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out;
}

/// A name, and what it means in a column of its own.
std::string row(const std::string& name, const std::string& text) {
  std::string out = "  " + name;
  if (out.size() + 2 > kTextColumn) out += "\n";
  const std::size_t used = out.back() == '\n' ? 0 : out.size();
  return out + std::string(kTextColumn - used, ' ') + wrapped(text, kTextColumn, kTextColumn) + "\n";
}

class Format : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool positional) const override {
    return row(make_option_name(option, positional) + make_option_opts(option), make_option_desc(option));
  }
  std::string make_subcommand(const CLI::App* command) const override {
    return row(command->get_name(), command->get_description());
  }
  std::string make_description(const CLI::App* app) const override {
    return wrapped(app->get_description(), 0, 0) + "\n";
  }
};

struct Example {
  const char *command, *line;
};
constexpr Example kExamples[] = {
    {"compress", "tinyc compress model.tflite --int8 --calib calib.npz --eval eval.npz -o out"},
    {"inspect", "tinyc inspect model.tflite"},
    {"run", "tinyc run out --input test.npz --output answers.npz"},
    {"eval", "tinyc eval out --data test.npz"},
    {"train", "tinyc train net.txt --data train.csv -o net.tflite"},
    {"sensitivity", "tinyc sensitivity model.tflite --eval eval.npz --samples 100"},
    {"search", "tinyc search model.tflite --eval eval.npz --max-drop 1pp --trials 1 -o found"},
    {"check", "tinyc check out --max-flash 64KiB --max-ram 16KiB"},
    {"diff", "tinyc diff main/report.json out --gate"},
    {"build", "tinyc build --config project.toml"},
    {"update", "tinyc update --config project.toml"},
    {"explain", "tinyc explain out"},
    {"runtime", "tinyc runtime out out2 -o rt"},
    {"trace", "tinyc trace out --from dump.txt --input calib.npz[3:4]"},
    {"ops", "tinyc ops"},
    {"passes", "tinyc passes"},
    {"targets", "tinyc targets --json"},
    {"version", "tinyc version --json"},
    {"errors", "tinyc errors"},
    {"help", "tinyc help getting_started"},
    {"schema", "tinyc schema"},
    {"completion", "tinyc completion bash"},
    {"man", "tinyc man compress"},
};

}  // namespace

void set_up_help(CLI::App& app) {
  const auto format = std::make_shared<Format>();
  app.formatter(format);
  app.footer("\nExample:\n  tinyc compress model.tflite --int8 --calib calib.npz -o out");
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    command->formatter(format);
    for (const auto& [name, line] : kExamples)
      if (command->get_name() == name) command->footer(std::string("\nExample:\n  ") + line);
  }
}

}  // namespace tinyc
