#pragma once

#include <filesystem>

#include <string>
#include <utility>
#include <vector>

#include "muxnet/networks/model.hpp"
#include "muxnet/networks/network.hpp"

namespace muxnet {

/// Writes the model's named tensors (torchvision's names) and, as metadata, its name, normalisation
/// and ranges of int8. Atomic. Throws FileError.
void save_weights(const Model& model, const std::filesystem::path& path);

/// Reads what save_weights wrote; a file without a normalisation leaves the model's as it is.
/// Throws FileError, and std::invalid_argument that lists every missing, extra or misshapen tensor.
void load_weights(Model& model, const std::filesystem::path& path);

/// Copies every tensor of `from` that `to` has by the same name and shape; the others stay.
void transfer_weights(const Model& from, Model& to);

/// Names and shapes of a network's tensors, buffers included, in its order.
using NamedShapes = std::vector<std::pair<std::string, Shape>>;

/// The network of the zoo whose tensors have these names and shapes, built for images as in
/// `options` and as many classes as the last matrix has rows. Throws std::invalid_argument where
/// there is none, and for tensors without a matrix.
std::string matching_network(const NamedShapes& tensors, NetworkOptions options);

/// The rows of the last matrix, the classes of a network that ends in a linear layer. Throws
/// std::invalid_argument where there is none.
std::int64_t class_count(const NamedShapes& tensors);

}  // namespace muxnet
