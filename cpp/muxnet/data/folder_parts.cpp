#include "muxnet/data/folder_parts.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "muxnet/core/error.hpp"
#include "muxnet/core/names.hpp"
#include "muxnet/data/folder_listing.hpp"

namespace muxnet {
namespace {

namespace fs = std::filesystem;

constexpr auto layout =
    "one sub-folder of images per class, or parts with "
    "them: train (training, trn), test (testing, tst), "
    "val (valid, validation, dev), also as train_set or train2017";

using Words = std::vector<std::string>;

/// A name's words of letters, without what people put around that of a part: train_set, seg_train,
/// test1.
Words words_of(const std::string& name) {
  Words words;
  std::string word;
  for (const char letter : lower(name) + ' ') {
    if (letter >= 'a' && letter <= 'z') {
      word += letter;
    } else {
      const bool filler = word == "set" || word == "data" || word == "images" || word == "seg";
      if (!word.empty() && !filler) words.push_back(word);
      word.clear();
    }
  }
  return words;
}

std::string joined(const Words& words) {
  std::string all;
  for (const auto& word : words) all += word;
  return all;
}

struct Part {
  Role role = Role::none;
  bool usual = false;  ///< its name is one that everybody gives
  std::string of{};    ///< what the part is of, in flowers_train: one beside another of the same
};

const std::map<std::string, Role>& usual_roles() {
  static const std::map<std::string, Role> roles = {
      {"train", Role::train},        {"training", Role::train}, {"test", Role::test},
      {"testing", Role::test},       {"val", Role::held_out},   {"valid", Role::held_out},
      {"validation", Role::held_out}};
  return roles;
}

Role role_of(const std::string& word) {
  static const std::map<std::string, Role> further = {
      {"trn", Role::train}, {"tst", Role::test}, {"dev", Role::held_out}};
  for (const auto* names : {&usual_roles(), &further}) {
    if (const auto found = names->find(word); found != names->end()) return found->second;
  }
  return Role::none;
}

Part part_of(const fs::path& folder) {
  const std::string name = lower(name_of(folder));
  if (const auto found = usual_roles().find(name); found != usual_roles().end()) {
    return {found->second, true};
  }
  Words words = words_of(name);
  const std::string all = joined(words);
  const auto whole = all.ends_with("set") ? all.substr(0, all.size() - 3) : all;
  if (const Role role = role_of(whole); role != Role::none) return {role, false};
  if (words.size() < 2) return {};
  if (const Role role = role_of(words.back()); role != Role::none) {
    words.pop_back();
    return {role, false, joined(words)};
  }
  const Role role = role_of(words.front());
  words.erase(words.begin());
  return role == Role::none ? Part() : Part{role, false, joined(words)};
}

/// The same among the folders beside it: a part of flowers is one beside another part of flowers.
Part part_among(const fs::path& folder, const std::vector<fs::path>& all) {
  const Part part = part_of(folder);
  if (part.of.empty()) return part;
  const bool paired = std::ranges::any_of(all, [&](const fs::path& other) {
    const Part beside = part_of(other);
    return beside.of == part.of && beside.role != part.role;
  });
  return paired ? part : Part();
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

/// The first folder of several folders of images in this one, which has nothing else; none: images
/// come before.
std::optional<fs::path> first_of_several(fs::path folder) {
  constexpr int deepest = 16;  // links may lead round
  for (int depth = 0; depth < deepest; ++depth) {
    for (const auto& entry : sorted_entries(folder)) {
      if (!is_folder(entry) && is_image(entry.path())) return {};
    }
    auto inner = sub_folders(folder);
    std::erase_if(inner, [](const fs::path& entry) { return !has_images(entry); });
    if (inner.size() != 1) return inner.empty() ? std::nullopt : std::optional(folder);
    folder = inner[0];
  }
  return {};
}

std::vector<std::string> classes_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::path& inner : class_folders(folder)) names.push_back(name_of(inner));
  return names;
}

std::string first_two(const std::vector<std::string>& names) {
  return text(names[0], ", ", names[1], names.size() > 2 ? ", ..." : "");
}

/// Refuses a folder that is no class but the one that was meant, or stands around it: alone, with
/// parts in it, or with the classes beside it once more.
void refuse_wrapping(const fs::path& folder, const std::vector<fs::path>& classes) {
  for (const fs::path& entry : classes) {
    const auto meant = first_of_several(entry);
    if (!meant) continue;
    const auto inner = sub_folders(*meant);
    const bool parts = std::ranges::any_of(inner, [](const fs::path& part) {
      return part_of(part).usual && has_classes(unwrapped(part));
    });
    const auto names = classes_in(*meant);
    const bool again = names.size() + 1 == classes.size() &&
                       std::ranges::all_of(classes, [&](const fs::path& other) {
                         return other == entry || std::ranges::count(names, name_of(other)) > 0;
                       });
    if (classes.size() > 1 && !parts && !again) continue;
    const auto count = std::ranges::count_if(inner, has_images);
    throw FileError(
        error_text(folder.string(), layout,
                   text(name_of(entry), classes.size() == 1 ? " alone" : "", ", with ", count,
                        " folders of images in it (is it ", meant->string(), " that is meant?)")));
  }
}

bool is_number(const std::string& name) {
  return name.find_first_not_of("0123456789") == std::string::npos;
}

/// Refuses folders that hold the same folders of images, parts of some other name; of three at most
/// also where some have not all of them, but for numbers, as of years.
void refuse_parts(const fs::path& folder, const std::vector<fs::path>& classes) {
  if (classes.size() < 2) return;
  const auto names = classes_in(classes[0]);
  const bool few = classes.size() <= 3 && !std::ranges::all_of(names, is_number);
  const auto alike = [&](const fs::path& entry) {
    const auto own = classes_in(entry);
    const auto shared = std::ranges::count_if(
        own, [&](const auto& name) { return std::ranges::count(names, name) > 0; });
    const bool all = shared == std::min(std::ssize(own), std::ssize(names));
    return own == names || (few && all && shared > 1);
  };
  if (names.size() < 2) return;
  if (!std::ranges::all_of(classes, alike)) return;
  throw FileError(error_text(folder.string(), layout,
                             text(name_of(classes[0]), " and others, in each of which are ",
                                  first_two(names), " (if they are classes, list:FILE says so)")));
}

[[noreturn]] void refuse_second(const fs::path& folder, const fs::path& part,
                                const fs::path& other) {
  throw FileError(
      error_text(folder.string(), text("one part like ", name_of(part)), name_of(other)));
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
  const auto all = sub_folders(folder);
  for (const fs::path& entry : all) {
    const auto [role, usual, of] = part_among(entry, all);
    const bool divided = role != Role::none && has_classes(unwrapped(entry));
    if (!usual && of.empty() && !divided) {
      if (has_images(entry)) others.push_back(entry);
    } else if (!divided) {
      flat.push_back(entry);
    } else if (!usual) {
      further.push_back(entry);
    } else if (!parts.emplace(role, unwrapped(entry)).second) {
      refuse_second(folder, parts[role], entry);
    }
  }
  for (const fs::path& entry : further) {  // where none has the role already
    const Part part = part_of(entry);
    const auto [held, fresh] = parts.emplace(part.role, unwrapped(entry));
    if (fresh) continue;
    if (!part.of.empty()) refuse_second(folder, held->second, entry);
    others.push_back(entry);
  }
  if (parts.empty() || (parts.size() == 1 && !is_part(folder, parts.begin()->second, others))) {
    if (others.empty()) {
      throw FileError(error_text(folder.string(), layout,
                                 flat.empty() ? "none" : text(name_of(flat[0]), " without any")));
    }
    refuse_wrapping(folder, others);
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
