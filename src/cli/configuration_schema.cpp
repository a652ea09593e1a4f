// The JSON Schema of tinyc.toml, from the option table: editors check and complete with it.
#include <nlohmann/json.hpp>

#include "cli/configuration.h"

namespace tinyc {

std::string configuration_schema() {
  using Json = nlohmann::ordered_json;
  Json options = Json::object();
  for (const OptionSpec& s : compress_specs()) {
    if (std::string(s.name) == "json") continue;  // what is printed is the caller's business
    Json& o = options[s.name] = {{"description", s.help}};
    if (!s.value)
      o["type"] = "boolean";
    else if (s.path)
      o["type"] = "string";
    else
      o["type"] = {"string", "number"};
  }
  Json model = options;
  model["path"] = {{"description", "the .tflite, from this file's folder"}, {"type", "string"}};
  const Json schema{
      {"$schema", "https://json-schema.org/draft/2020-12/schema"},
      {"title", "tinyc.toml: models and how to compress them"},
      {"type", "object"},
      {"additionalProperties", false},
      {"properties",
       {{"defaults",
         {{"description", "options for every model"},
          {"type", "object"},
          {"additionalProperties", false},
          {"properties", options}}},
        {"model",
         {{"type", "array"},
          {"items",
           {{"type", "object"}, {"required", {"path"}}, {"additionalProperties", false}, {"properties", model}}}}}}}};
  return schema.dump(2) + "\n";
}

}  // namespace tinyc
