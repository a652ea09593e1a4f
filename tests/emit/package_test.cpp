// Packages for build systems: their files say what those systems' rules want, and what is in them compiles.
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "catch.h"
#include "emit/shell.h"
#include "oracle/small_programs.h"
#include "tinyc/error.h"

namespace tinyc {
namespace {

bool python_yaml() { return std::system("python3 -c 'import yaml' >/dev/null 2>&1") == 0; }

/// A YAML file as JSON; null where python3 has no yaml (the test says so).
nlohmann::json yaml(const Folder& dir, const std::string& file) {
  if (!python_yaml()) {
    WARN("python3 with yaml is not installed: " << file << " is not parsed");
    return nullptr;
  }
  return nlohmann::json::parse(
      check_runs(dir, "python3 -c 'import json, yaml; print(json.dumps(yaml.safe_load(open(\"" + file + "\"))))'"));
}

/// Builds a CMake project with a cross compiler.
void build(const Folder& dir, const std::string& source, const std::string& compiler, const std::string& flags) {
  check_runs(dir, "cmake -S " + source + " -B build -DCMAKE_SYSTEM_NAME=Generic -DCMAKE_C_COMPILER=" + compiler +
                      " -DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY -DCMAKE_C_FLAGS='" + flags +
                      " -Wall -Wextra -Werror' && cmake --build build");
}

TEST_CASE("arduino: the library keeps the rules of format 1.5") {
  const Texts files = emit_arduino(oracle::small_program());
  std::map<std::string, std::string> properties;
  std::istringstream lines(files.at("library.properties"));
  for (std::string line; std::getline(lines, line);) {
    const auto equals = line.find('=');
    REQUIRE(equals != std::string::npos);
    CHECK(properties.emplace(line.substr(0, equals), line.substr(equals + 1)).second);
  }
  for (const char* key : {"name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url",
                          "architectures", "includes"}) {
    INFO(key);
    CHECK_FALSE(properties[key].empty());
  }
  CHECK(std::regex_match(properties["name"], std::regex("[A-Za-z0-9][A-Za-z0-9 _.-]{0,62}")));
  CHECK(std::regex_match(properties["version"], std::regex("[0-9]+\\.[0-9]+\\.[0-9]+")));
  const std::set<std::string> categories = {"Display",      "Communication",   "Signal Input/Output",
                                            "Sensors",      "Device Control",  "Timing",
                                            "Data Storage", "Data Processing", "Other"};
  CHECK(categories.contains(properties["category"]));
  CHECK(properties["architectures"] == "*");
  CHECK(properties["paragraph"].find(properties["sentence"]) == std::string::npos);  // the IDE shows both
  CHECK(std::regex_match(properties["url"], std::regex("https?://.+")));
  CHECK(files.contains("src/" + properties["includes"]));

  // with src/ everything else in the root is no source, and each example is a folder with a sketch of its name
  std::set<std::string> names;
  for (const auto& [name, text] : files) names.insert(name);
  CHECK(names == std::set<std::string>{"examples/small/small.ino", "keywords.txt", "library.json", "library.properties",
                                       "src/small_data.c", "src/small_data.h", "src/tinyc_rt.c", "src/tinyc_rt.h"});
  std::istringstream keywords(files.at("keywords.txt"));
  for (std::string line; std::getline(keywords, line);) {
    INFO(line);
    CHECK(std::regex_match(line, std::regex("[A-Za-z_0-9]+\t(KEYWORD[123]|LITERAL1)")));
    CHECK(files.at("src/small_data.h").find(line.substr(0, line.find('\t'))) != std::string::npos);
  }
  const auto json = nlohmann::json::parse(files.at("library.json"));
  CHECK(json["name"] == properties["name"]);
  CHECK(json["version"] == properties["version"]);
  CHECK(files.contains("src/" + json["headers"].get<std::string>()));
  CHECK(json["frameworks"] == "*");
  CHECK(json["platforms"] == "*");
}

TEST_CASE("arduino: the library and its sketch compile for an Uno") {
  if (!installed("avr-gcc")) {
    WARN("avr-gcc is not installed: skipped");
    return;
  }
  for (const bool blob : {false, true}) {
    const Folder dir;
    write_all(dir, emit_arduino(oracle::small_program(), {blob, false, {}}));
    const std::string flags =
        " -mmcu=atmega328p -DF_CPU=16000000UL -Os -Wall -Wextra -Werror -Isrc -I'" TINYC_SOURCE_DIR
        "/examples/boards/arduino' -c ";
    check_runs(dir, "avr-gcc -std=gnu11" + flags + "src/small_data.c -o data.o && avr-gcc -std=gnu11" + flags +
                        "src/tinyc_rt.c -o rt.o && avr-g++ -std=gnu++11 -include Arduino.h -x c++" + flags +
                        "examples/small/small.ino -o sketch.o");
  }
}

TEST_CASE("arduino: names that the IDE refuses") {
  Program p = oracle::small_program();
  p.name = "_small";
  CHECK_THROWS_WITH(emit_arduino(p), "an Arduino library cannot be called '_small'");
}

TEST_CASE("zephyr: a module that CMake and Kconfig understand") {
  const Folder dir;
  write_all(dir, emit_zephyr(oracle::small_program()));
  const auto module = yaml(dir, "zephyr/module.yml");
  if (!module.is_null()) {
    CHECK(module["name"] == "small");
    CHECK(fs::exists(dir.path / module["build"]["cmake"].get<std::string>() / "CMakeLists.txt"));
    CHECK(fs::exists(dir.path / module["build"]["kconfig"].get<std::string>()));
  }
  const std::string kconfig = emit_zephyr(oracle::small_program()).at("Kconfig");
  CHECK(kconfig.find("config TINYC_SMALL\n\tbool \"") != std::string::npos);
  CHECK(kconfig.find("config TINYC_SMALL_RUNTIME\n\tbool \"") != std::string::npos);
  // Zephyr's own functions, as far as the module calls them
  write_text(dir.path / "app/CMakeLists.txt", R"(cmake_minimum_required(VERSION 3.20)
project(app C)
function(zephyr_include_directories)
  include_directories(${ARGN})
endfunction()
macro(zephyr_library_named name)
  set(ZEPHYR_CURRENT_LIBRARY ${name})
  add_library(${name} STATIC)
endmacro()
function(zephyr_library_sources)
  target_sources(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGN})
endfunction()
function(zephyr_library_sources_ifdef feature)
  if(${feature})
    zephyr_library_sources(${ARGN})
  endif()
endfunction()
set(CONFIG_TINYC_SMALL y)
set(CONFIG_TINYC_SMALL_RUNTIME y)
add_subdirectory(.. module)
)");
  if (!installed("arm-none-eabi-gcc")) {
    WARN("arm-none-eabi-gcc is not installed: skipped");
    return;
  }
  build(dir, "app", "arm-none-eabi-gcc", "-mcpu=cortex-m4 -mthumb");
  const std::string symbols = check_runs(dir, "arm-none-eabi-nm build/module/libtinyc_small.a");
  CHECK(symbols.find(" T small_invoke") != std::string::npos);
  CHECK(symbols.find(" T tinyc_run") != std::string::npos);
}

TEST_CASE("esp-idf: a component that CMake understands, compiled for RISC-V") {
  const Folder dir;
  const Texts files = emit_esp_idf(oracle::small_program());
  for (const auto& [name, text] : files) write_text(dir.path / "small" / name, text);
  const auto manifest = yaml(dir, "small/idf_component.yml");
  if (!manifest.is_null()) {
    CHECK(std::regex_match(manifest["version"].get<std::string>(), std::regex("[0-9]+\\.[0-9]+\\.[0-9]+")));
    CHECK(manifest["description"].is_string());
    CHECK(manifest["dependencies"]["idf"].is_string());
  }
  CHECK(files.at("Kconfig").find("config TINYC_SMALL_RUNTIME\n    bool \"") != std::string::npos);
  write_text(dir.path / "CMakeLists.txt", R"(cmake_minimum_required(VERSION 3.20)
project(app C)
function(idf_component_register)
  cmake_parse_arguments(ARG "" "" "SRCS;INCLUDE_DIRS" ${ARGN})
  add_library(small STATIC ${ARG_SRCS})
  target_include_directories(small PUBLIC ${ARG_INCLUDE_DIRS})
endfunction()
set(CONFIG_TINYC_SMALL_RUNTIME y)
add_subdirectory(small)
)");
  if (!installed("riscv64-unknown-elf-gcc")) {
    WARN("riscv64-unknown-elf-gcc is not installed: skipped");
    return;
  }
  build(dir, ".", "riscv64-unknown-elf-gcc", "-march=rv32imc -mabi=ilp32 --specs=picolibc.specs");
  CHECK(fs::exists(dir.path / "build/small/libsmall.a"));
}

TEST_CASE("tflm: the file as an aligned array") {
  const Folder dir;
  Bytes model(1000);
  for (std::size_t i = 0; i < model.size(); ++i) model[i] = static_cast<std::uint8_t>(i * 7);
  write_all(dir, emit_tflm("kws", model));
  write_bytes(dir.path / "model", model);
  write_text(dir.path / "main.c", R"(#include "kws_model.h"
#include <stdint.h>
#include <stdio.h>
int main(void) {
  if ((uintptr_t)g_kws_model % 16) return 1;
  fwrite(g_kws_model, 1, g_kws_model_len, stdout);
  return 0;
}
)");
  check_runs(dir,
             "g++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -c kws_model.cc && gcc -std=c99 -Wall -Werror main.c "
             "kws_model.o -o main && ./main | cmp - model");
  CHECK_THROWS_AS(emit_tflm("k-ws", model), Error);
}

}  // namespace
}  // namespace tinyc
