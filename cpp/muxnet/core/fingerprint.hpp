#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "muxnet/core/tensor.hpp"

// What tells whether something that is continued is what was begun: contents, not names.
namespace muxnet::fingerprint {

/// Mixes `count` bytes into `start`, the last word filled up with zeros: their number is the
/// caller's to add. Against accidents, not against forgers.
std::uint64_t of_bytes(const void* bytes, std::size_t count, std::uint64_t start = 0);

/// The number as 16 hexadecimal digits.
std::string hexadecimal(std::uint64_t value);

/// A number over shape, dtype and every byte, as hexadecimal digits.
std::string digest(const Tensor& tensor);

/// The same of a file's bytes, read in pieces. Throws FileError, also on what is no plain file.
std::string digest_file(const std::filesystem::path& path);

/// Throws std::invalid_argument unless the JSON texts `there` and `here` hold the same: it lists
/// each leaf in which they differ, "KEY: VALUE `place`, VALUE now".
void require_same(const std::string& there, const std::string& here, const std::string& where,
                  const std::string& expected, const std::string& place);

}  // namespace muxnet::fingerprint
