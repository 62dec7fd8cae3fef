#pragma once

#include <exception>
#include <filesystem>
#include <functional>
#include <memory>

#include "muxnet/core/tensor.hpp"
#include "muxnet/onnx/model.hpp"

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

  /// What the model gives, f32 (n, K), for images f32 (n, c, h, w), scaled as it wants them, or
  /// other inputs f32 (n, ...). Throws std::invalid_argument for inputs that it cannot take and
  /// answers of another shape, BusyError while another thread trains the model.
  virtual Tensor answer(const Tensor& images) = 0;

  /// The same with the embedding that it was opened to give, from one run. Throws
  /// std::invalid_argument too where it gives none.
  virtual EmbeddedAnswers answer_embedded(const Tensor& images);

  using Done = std::function<void(Answered)>;
  /// The same without waiting for a model that runs elsewhere, for at most `within_ms`: `done` is
  /// called once, by this thread before it returns or by another, and must neither block nor throw.
  virtual void begin(const Tensor& images, double within_ms, const Done& done);
};

/// An ONNX file in an engine. Throws FileError for a file that cannot be read,
/// std::invalid_argument for a network that cannot be run, by name.
std::unique_ptr<Classifier> load_onnx(const std::filesystem::path& path,
                                      const OnnxOptions& options = {});

/// Opens a file for each thread that asks, as load_onnx() does; they share what the engine holds
/// where it runs calls side by side.
std::function<std::unique_ptr<Classifier>()> open_onnx(const std::filesystem::path& path,
                                                       const OnnxOptions& options = {});

}  // namespace muxnet
