#include "muxnet/data/image_folder.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/data/open.hpp"

namespace muxnet {
namespace {

namespace fs = std::filesystem;

struct ImageFile {
  fs::path path;
  std::int32_t label;
};

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::error_code failure;
  std::vector<fs::path> entries;
  for (fs::directory_iterator at(folder, failure), end; !failure && at != end;
       at.increment(failure)) {
    if (!at->path().filename().string().starts_with('.')) entries.push_back(at->path());
  }
  if (failure) {
    throw FileError(error_text(folder.string(), "a readable folder", failure.message()));
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool is_image(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& letter : extension) {
    letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  }
  return (extension == ".jpg" || extension == ".jpeg" || extension == ".png") && !is_folder(path);
}

std::vector<ImageFile> list_images(const fs::path& folder, std::vector<std::string>& class_names) {
  std::vector<ImageFile> files;
  for (const auto& entry : sorted_entries(folder)) {
    if (!is_folder(entry)) continue;
    const std::size_t before = files.size();
    for (const auto& file : sorted_entries(entry)) {
      if (is_image(file)) files.push_back({file, static_cast<std::int32_t>(class_names.size())});
    }
    if (files.size() == before) {
      throw FileError(error_text(entry.string(), "JPEG or PNG images of this class", "none"));
    }
    class_names.push_back(entry.filename().string());
  }
  if (files.empty()) {
    throw FileError(error_text(folder.string(), "one sub-folder of images per class", "none"));
  }
  return files;
}

}  // namespace

Dataset load_image_folder(const fs::path& folder, const ImageFolderOptions& options,
                          std::vector<std::string>* skipped) {
  Dataset all{folder.filename().string(), {}, {}, {}, {}};
  const auto files = list_images(folder, all.class_names);
  std::vector<fs::path> paths;
  for (const auto& file : files) paths.push_back(file.path);
  all.labels = Tensor({static_cast<std::int64_t>(files.size())}, DType::i32);
  const ReadImages read = read_images(paths, {&options.format, 1}, options.limits);
  const std::vector<std::string>& errors = read.errors;
  all.images = read.images.front();
  std::vector<std::int64_t> kept;
  for (std::size_t i = 0; i < files.size(); ++i) {
    all.labels.data<std::int32_t>()[i] = files[i].label;
    all.source_index.push_back(static_cast<std::int64_t>(i));
    if (errors[i].empty()) {
      kept.push_back(static_cast<std::int64_t>(i));
    } else if (!options.skip_unreadable) {
      throw FileError(errors[i]);
    } else if (skipped != nullptr) {
      skipped->push_back(files[i].path.string());
    }
  }
  if (kept.empty()) {
    throw FileError(
        error_text(folder.string(), "readable images", "none; the first: " + errors[0]));
  }
  return kept.size() == files.size() ? all : all.subset(kept);
}

DatasetPair load_image_folders(const fs::path& folder, const ImageFolderOptions& options,
                               std::vector<std::string>* skipped) {
  const fs::path second = folder / (is_folder(folder / "test") ? "test" : "val");
  DatasetPair result;
  if (!is_folder(folder / "train") || !is_folder(second)) {
    result.train = load_image_folder(folder, options, skipped);
    return result;
  }
  result.train = load_image_folder(folder / "train", options, skipped);
  result.test = load_image_folder(second, options, skipped);
  if (result.train.class_names != result.test.class_names) {
    throw FileError(error_text(second.string(),
                               text("the ", result.train.classes(), " classes of train"),
                               text(result.test.classes(), " classes or other names")));
  }
  result.train.name = result.test.name = folder.filename().string();
  return result;
}

void add_image_folder(DataKindRegister& kinds) {
  kinds.add({"images", "a folder with one of images for each class",
             [](const fs::path& path, const ImageFolderOptions& options) {
               return load_image_folders(path, options);
             }});
}

}  // namespace muxnet
