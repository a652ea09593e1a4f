#include "pipeline/fingerprint.h"

#include "tflite/sha256.h"

namespace tinyc {
namespace {

// Everything about an array, its bytes by their own hash.
std::string text_of(const Array& a) {
  std::string text = std::to_string(static_cast<int>(a.type));
  for (const auto n : a.shape) text += "," + std::to_string(n);
  return text + ":" + tfl::sha256(a.data) + "\n";
}

}  // namespace

std::string fingerprint(const std::string& text) {
  return tfl::sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::string fingerprint(const Dataset& d) {
  std::string text;
  for (const Array& a : d.inputs) text += text_of(a);
  if (d.labels) text += "labels " + text_of(*d.labels);
  if (d.groups) text += "groups " + text_of(*d.groups);
  return fingerprint(text);
}

}  // namespace tinyc
