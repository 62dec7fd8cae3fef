#include "muxnet/core/fingerprint.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <set>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/core/json.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/core/random.hpp"

namespace muxnet::fingerprint {
namespace {

using Json = nlohmann::json;

constexpr std::size_t piece_bytes = 1 << 20;

/// Null where it cannot be read, which no fingerprint is.
Json parsed(const std::string& written) {
  try {
    return parse_json(written);
  } catch (const JsonError&) {
    return nullptr;
  }
}

std::string leaf(const Json& flat, const std::string& key) {
  return flat.contains(key) ? flat.at(key).dump() : std::string("nothing");
}

std::string differences(const Json& there, const Json& here, const std::string& place) {
  const Json left = there.flatten();
  const Json right = here.flatten();
  std::set<std::string> keys;
  for (const auto& [key, value] : left.items()) keys.insert(key);
  for (const auto& [key, value] : right.items()) keys.insert(key);
  std::string result;
  for (const auto& key : keys) {
    const auto a = leaf(left, key);
    const auto b = leaf(right, key);
    if (a == b) continue;
    if (!result.empty()) result += "; ";
    result += text(key.empty() ? key : key.substr(1), ": ", a, ' ', place, ", ", b, " now");
  }
  return result;
}

}  // namespace

std::uint64_t of_bytes(const void* bytes, std::size_t count, std::uint64_t start) {
  const auto* byte = static_cast<const unsigned char*>(bytes);
  std::uint64_t result = start;
  for (std::size_t i = 0; i < count; i += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, byte + i, std::min(sizeof word, count - i));
    result = mix(result, word);
  }
  return result;
}

std::string hexadecimal(std::uint64_t value) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(value));
  return digits;
}

std::string digest(const Tensor& tensor) {
  const auto kind = text(name_of(tensor.dtype()), to_string(tensor.shape()));
  return hexadecimal(of_bytes(tensor.raw(), tensor.bytes(), of_bytes(kind.data(), kind.size())));
}

std::string digest_file(const std::filesystem::path& path) {
  const InputFile file(path);
  std::vector<char> piece(piece_bytes);
  std::uint64_t result = 0;
  for (std::uint64_t at = 0; at < file.size(); at += piece.size()) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), file.size() - at));
    file.read_at(at, piece.data(), count);
    result = of_bytes(piece.data(), count, result);
  }
  return hexadecimal(mix(result, file.size()));
}

void require_same(const std::string& there, const std::string& here, const std::string& where,
                  const std::string& expected, const std::string& place) {
  const Json left = parsed(there);
  const Json right = parsed(here);
  const bool readable = !left.is_null() && !right.is_null();
  if (readable && left == right) return;
  require(false, where, expected,
          readable ? differences(left, right, place) : std::string("an unreadable fingerprint"));
}

}  // namespace muxnet::fingerprint
