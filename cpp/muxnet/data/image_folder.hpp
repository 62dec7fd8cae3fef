#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "muxnet/data/dataset.hpp"

namespace muxnet {

struct ImageFolderOptions {
  int channels = 3;                      ///< 3: RGB; 1: grey
  int size = 64;                         ///< height and width after resize, in pixels
  bool skip_unreadable = false;          ///< leave out what cannot be decoded instead of failing
  std::int64_t max_pixels = 64'000'000;  ///< width * height of one file; guards the memory
};

/// Images u8 (n, channels, size, size), each cut to its central square and resized. Decoded in
/// parallel. Throws FileError for the first file that is not readable, std::invalid_argument for no
/// files.
Tensor load_images(std::span<const std::filesystem::path> files, const ImageFolderOptions& options);

/// A folder with one sub-folder of JPEG and PNG files for each class, classes and files in sorted
/// order. Each image is cut to its central square and resized to options.size. Decoded in parallel.
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
