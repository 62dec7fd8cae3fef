#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "muxnet/core/tensor.hpp"
#include "muxnet/onnx/description.hpp"

namespace muxnet {

/// What an engine gives for an output, in row-major order; valid during the call that shows it.
struct OnnxArray {
  std::string_view dtype;  ///< as of OnnxValue
  Shape shape;
  const void* values = nullptr;
};

using WriteInput = std::function<void(void* values)>;
/// Is shown each of a session's outputs, by its place among those that were asked for.
using ReadOutput = std::function<void(std::size_t place, const OnnxArray& output)>;

/// An ONNX file in an engine, from one input to the outputs that were asked for. Threads may call
/// it at once.
class OnnxSession {
 public:
  virtual ~OnnxSession() = default;

  /// Runs it on an input of `shape` and of the file's type, which `write` fills, and shows the
  /// outputs to `read`. Throws std::invalid_argument for an input that the engine cannot take.
  virtual void run(const Shape& shape, const WriteInput& write, const ReadOutput& read) = 0;
};

/// What a session is opened for.
struct OnnxSessionOptions {
  std::filesystem::path path;
  OnnxDescription description;
  OnnxValue input;
  std::vector<OnnxValue> outputs;
  int threads = 0;      ///< of one call; 0: those of the process
  std::string content;  ///< of the file, with all weights; empty where that is too large: by path
};

/// Throws std::invalid_argument for a network that the engine cannot run.
using OpenSession = std::function<std::unique_ptr<OnnxSession>(const OnnxSessionOptions& options)>;

}  // namespace muxnet
