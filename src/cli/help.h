// The pages of docs/ inside the program.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace tinyc {

struct HelpTopic {
  const char* name;       ///< "getting_started"
  std::string_view text;  ///< Markdown
};
/// By name. Generated from docs/*.md by src/cli/embed.cmake.
std::span<const HelpTopic> help_topics();

/// A page for the terminal: without the markup of Markdown, tables as they stand, lines of at most `width` columns
/// where they are prose.
std::string for_terminal(std::string_view markdown, std::size_t width = 100);

}  // namespace tinyc
