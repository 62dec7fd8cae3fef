#include "muxnet/data/open.hpp"

#include "muxnet/core/error.hpp"
#include "muxnet/data/cifar.hpp"
#include "muxnet/data/idx.hpp"

namespace muxnet {
namespace {

namespace fs = std::filesystem;

struct Scheme {
  const char* name;
  DatasetPair (*open)(const fs::path&, const ImageFolderOptions&);
};

constexpr Scheme schemes[] = {
    {"mnist", [](const fs::path& path, const ImageFolderOptions&) { return load_mnist(path); }},
    {"fashion-mnist",
     [](const fs::path& path, const ImageFolderOptions&) { return load_fashion_mnist(path); }},
    {"cifar10", [](const fs::path& path, const ImageFolderOptions&) { return load_cifar10(path); }},
    {"cifar100",
     [](const fs::path& path, const ImageFolderOptions&) { return load_cifar100(path); }},
    {"images", [](const fs::path& path,
                  const ImageFolderOptions& options) { return load_image_folders(path, options); }},
};

}  // namespace

std::vector<std::string> dataset_schemes() {
  std::vector<std::string> names;
  for (const auto& scheme : schemes) names.emplace_back(scheme.name);
  return names;
}

DatasetPair open_dataset(std::string_view spec, const ImageFolderOptions& images) {
  const auto colon = spec.find(':');
  std::string known;
  for (const auto& scheme : schemes) {
    if (colon != spec.npos && colon + 1 < spec.size() && spec.substr(0, colon) == scheme.name) {
      return scheme.open(fs::path(spec.substr(colon + 1)), images);
    }
    known += text(known.empty() ? "" : ", ", scheme.name, ":PATH");
  }
  throw std::invalid_argument(error_text("open_dataset", "one of " + known, text('"', spec, '"')));
}

}  // namespace muxnet
