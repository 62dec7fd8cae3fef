#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string_view>

namespace muxnet {

/// A text that is no JSON, or beyond its limits.
class JsonError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// What a JSON text may be; checked while it is read, before a value is kept.
struct JsonLimits {
  std::uint64_t bytes = std::uint64_t{64} << 20;
  std::size_t depth = 32;        ///< arrays and objects within each other
  std::size_t values = 8 << 20;  ///< of all kinds, each of which takes up to some 100 bytes
};

/// The value of a JSON text (RFC 8259), in time and memory linear in its size. Throws JsonError in
/// few words for other text, for what is beyond `limits` and for a key that an object has twice.
nlohmann::json parse_json(std::string_view content, const JsonLimits& limits = {});

/// The same of a file, which messages name; also throws FileError where it cannot be read.
nlohmann::json read_json(const std::filesystem::path& path, const JsonLimits& limits = {});

}  // namespace muxnet
