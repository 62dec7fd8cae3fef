#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "muxnet/data/dataset.hpp"
#include "muxnet/data/image_folder.hpp"

namespace muxnet {

/// Data from "scheme:path", where the scheme is one of dataset_schemes(); `images` is for
/// images: only. Throws std::invalid_argument (scheme, no path) and FileError.
DatasetPair open_dataset(std::string_view spec, const ImageFolderOptions& images = {});

/// "mnist", "fashion-mnist", "cifar10", "cifar100", "images".
std::vector<std::string> dataset_schemes();

}  // namespace muxnet
