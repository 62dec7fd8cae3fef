#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace muxnet {

/// Writes `path` so that a reader sees the old file or the whole new one: `write` fills a temporary
/// file beside it, which is synced and renamed. On any failure the temporary file is removed and
/// FileError (or what `write` threw) leaves `path` untouched.
void write_atomically(const std::filesystem::path& path,
                      const std::function<void(int descriptor)>& write);

/// The same for bytes at hand.
void write_atomically(const std::filesystem::path& path, std::string_view bytes);

/// write(2) until all bytes are out; throws FileError (disk full, ...).
void write_all(int descriptor, const void* bytes, std::size_t count,
               const std::filesystem::path& path);

/// The whole file; throws FileError.
std::string read_file(const std::filesystem::path& path);

}  // namespace muxnet
