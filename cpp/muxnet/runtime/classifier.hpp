#pragma once

#include <exception>
#include <filesystem>
#include <functional>
#include <memory>

#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// What answer() gives, or what it throws.
struct Answered {
  Tensor answers;
  std::exception_ptr failure{};
};

/// A model that answers a batch, whatever runs it. Threads may call it at once; those whose models
/// cannot run side by side take turns.
class Classifier {
 public:
  virtual ~Classifier() = default;

  /// What the model gives, f32 (n, K), for images f32 (n, c, h, w), scaled as it wants them. Throws
  /// std::invalid_argument for images that it cannot take and answers of another shape, BusyError
  /// while another thread trains the model.
  virtual Tensor answer(const Tensor& images) = 0;

  using Done = std::function<void(Answered)>;
  /// The same without waiting for a model that runs elsewhere, for at most `within_ms`: `done` is
  /// called once, by this thread before it returns or by another, and must neither block nor throw.
  virtual void begin(const Tensor& images, double within_ms, const Done& done);
};

/// The first output of an ONNX file, run by OpenCV's DNN module. Throws FileError for a file that
/// cannot be read, std::invalid_argument for a network that OpenCV's importer does not know.
std::unique_ptr<Classifier> load_onnx(const std::filesystem::path& path);

}  // namespace muxnet
