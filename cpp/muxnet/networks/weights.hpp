#pragma once

#include <filesystem>

#include "muxnet/networks/model.hpp"

namespace muxnet {

/// Writes the model's named tensors (torchvision's names) and, as metadata, its name and
/// normalisation. Atomic. Throws FileError.
void save_weights(const Model& model, const std::filesystem::path& path);

/// Reads what save_weights wrote; a file without a normalisation leaves the model's as it is.
/// Throws FileError, and std::invalid_argument that lists every missing, extra or misshapen tensor.
void load_weights(Model& model, const std::filesystem::path& path);

}  // namespace muxnet
