#include "pipeline/load_pass.h"

#include <dlfcn.h>

#include "tinyc/error.h"

namespace tinyc {

#if defined(TINYC_STATIC)

const Pass* load_pass(const std::filesystem::path& /*library*/) {
  throw Error(ErrorCode::pass_library, "this tinyc is linked statically and cannot load passes",
              "use the Debian package, or one built without TINYC_STATIC");
}

#else

const Pass* load_pass(const std::filesystem::path& library) {
  const std::string what = "'" + printable(library.string()) + "'";
  std::error_code error;
  if (!std::filesystem::is_regular_file(library, error))
    throw Error(ErrorCode::pass_library, "there is no library " + what, "give --load-pass the path of a .so file");
  // an absolute path: dlopen looks a bare name up in the system's folders
  void* handle = ::dlopen(std::filesystem::absolute(library).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const char* why = ::dlerror();
    throw Error(ErrorCode::pass_library,
                "library " + what + " cannot be loaded: " + printable(why ? why : "unknown", 300),
                "build it as a shared library for this machine, with the headers of this tinyc");
  }
  using Entry = const Pass* (*)(int);
  const auto entry = reinterpret_cast<Entry>(::dlsym(handle, "tinyc_pass"));
  if (!entry)
    throw Error(ErrorCode::pass_library, "library " + what + " holds no pass",
                "export one with TINYC_EXPORT_PASS (include/tinyc/load_pass.h)");
  const Pass* pass = entry(pass_abi());
  if (!pass)
    throw Error(ErrorCode::pass_library, "library " + what + " was built for another version of tinyc",
                "build it again with the headers of this one");
  if (!pass->name || !*pass->name || !pass->run)
    throw Error(ErrorCode::pass_library, "the pass in library " + what + " has no name or nothing to run");
  if (find_pass(pass->name))
    throw Error(ErrorCode::pass_library,
                "the pass in library " + what + " has the name of a built-in one, " + pass->name,
                "choose another name");
  return pass;
}

#endif

}  // namespace tinyc
