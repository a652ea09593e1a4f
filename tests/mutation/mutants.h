// What can be changed in a C or C++ source: one token, one condition or one statement at a time.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace mutation {

struct Mutant {
  std::string file, home;  ///< home: the folder of tests it belongs to
  std::size_t line = 0, column = 0, begin = 0, end = 0;
  std::string before, after, text;  ///< text: the whole line, trimmed

  std::string apply(const std::string& source) const { return source.substr(0, begin) + after + source.substr(end); }
  std::string describe() const {
    return file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + before + " -> " +
           (after == ";" ? "(removed)" : after) + "    in: " + text;
  }
};

using Site = std::vector<Mutant>;  ///< the alternatives at one place

std::string home_of(const std::string& file);
std::vector<Site> sites_of(const std::string& file, const std::string& source);

}  // namespace mutation
