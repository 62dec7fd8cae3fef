#include "muxnet/data/image_folder.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/core/names.hpp"
#include "muxnet/data/folder_listing.hpp"
#include "muxnet/data/folder_parts.hpp"
#include "muxnet/data/open.hpp"

namespace muxnet {
namespace {

namespace fs = std::filesystem;

/// Numbered classes count 0, 1, 2, ..., 10, before those with names.
struct ByNumber {
  using Key = std::tuple<bool, std::size_t, std::string_view, std::string_view>;

  static Key key(std::string_view name) {
    if (name.find_first_not_of("0123456789") != std::string_view::npos) return {true, 0, name, {}};
    const std::string_view digits = name.substr(std::min(name.find_first_not_of('0'), name.size()));
    return {false, digits.size(), digits, name};
  }

  bool operator()(std::string_view a, std::string_view b) const { return key(a) < key(b); }
};

using Classes = std::map<std::string, std::int32_t, ByNumber>;

/// The images of one part, by classes that are known.
ImageFiles list_part(const fs::path& folder, const Classes& classes,
                     std::vector<std::string>& left_out) {
  ImageFiles part;
  std::map<std::string, int> others;
  for (const fs::path& entry : sub_folders(folder)) {
    FolderSearch search;
    search.add(entry);
    for (const auto& [ending, count] : search.others) others[ending] += count;
    const auto known = classes.find(name_of(entry));
    if (known == classes.end()) {
      if (search.images.empty()) continue;
      throw FileError(error_text(folder.string(),
                                 text("the ", classes.size(), " classes of the training part"),
                                 text("another, ", name_of(entry))));
    }
    if (search.images.empty()) left_out.push_back(text(entry.string(), ": no images"));
    part.labels.insert(part.labels.end(), search.images.size(), known->second);
    std::ranges::move(search.images, std::back_inserter(part.files));
  }
  int loose = 0;
  for (const auto& entry : sorted_entries(folder)) {
    loose += static_cast<int>(!is_folder(entry) && is_image(entry.path()));
  }
  if (loose > 0) left_out.push_back(text(folder.string(), ": ", loose, " images without a class"));
  for (const auto& [ending, count] : others) {
    left_out.push_back(text(folder.string(), ": ", count, " files that are no images (",
                            ending.empty() ? "no ending" : ending, ")"));
  }
  return part;
}

/// Numbers for the classes of the training part, or of all parts.
Classes classes_of(const FolderParts& parts) {
  Classes classes;
  const auto add = [&](const fs::path& part) {
    for (const fs::path& entry : sub_folders(part)) classes.emplace(name_of(entry), 0);
  };
  if (const auto first = parts.find(Role::train); first != parts.end()) {
    add(first->second);
  } else {
    for (const auto& part : parts) add(part.second);
  }
  std::int32_t number = 0;
  for (auto& known : classes) known.second = number++;
  return classes;
}

/// The images of one part; what could not be read is left out, and told.
Dataset load(const ImageFiles& part, const ImageFolder& folder, const ImageFolderOptions& options,
             std::vector<std::string>& errors) {
  if (part.files.empty()) return {};
  const std::vector<fs::path> paths(part.files.begin(), part.files.end());
  const ReadImages read = read_images(paths, {&options.format, 1}, options.limits);
  Dataset all{"", read.images.front(), {}, folder.class_names, {}};
  all.labels = Tensor({std::ssize(part.labels)}, DType::i32);
  std::ranges::copy(part.labels, all.labels.data<std::int32_t>());
  std::vector<std::int64_t> kept;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    all.source_index.push_back(static_cast<std::int64_t>(i));
    if (read.errors[i].empty()) {
      kept.push_back(static_cast<std::int64_t>(i));
    } else {
      errors.push_back(read.errors[i]);
    }
  }
  return kept.size() == paths.size() ? all : all.subset(kept);
}

}  // namespace

ImageFolder list_image_folder(const fs::path& folder) {
  ImageFolder result;
  const FolderParts parts = find_parts(folder, result.left_out);
  const Classes classes = classes_of(parts);
  for (const auto& known : classes) result.class_names.push_back(known.first);
  const bool tested = parts.contains(Role::test);
  for (const auto& [role, path] : parts) {
    ImageFiles& part = role == Role::train             ? result.train
                       : role == Role::test || !tested ? result.test
                                                       : result.held_out;
    part = list_part(path, classes, result.left_out);
  }
  return result;
}

DatasetParts load_image_folder(const fs::path& folder, const ImageFolderOptions& options) {
  const ImageFolder found = list_image_folder(folder);
  std::vector<std::string> errors;
  DatasetParts result{load(found.train, found, options, errors),
                      load(found.held_out, found, options, errors),
                      load(found.test, found, options, errors)};
  if (!options.skip_unreadable) refuse_unreadable(errors);
  for (Dataset* part : {&result.train, &result.held_out, &result.test}) {
    part->name = folder.filename().string();
  }
  if (result.train.empty() && result.test.empty()) {
    throw FileError(
        error_text(folder.string(), "readable images", "none; the first: " + errors[0]));
  }
  if (options.left_out != nullptr) {
    *options.left_out = found.left_out;
    options.left_out->insert(options.left_out->end(), errors.begin(), errors.end());
  }
  return result;
}

void add_image_folder(DataKindRegister& kinds) {
  kinds.add({"images", "a folder with one of images for each class",
             [](const fs::path& path, const ImageFolderOptions& options) {
               return load_image_folder(path, options);
             }});
}

}  // namespace muxnet
