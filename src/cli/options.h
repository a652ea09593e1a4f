// The options of `compress`: one table for the command line, TINYC_* variables and tinyc.toml.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "driver.h"

namespace tinyc {

struct CompressOptions {
  std::string model, out_dir, calib, eval, preprocess, dump_after, finetune, teacher, student;
  std::size_t calib_samples = 0;
  CompressSettings settings;
  OutputChoice output;
  Gates gates;
  bool json = false;
  int threads = 0;
  std::string config;                         ///< the tinyc.toml that was read; empty: none
  std::vector<std::string> loaded_libraries;  ///< of settings.loaded_passes
  std::string depfile;                        ///< where to write what was read; empty: nowhere
  std::map<std::string, std::string> values;  ///< of all options that were given, wherever: by name, as text
};

struct OptionSpec {
  const char* name;   ///< "calib-method"; the variable is TINYC_CALIB_METHOD
  const char* value;  ///< what --help shows for the value; null: a switch
  const char* help;
  bool path;                                                  ///< relative values in tinyc.toml count from its folder
  void (*set)(CompressOptions& o, const std::string& value);  ///< throws Error(usage)
};

/// In the order of --help.
std::span<const OptionSpec> compress_specs();
/// The row of this name, or null.
const OptionSpec* find_option(const std::string& name);
/// Sets one option, and remembers its text in `values`.
void apply_option(CompressOptions& o, const OptionSpec& spec, const std::string& value);
/// Those of them that say how to train: also the options of `train`.
std::span<const OptionSpec> training_specs() noexcept;

/// Applies defaults < tinyc.toml < TINYC_* < command line. `given` holds the command line's options by name ("true" for
/// switches). Throws Error(usage): unknown keys (with the nearest known one), bad values, unreadable configuration.
/// Options named in `without` are those of another command: configuration and variables may set them all the same.
CompressOptions resolve_options(const std::string& model, const std::map<std::string, std::string>& given,
                                const std::string& config_path, const CompressOptions& defaults = {},
                                const std::set<std::string>& without = {});

/// "64KiB", "16 KB", "2048" -> bytes (KiB = KB = 1024). Throws Error(usage).
std::uint64_t parse_bytes(const std::string& text, const std::string& option);
/// "1pp" or "1%" -> 0.01; "0.01" -> 0.01. Throws Error(usage).
double parse_share(const std::string& text, const std::string& option);
/// Throws Error(usage): what was given, and what was expected.
[[noreturn]] void bad_value(const std::string& option, const std::string& value, const std::string& expected);
/// "true", "1", "false", "0"; empty is false. Throws Error(usage).
bool parse_switch(const std::string& text, const std::string& option);
/// Items between commas, blanks dropped.
std::vector<std::string> parse_list(const std::string& text);
/// A finite number in [lo, hi]. Throws Error(usage).
double parse_number(const std::string& text, const std::string& option, double lo, double hi);

}  // namespace tinyc
