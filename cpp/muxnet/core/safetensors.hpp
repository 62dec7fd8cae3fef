#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// Named tensors and string metadata, as the safetensors format holds them.
struct SafeTensors {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;

  /// The tensor called `name`; throws std::invalid_argument that lists what there is.
  const Tensor& at(const std::string& name) const;
};

/// Writes atomically. Source: https://github.com/huggingface/safetensors (format description).
void save_safetensors(const std::filesystem::path& path, const SafeTensors& content);

/// Reads and checks everything: header size, JSON, dtypes, offsets without holes or overlap,
/// shapes against byte counts. Throws FileError that names file and tensor.
SafeTensors load_safetensors(const std::filesystem::path& path);

}  // namespace muxnet
