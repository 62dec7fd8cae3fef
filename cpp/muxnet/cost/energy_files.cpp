#include "muxnet/cost/energy_files.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"

namespace muxnet {
namespace fs = std::filesystem;
namespace {

double number_in(const fs::path& path) {
  const std::string line = read_line(path);
  char* end = nullptr;
  const double value = std::strtod(line.c_str(), &end);
  if (end == line.c_str() || !std::isfinite(value)) {
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
    return read_line(path);
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
