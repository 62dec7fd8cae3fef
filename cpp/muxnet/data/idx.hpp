#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "muxnet/data/dataset.hpp"

namespace muxnet {

/// One IDX file of unsigned bytes with `dimensions` axes, plain or gzip: u8 tensor of the file's
/// shape. Throws FileError (magic number, sizes, truncation, trailing bytes).
/// Source: http://yann.lecun.com/exdb/mnist/ (file format).
Tensor load_idx(const std::filesystem::path& path, int dimensions);

/// An images file (n, h, w) and its labels file (n). Throws FileError when counts differ or a label
/// is out of range.
Dataset load_idx_dataset(const std::string& name, const std::filesystem::path& images,
                         const std::filesystem::path& labels, std::vector<std::string> class_names);

/// A folder with the four MNIST files: train-images-idx3-ubyte, train-labels-idx1-ubyte and the
/// same with t10k, also spelt ".idx3-ubyte", each plain or .gz. Throws FileError.
DatasetParts load_mnist(const std::filesystem::path& folder);

/// The same files with Fashion-MNIST's class names.
DatasetParts load_fashion_mnist(const std::filesystem::path& folder);

}  // namespace muxnet
