#pragma once

#include <filesystem>
#include <memory>

#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// A model that answers a batch, whatever runs it. Threads may call it at once; those whose models
/// cannot run side by side take turns.
class Classifier {
 public:
  virtual ~Classifier() = default;

  /// What the model gives, f32 (n, K), for images f32 (n, c, h, w), scaled as it wants them. Throws
  /// std::invalid_argument for images that it cannot take and answers of another shape, BusyError
  /// while another thread trains the model.
  virtual Tensor answer(const Tensor& images) = 0;
};

/// The first output of an ONNX file, run by OpenCV's DNN module. Throws FileError for a file that
/// cannot be read, std::invalid_argument for a network that OpenCV's importer does not know.
std::unique_ptr<Classifier> load_onnx(const std::filesystem::path& path);

}  // namespace muxnet
