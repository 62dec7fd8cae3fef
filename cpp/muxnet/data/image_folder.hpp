#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "muxnet/data/dataset.hpp"
#include "muxnet/data/read_images.hpp"

namespace muxnet {

/// Image files by class, none of them opened yet.
struct ImageFiles {
  std::vector<std::string> files;    ///< paths, by class and then in sorted order
  std::vector<std::int32_t> labels;  ///< one a file
};

/// An image folder by its parts; `test` and `held_out` are empty where it has
/// none of its own.
struct ImageFolder {
  ImageFiles train;                      ///< all where it is not divided
  ImageFiles held_out;                   ///< of a validation part beside a test part
  ImageFiles test;                       ///< of a test part, else a validation part
  std::vector<std::string> class_names;  ///< by label
  std::vector<std::string> left_out;     ///< for people: what is there and is no input, and why
};

/// What a folder of images holds. Either it has a sub-folder for each class, or
/// parts that have them: train, training or trn, test, testing or tst, val, valid, validation or
/// dev, in any case, also as train_set, test1 or seg_train/seg_train. Validation images are the
/// held-out part beside a test part, else the test part. The classes are the sub-folders of the
/// training part (all parts' where there is none), numbers by value and then names by letters,
/// those without images too; images lie in them or in folders below, with an ending
/// of image_endings(). A part without class folders is left out. Throws
/// FileError: no such folder, no images, classes that only another part has, folders of the same
/// folders of images, which are parts of some other name.
ImageFolder list_image_folder(const std::filesystem::path& folder);

struct ImageFolderOptions {
  ImageFormat format{.height = 64, .width = 64, .interpolation = "area"};
  bool skip_unreadable = false;  ///< leave out what cannot be decoded instead of failing
  ImageLimits limits;
  std::vector<std::string>* left_out = nullptr;  ///< gets, for people, what is no input and why
};

/// The images of a folder, all in memory. Throws FileError as list_image_folder, and with every
/// unreadable image and why. source_index counts the part's image files, left-out ones included.
DatasetParts load_image_folder(const std::filesystem::path& folder,
                               const ImageFolderOptions& options = {});

}  // namespace muxnet
