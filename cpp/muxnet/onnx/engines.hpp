#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "muxnet/core/register.hpp"
#include "muxnet/onnx/entries.hpp"
#include "muxnet/onnx/session.hpp"

namespace muxnet {

/// What runs ONNX files: a library that is opened when the first file is, whatever version is
/// installed, so that nothing of it is needed to build.
struct OnnxEngine {
  std::string name;     ///< by which it is chosen, and of the Python package that has it
  std::string title;    ///< what it is, for people
  std::string library;  ///< how the name of its file begins
  std::string folder;   ///< of the file in the package
  bool side_by_side;    ///< whether calls of one session run at once, instead of taking turns
  OpenSession open;
};
using OnnxEngineRegister = Register<OnnxEngine>;

/// All engines, the default first.
OnnxEngineRegister& onnx_engines();

/// NAME.cpp has add_NAME.
OnnxEngineRegister::Adder MUXNET_ONNX_ENTRIES;

/// Where an engine's library is: the file, or the folder that has it.
void tell_library(const std::string& engine, const std::filesystem::path& place);

/// Opens an engine's library: the file or folder that the environment names (MUXNET_ONNXRUNTIME,
/// MUXNET_OPENVINO), else the place told, else as the loader finds it. It is never closed, as its
/// threads may outlive what was asked of it. Throws std::invalid_argument where there is none.
void* open_library(const std::string& engine);

/// A function of an opened library. Throws std::invalid_argument where it has none of that name.
void* function_of(void* library, const std::string& engine, const char* name);

/// An engine's functions, a struct of its own, which `load` gives at first use. What that throws is
/// no end: a library may be told later, and is then looked for again.
template <class Functions>
const Functions& loaded(Functions (*load)()) {
  static std::mutex mutex;
  static std::optional<Functions> one;
  const std::lock_guard lock(mutex);
  if (!one) one = load();
  return *one;
}

}  // namespace muxnet
