#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace muxnet {

/// Endings of the files that are taken for images, ".jpg" first. What they hold
/// is told by their content (see image_decode.hpp).
const std::vector<std::string>& image_endings();

std::string name_of(const std::filesystem::path& folder);
bool is_folder(const std::filesystem::directory_entry& entry);
bool is_image(const std::filesystem::path& path);

/// All but what is hidden, what macOS adds to archives and Synology to folders, and links to
/// folders that they are in. Throws FileError.
std::vector<std::filesystem::directory_entry> sorted_entries(const std::filesystem::path& folder);
std::vector<std::filesystem::path> sub_folders(const std::filesystem::path& folder);

/// Goes through a folder and those below it, each once however links lead there.
class FolderSearch {
 public:
  explicit FolderSearch(bool only_whether = false) : only_whether_(only_whether) {}

  void add(const std::filesystem::path& folder);

  std::vector<std::string> images;
  std::map<std::string, int> others;  ///< files that are no images, by their ending

 private:
  bool only_whether_;  // there is an image
  std::set<std::filesystem::path> seen_;
  std::vector<std::filesystem::path> way_;  // to the folder that is looked at
};

bool has_images(const std::filesystem::path& folder);

}  // namespace muxnet
