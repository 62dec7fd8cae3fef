#include "muxnet/data/image_folder.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/core/names.hpp"
#include "muxnet/data/open.hpp"

namespace muxnet {
namespace {

namespace fs = std::filesystem;

enum Role { none, train, held_out, test };

constexpr auto layout =
    "one sub-folder of images per class, or parts with "
    "them: train (training), test (testing), "
    "val (valid, validation)";

std::string lower(std::string word) {
  for (char& letter : word) {
    letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  }
  return word;
}

Role role_of(const fs::path& folder) {
  static const std::map<std::string, Role> roles = {
      {"train", train},  {"training", train}, {"test", test},          {"testing", test},
      {"val", held_out}, {"valid", held_out}, {"validation", held_out}};
  const auto found = roles.find(lower(folder.filename().string()));
  return found == roles.end() ? none : found->second;
}

/// All but what is hidden, and what macOS adds to archives.
std::vector<fs::directory_entry> sorted_entries(const fs::path& folder) {
  std::error_code failure;
  std::vector<fs::directory_entry> entries;
  for (fs::directory_iterator at(folder, failure), end; !failure && at != end;
       at.increment(failure)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with('.') && name != "__MACOSX") entries.push_back(*at);
  }
  if (failure) {
    throw FileError(error_text(folder.string(), "a readable folder", failure.message()));
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

bool is_folder(const fs::directory_entry& entry) {
  std::error_code ignored;
  return entry.is_directory(ignored);
}

std::vector<fs::path> sub_folders(const fs::path& folder) {
  std::vector<fs::path> folders;
  for (const auto& entry : sorted_entries(folder)) {
    if (is_folder(entry)) folders.push_back(entry.path());
  }
  return folders;
}

bool is_image(const fs::path& path) {
  return std::ranges::count(image_endings(), lower(path.extension().string())) > 0;
}

/// Goes through a folder and those below it, each once however links lead
/// there.
class Search {
 public:
  explicit Search(bool only_whether = false) : only_whether_(only_whether) {}

  void add(const fs::path& folder) {
    std::error_code ignored;
    const fs::path real = fs::canonical(folder, ignored);
    if (!seen_.insert(real).second) return;
    const auto entries = sorted_entries(folder);
    for (const auto& entry : entries) {
      if (is_folder(entry)) continue;
      if (is_image(entry.path())) {
        images.push_back(entry.path().string());
        if (only_whether_) return;
      } else {
        ++others[lower(entry.path().extension().string())];
      }
    }
    for (const auto& entry : entries) {
      if (only_whether_ && !images.empty()) return;
      if (is_folder(entry)) add(entry.path());
    }
  }

  std::vector<std::string> images;
  std::map<std::string, int> others;  ///< files that are no images, by their ending

 private:
  bool only_whether_;  // there is an image
  std::set<fs::path> seen_;
};

bool has_images(const fs::path& folder) {
  Search search(true);
  search.add(folder);
  return !search.images.empty();
}

/// Whether a part has them; one called images, as detection data sets have it, is none.
bool has_classes(const fs::path& folder) {
  return std::ranges::any_of(sub_folders(folder), [](const fs::path& entry) {
    return lower(entry.filename().string()) != "images" && has_images(entry);
  });
}

/// Refuses a folder around the one that was meant, which would be one class of everything.
void refuse_wrapping(const fs::path& folder, const std::vector<fs::path>& classes) {
  if (classes.size() != 1) return;
  for (const auto& entry : sorted_entries(classes[0])) {
    if (!is_folder(entry) && is_image(entry.path())) return;
  }
  const auto inner = sub_folders(classes[0]);
  const auto count = std::ranges::count_if(inner, has_images);
  if (count < 2) return;
  const std::string name = classes[0].filename().string();
  throw FileError(error_text(folder.string(), layout,
                             text(name, " alone, with ", count, " folders of images in it (is it ",
                                  classes[0].string(), " that is meant?)")));
}

std::string name_of(const fs::path& folder) { return folder.filename().string(); }

using Classes = std::map<std::string, std::int32_t>;

/// The images of one part, by classes that are known.
ImageFiles list_part(const fs::path& folder, const Classes& classes,
                     std::vector<std::string>& left_out) {
  ImageFiles part;
  std::map<std::string, int> others;
  for (const fs::path& entry : sub_folders(folder)) {
    Search search;
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

using Parts = std::map<Role, fs::path>;

/// The parts of a folder that has them; else all of it as the training part.
Parts find_parts(const fs::path& folder, std::vector<std::string>& left_out) {
  Parts parts;
  std::vector<fs::path> others, flat;
  for (const fs::path& entry : sub_folders(folder)) {
    const Role role = role_of(entry);
    if (role == none) {
      if (has_images(entry)) others.push_back(entry);
    } else if (!has_classes(entry)) {
      flat.push_back(entry);
    } else if (!parts.emplace(role, entry).second) {
      throw FileError(error_text(folder.string(), text("one part like ", name_of(parts[role])),
                                 name_of(entry)));
    }
  }
  // A lone one beside other classes is one of them: cars, trains, planes.
  if (parts.empty() || (parts.size() == 1 && !others.empty())) {
    if (!others.empty()) {
      refuse_wrapping(folder, others);
      return {{train, folder}};
    }
    throw FileError(error_text(folder.string(), layout,
                               flat.empty() ? "none" : text(name_of(flat[0]), " without any")));
  }
  for (const fs::path& entry : flat) {
    left_out.push_back(text(entry.string(), ": no sub-folder of images per class"));
  }
  for (const fs::path& entry : others) left_out.push_back(text(entry.string(), ": no part"));
  return parts;
}

/// Numbers for the classes of the training part, or of all parts.
Classes classes_of(const Parts& parts) {
  Classes classes;
  const auto add = [&](const fs::path& part) {
    for (const fs::path& entry : sub_folders(part)) classes.emplace(name_of(entry), 0);
  };
  if (const auto first = parts.find(train); first != parts.end()) {
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

const std::vector<std::string>& image_endings() {
  static const std::vector<std::string> endings = {".jpg", ".jpeg", ".jpe",  ".jfif", ".png",
                                                   ".bmp", ".dib",  ".webp", ".tif",  ".tiff",
                                                   ".gif", ".pnm",  ".pbm",  ".pgm",  ".ppm"};
  return endings;
}

ImageFolder list_image_folder(const fs::path& folder) {
  ImageFolder result;
  const Parts parts = find_parts(folder, result.left_out);
  const Classes classes = classes_of(parts);
  for (const auto& known : classes) result.class_names.push_back(known.first);
  const bool tested = parts.contains(test);
  for (const auto& [role, path] : parts) {
    ImageFiles& part = role == train             ? result.train
                       : role == test || !tested ? result.test
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
