#include "muxnet/cost/energy_files.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"

namespace muxnet {
namespace fs = std::filesystem;
namespace {

/// The first line without the blanks around it.
std::string line_of(const fs::path& path) {
  constexpr std::string_view blanks = " \t\r";
  const std::string line = read_line(path);
  const auto first = std::min(line.find_first_not_of(blanks), line.size());
  return line.substr(first, line.find_last_not_of(blanks) + 1 - first);
}

/// The number that is all of the line: what has a unit behind it is in another than the kernel's.
double number_in(const fs::path& path) {
  const std::string line = line_of(path);
  const char* const end = line.data() + line.size();
  double value = 0;
  const auto [stop, error] = std::from_chars(line.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) {
    throw FileError(error_text(path.string(), "a number", line));
  }
  return value;
}

}  // namespace

double EnergySource::read() const {
  double product = scale;
  for (const auto& file : files) product *= number_in(file);
  return product;
}

SourceState state_of(const EnergySource& source) {
  try {
    source.read();
    return SourceState::reads;
  } catch (const FileDenied&) {
    return SourceState::denied;
  } catch (const FileError&) {
    return SourceState::silent;
  }
}

std::string line_or(const fs::path& path, const std::string& otherwise) {
  try {
    return line_of(path);
  } catch (const FileError&) {
    return otherwise;
  }
}

bool present(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> result;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code unknown;
    if (entry->is_directory(unknown)) result.push_back(entry->path());
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace muxnet
