// x = (raw - mean) * scale.
#include <charconv>
#include <cmath>

#include "tinyc/dataset.h"

namespace tinyc {

Preprocess parse_preprocess(const std::string& text) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCode::bad_value, "--preprocess '" + printable(text) + "': " + why,
                "write it as scale=0.00392157,mean=0: x = (raw - mean) * scale");
  };
  Preprocess p;
  bool seen_scale = false, seen_mean = false;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size()), equals = text.find('=', at);
    if (equals >= end) refuse("scale=S or mean=M expected");
    const std::string key = text.substr(at, equals - at);
    float value = 0;
    const auto [stop, error] = std::from_chars(text.data() + equals + 1, text.data() + end, value);
    if (error != std::errc{} || stop != text.data() + end || !std::isfinite(value))
      refuse("the value of " + printable(key) + " is not a number");
    bool& seen = key == "scale" ? seen_scale : seen_mean;
    if (key != "scale" && key != "mean") refuse("'" + printable(key) + "' is not known");
    if (seen) refuse(key + " is given twice");
    seen = true;
    (key == "scale" ? p.scale : p.mean) = value;
    at = end + 1;
  }
  if (p.scale == 0) refuse("a scale of 0 would make all samples equal");
  return p;
}

}  // namespace tinyc
