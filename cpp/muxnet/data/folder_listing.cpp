#include "muxnet/data/folder_listing.hpp"

#include <algorithm>

#include "muxnet/core/error.hpp"
#include "muxnet/core/names.hpp"

namespace muxnet {

namespace fs = std::filesystem;

const std::vector<std::string>& image_endings() {
  static const std::vector<std::string> endings = {".jpg", ".jpeg", ".jpe",  ".jfif", ".png",
                                                   ".bmp", ".dib",  ".webp", ".tif",  ".tiff",
                                                   ".gif", ".pnm",  ".pbm",  ".pgm",  ".ppm"};
  return endings;
}

std::string name_of(const fs::path& folder) { return folder.filename().string(); }

namespace {

/// Whether a link leads to a folder that `inner` is in, whose images would be taken for its own.
bool leads_back(const fs::directory_entry& entry, const fs::path& inner) {
  std::error_code failure;
  if (!entry.is_symlink(failure) || !entry.is_directory(failure)) return false;
  const fs::path to = fs::canonical(entry.path(), failure), from = fs::canonical(inner, failure);
  return !failure &&
         std::mismatch(to.begin(), to.end(), from.begin(), from.end()).first == to.end();
}

}  // namespace

std::vector<fs::directory_entry> sorted_entries(const fs::path& folder) {
  std::error_code failure;
  std::vector<fs::directory_entry> entries;
  for (fs::directory_iterator at(folder, failure), end; !failure && at != end;
       at.increment(failure)) {
    const std::string name = at->path().filename().string();
    const bool others = name.starts_with('.') || name == "__MACOSX" || name == "@eaDir";
    if (!others && !leads_back(*at, folder)) entries.push_back(*at);
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

void FolderSearch::add(const fs::path& folder) {
  std::error_code ignored;
  const fs::path real = fs::canonical(folder, ignored);
  if (!seen_.insert(real).second) return;
  auto entries = sorted_entries(folder);
  std::erase_if(entries, [&](const auto& entry) {
    return std::ranges::any_of(way_, [&](const auto& from) { return leads_back(entry, from); });
  });
  way_.push_back(folder);
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
  way_.pop_back();
}

bool has_images(const fs::path& folder) {
  FolderSearch search(true);
  search.add(folder);
  return !search.images.empty();
}

}  // namespace muxnet
