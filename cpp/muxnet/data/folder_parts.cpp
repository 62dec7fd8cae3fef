#include "muxnet/data/folder_parts.hpp"

#include <algorithm>

#include "muxnet/core/error.hpp"
#include "muxnet/data/folder_listing.hpp"

namespace muxnet {
namespace {

namespace fs = std::filesystem;

constexpr auto layout =
    "one sub-folder of images per class, or parts with "
    "them: train (training, trn), test (testing, tst), "
    "val (valid, validation, dev), also as train_set or train2017";

/// A name's letters, without what people put around that of a part: train_set, seg_train, test1.
std::string part_word(const std::string& name) {
  std::string word, all;
  for (const char letter : lower(name) + ' ') {
    if (letter >= 'a' && letter <= 'z') {
      word += letter;
    } else {
      if (word != "set" && word != "data" && word != "images" && word != "seg") all += word;
      word.clear();
    }
  }
  return all.ends_with("set") ? all.substr(0, all.size() - 3) : all;
}

struct Part {
  Role role;
  bool usual;  ///< its name is one that everybody gives
};

Part part_of(const fs::path& folder) {
  static const std::map<std::string, Role> usual = {
      {"train", Role::train},        {"training", Role::train}, {"test", Role::test},
      {"testing", Role::test},       {"val", Role::held_out},   {"valid", Role::held_out},
      {"validation", Role::held_out}};
  static const std::map<std::string, Role> further = {
      {"trn", Role::train}, {"tst", Role::test}, {"dev", Role::held_out}};
  const std::string name = lower(name_of(folder)), word = part_word(name);
  if (const auto found = usual.find(name); found != usual.end()) return {found->second, true};
  for (const auto* names : {&usual, &further}) {
    if (const auto found = names->find(word); found != names->end()) return {found->second, false};
  }
  return {Role::none, false};
}

/// Whether a folder of a part is a class; one called images, as detection data sets have it, is
/// none.
bool is_class(const fs::path& folder) {
  return lower(name_of(folder)) != "images" && has_images(folder);
}

/// Ends at the first, as each is a folder to be listed.
bool has_classes(const fs::path& folder) {
  return std::ranges::any_of(sub_folders(folder), is_class);
}

std::vector<fs::path> class_folders(const fs::path& folder) {
  std::vector<fs::path> classes = sub_folders(folder);
  std::erase_if(classes, [](const fs::path& entry) { return !is_class(entry); });
  return classes;
}

/// The folder of a part's classes: archives often have it in another of its name.
fs::path unwrapped(const fs::path& part) {
  const Role role = part_of(part).role;
  const auto alike = [&](const fs::path& entry) { return part_of(entry).role == role; };
  if (std::ranges::none_of(sub_folders(part), alike)) return part;
  const auto inner = class_folders(part);
  return inner.size() == 1 && alike(inner[0]) ? inner[0] : part;
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

/// Refuses folders that hold the same folders of images, which are parts of some other name.
void refuse_parts(const fs::path& folder, const std::vector<fs::path>& classes) {
  const auto names_in = [](const fs::path& entry) {
    std::vector<std::string> names;
    for (const fs::path& inner : class_folders(entry)) names.push_back(name_of(inner));
    return names;
  };
  if (classes.size() < 2) return;
  const auto names = names_in(classes[0]);
  if (names.size() < 2) return;
  for (const fs::path& entry : classes) {
    if (names_in(entry) != names) return;
  }
  throw FileError(error_text(
      folder.string(), layout,
      text(name_of(classes[0]), " and others, in each of which are ", names[0], ", ", names[1],
           names.size() > 2 ? ", ..." : "", " (if they are classes, list:FILE says so)")));
}

/// Whether the only part is one, and not a class: cars, trains, planes. One folder beside it, of
/// images alone, is left out, as those without labels are; with more of them it may be either.
bool is_part(const fs::path& folder, const fs::path& part, const std::vector<fs::path>& others) {
  if (others.empty()) return true;
  const auto classes = class_folders(part);
  const auto in_part = [&](const fs::path& other) {
    return std::ranges::any_of(classes, [&](auto& own) { return name_of(own) == name_of(other); });
  };
  const bool flat = std::ranges::none_of(others, has_classes);
  const bool either = classes.size() > 1 && flat && others.size() > 1;
  if (either || std::ranges::any_of(others, in_part)) {
    throw FileError(error_text(folder.string(), layout,
                               text(name_of(part), ", which has such, beside ", name_of(others[0]),
                                    others.size() > 1 ? " and others" : "")));
  }
  return classes.size() > 1 && flat;
}

}  // namespace

FolderParts find_parts(const fs::path& folder, std::vector<std::string>& left_out) {
  FolderParts parts;
  std::vector<fs::path> further, others, flat;
  for (const fs::path& entry : sub_folders(folder)) {
    const auto [role, usual] = part_of(entry);
    const bool divided = role != Role::none && has_classes(entry);
    if (!usual && !divided) {
      if (has_images(entry)) others.push_back(entry);
    } else if (!divided) {
      flat.push_back(entry);
    } else if (!usual) {
      further.push_back(entry);
    } else if (!parts.emplace(role, unwrapped(entry)).second) {
      throw FileError(error_text(folder.string(), text("one part like ", name_of(parts[role])),
                                 name_of(entry)));
    }
  }
  for (const fs::path& entry : further) {  // where none has the role already
    if (!parts.emplace(part_of(entry).role, unwrapped(entry)).second) others.push_back(entry);
  }
  if (parts.empty() || (parts.size() == 1 && !is_part(folder, parts.begin()->second, others))) {
    if (others.empty()) {
      throw FileError(error_text(folder.string(), layout,
                                 flat.empty() ? "none" : text(name_of(flat[0]), " without any")));
    }
    if (parts.empty()) refuse_wrapping(folder, others);
    for (const auto& part : parts) others.push_back(part.second);
    if (flat.empty()) refuse_parts(folder, others);
    return {{Role::train, folder}};
  }
  for (const fs::path& entry : flat) {
    left_out.push_back(text(entry.string(), ": no sub-folder of images per class"));
  }
  for (const fs::path& entry : others) left_out.push_back(text(entry.string(), ": no part"));
  return parts;
}

}  // namespace muxnet
