#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "muxnet/data/dataset.hpp"
#include "muxnet/data/read_images.hpp"

namespace muxnet {

struct ImageFolderOptions {
  ImageFormat format{.height = 64, .width = 64, .interpolation = "box"};
  bool skip_unreadable = false;  ///< leave out what cannot be decoded instead of failing
  ImageLimits limits;
};

/// A folder with one sub-folder of JPEG and PNG files for each class, classes and files in sorted
/// order. Each image is made one of options.format. Decoded in parallel.
/// Throws FileError: no classes, a class without images, the first unreadable image and why. With
/// skip_unreadable the left-out files are appended to `skipped`.
/// source_index counts the image files, left-out ones included.
Dataset load_image_folder(const std::filesystem::path& folder,
                          const ImageFolderOptions& options = {},
                          std::vector<std::string>* skipped = nullptr);

/// A folder with train/ and test/ (else val/), each as above, or itself one as above (then `test`
/// is empty). Throws FileError also when the two parts have different classes.
DatasetPair load_image_folders(const std::filesystem::path& folder,
                               const ImageFolderOptions& options = {},
                               std::vector<std::string>* skipped = nullptr);

}  // namespace muxnet
