// Spelling of C: numbers, arrays, comments.
#pragma once
#include <map>
#include <string>

#include "tinyc/program.h"

namespace tinyc {

/// A float constant that reads back as the same value: "0.0235294122f".
std::string c_float(float v);
/// An int32 constant, in parentheses where it starts with a sign.
std::string c_int(std::int64_t v);
/// Text from a model made harmless inside a comment: what could end it or be mistaken for code becomes '_'.
std::string c_comment(const std::string& text);
/// "int8_t", "uint8_t" or "int32_t".
const char* c_type(Blob::Type t);
/// Letters in upper case.
std::string upper(std::string s);
/// The text with values in place of keys, say of "@n@".
std::string filled(std::string text, const std::map<std::string, std::string>& values);
/// With the program's name for `@n@` and in upper case for `@N@`.
std::string filled(std::string text, const Program& p);
/// Number of elements of a blob.
std::size_t c_count(const Blob& b);
/// The elements as decimal lines of at most 120 columns, without braces.
std::string c_elements(const Blob& b);

}  // namespace tinyc
