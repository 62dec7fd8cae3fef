#pragma once

#include <filesystem>

#include "muxnet/data/dataset.hpp"

namespace muxnet {

/// CIFAR-10, binary version: the folder cifar-10-batches-bin, a folder that holds it, or the
/// official tar.gz. Records of 1 label byte and 3 x 32 x 32 pixels in data_batch_1..5.bin and
/// test_batch.bin, names in batches.meta.txt. Throws FileError (missing members, record length,
/// labels). Source: https://www.cs.toronto.edu/~kriz/cifar.html
DatasetParts load_cifar10(const std::filesystem::path& path);

/// CIFAR-100, binary version, with the fine labels: folder cifar-100-binary, its parent or the
/// tar.gz. Records of coarse label, fine label and pixels in train.bin and test.bin, names in
/// fine_label_names.txt. Throws as load_cifar10.
DatasetParts load_cifar100(const std::filesystem::path& path);

}  // namespace muxnet
