#include "muxnet/core/json.hpp"

#include <string>
#include <utility>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/core/json_values.hpp"

namespace muxnet {
namespace {

using Json = nlohmann::json;

constexpr const char* where = "JSON";

[[noreturn]] void refuse(std::string_view expected, std::string_view received) {
  throw JsonError(error_text(where, expected, received));
}

/// Makes values of the parser's events. Not the library's own parser: the one that can be told to
/// refuse goes through all of an object's members after each, and takes the last of equal keys.
class Builder : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(const JsonLimits& limits) : limits_(limits) {}

  Json take() { return std::move(root_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    const auto [member, added] = open_.back()->get_ref<Json::object_t&>().emplace(name, nullptr);
    if (!added) {
      refuse("different keys", text('\'', shortened(name, 200), "' twice"));
    }
    member_ = &member->second;
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const Json::exception& error) override {
    refuse("JSON by RFC 8259", shown(error.what()));
  }

 private:
  bool add(Json value) {
    place(std::move(value));
    return true;
  }

  bool open(Json value) {
    if (open_.size() == limits_.depth) {
      refuse(text("at most ", limits_.depth, " levels"), "deeper nesting");
    }
    open_.push_back(place(std::move(value)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  Json* place(Json value) {
    if (++values_ > limits_.values) {
      refuse(text("at most ", limits_.values, " values"), "more");
    }
    if (open_.empty()) return &(root_ = std::move(value));
    if (open_.back()->is_object()) return &(*member_ = std::move(value));
    return &open_.back()->get_ref<Json::array_t&>().emplace_back(std::move(value));
  }

  JsonLimits limits_;
  std::size_t values_ = 0;
  Json root_;
  std::vector<Json*> open_;  // an array grows only while none of its elements is open
  Json* member_ = nullptr;
};

}  // namespace

Json parse_json(std::string_view content, const JsonLimits& limits) {
  if (content.size() > limits.bytes) {
    refuse(text("at most ", limits.bytes, " bytes"), text(content.size()));
  }
  Builder builder(limits);
  Json::sax_parse(content, &builder);
  return builder.take();
}

Json read_json(const std::filesystem::path& path, const JsonLimits& limits) {
  const std::string content = read_file(path, limits.bytes);
  try {
    return parse_json(content, limits);
  } catch (const JsonError& error) {
    throw JsonError(text(error.what(), " (", path.string(), ")"));
  }
}

}  // namespace muxnet
