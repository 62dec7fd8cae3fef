#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "muxnet/core/register.hpp"
#include "muxnet/data/dataset.hpp"
#include "muxnet/data/entries.hpp"
#include "muxnet/data/image_folder.hpp"

namespace muxnet {

/// A kind of data set, opened from a folder or an archive.
struct DataKind {
  std::string name;   ///< by which it is chosen
  std::string title;  ///< what it is, for people
  std::function<DatasetParts(const std::filesystem::path&, const ImageFolderOptions&)> open;
};
using DataKindRegister = Register<DataKind>;

/// All kinds of data set that "KIND:PATH" may name.
DataKindRegister& data_kinds();

/// FORMAT.cpp has add_FORMAT, which adds the kinds that it reads.
DataKindRegister::Adder MUXNET_DATA_ENTRIES;

/// Data from "KIND:PATH", the kind one of data_kinds(); `images` is for images: only. Throws
/// std::invalid_argument (kind, no path) and FileError.
DatasetParts open_dataset(std::string_view spec, const ImageFolderOptions& images = {});

}  // namespace muxnet
