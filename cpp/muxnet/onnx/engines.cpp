#include "muxnet/onnx/engines.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>
#include <mutex>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

namespace fs = std::filesystem;

struct Told {
  std::mutex mutex;
  std::map<std::string, fs::path> places;
};
Told& told() {
  static Told one;
  return one;
}

/// The library in a folder, whatever version stands behind its name.
fs::path file_in(const fs::path& folder, const std::string& library) {
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(folder, failure)) {
    if (entry.path().filename().string().starts_with(library)) return entry.path();
  }
  return folder / library;
}

fs::path place_of(const OnnxEngine& engine) {
  std::string variable = "MUXNET_" + engine.name;
  std::transform(variable.begin(), variable.end(), variable.begin(),
                 [](unsigned char letter) { return std::toupper(letter); });
  const char* named = std::getenv(variable.c_str());
  const std::lock_guard lock(told().mutex);
  const fs::path path = named != nullptr ? fs::path(named) : told().places[engine.name];
  if (path.empty()) return engine.library;
  std::error_code failure;
  return fs::is_directory(path, failure) ? file_in(path, engine.library) : path;
}

}  // namespace

OnnxEngineRegister& onnx_engines() {
  static OnnxEngineRegister all("engines", {MUXNET_ONNX_ENTRIES});
  return all;
}

void tell_library(const std::string& engine, const fs::path& place) {
  const std::string& name = onnx_engines().find(engine).name;
  const std::lock_guard lock(told().mutex);
  told().places[name] = place;
}

void* open_library(const std::string& engine) {
  const OnnxEngine& found = onnx_engines().find(engine);
  void* opened = ::dlopen(place_of(found).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (opened == nullptr) {
    throw std::invalid_argument(
        error_text(engine, text("its library (pip install ", engine, ')'), ::dlerror()));
  }
  return opened;
}

void* function_of(void* library, const std::string& engine, const char* name) {
  void* found = ::dlsym(library, name);
  require(found != nullptr, engine, text("a version that has ", name), "another");
  return found;
}

}  // namespace muxnet
