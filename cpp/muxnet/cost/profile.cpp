#include "muxnet/cost/profile.hpp"

#include <set>
#include <string_view>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/core/json.hpp"
#include "muxnet/core/json_values.hpp"

namespace muxnet {
namespace {

using Json = nlohmann::json;

constexpr const char* device_format = "muxnet-device-1";
constexpr const char* link_format = "muxnet-link-1";

/// One object of the file, with where it lies in it for messages.
class Reader {
 public:
  Reader(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    require(object.is_object(), where_, "a JSON object", object.type_name());
  }

  const Json& at(const std::string& key) {
    known_.insert(key);
    require(object_.contains(key), where_, text("a key ", key), "none");
    return object_.at(key);
  }
  Reader object(const std::string& key) { return {at(key), where_ + ", " + key}; }
  std::string string(const std::string& key) {
    const Json& value = at(key);
    require(value.is_string(), where_ + ", " + key, "a text", value.dump());
    return value.get<std::string>();
  }
  Quantity figure(const std::string& key);
  std::set<std::string> keys() const {
    std::set<std::string> keys;
    for (const auto& [key, value] : object_.items()) keys.insert(key);
    return keys;
  }
  /// Every key was asked for.
  void finish() const {
    for (const auto& key : keys()) require(known_.count(key) > 0, where_, "known keys", key);
  }

 private:
  const Json& object_;
  std::string where_;
  std::set<std::string> known_;
};

Quantity Reader::figure(const std::string& key) {
  if (at(key).is_null()) return {};
  Reader entry = object(key);
  const Json& value = entry.at("value");
  require(value.is_number() && value.get<double>() >= 0, entry.where_, "a number of at least 0",
          value.dump());
  require(!entry.string("source").empty(), entry.where_, "a source", "an empty text");
  const Quantity result(value.get<double>(), origin_named(entry.string("origin")));
  entry.finish();
  return result;
}

// A number is six values.
constexpr JsonLimits profile_limits{.bytes = 16 << 20, .depth = 8, .values = 1 << 20};

void require_format(Reader& reader, const std::filesystem::path& path, const char* wanted) {
  const std::string format = reader.string("format");
  require(format == wanted, path.string(), text("format ", wanted), format);
}

Json to_json(const Quantity& figure, const std::string& source) {
  if (!figure.known()) return nullptr;
  // A sum of several origins is a model of the whole.
  const auto origins = figure.origins();
  const Origin origin = origins.size() == 1 ? origins.front() : Origin::modelled;
  return {{"value", figure.value()}, {"origin", name_of(origin)}, {"source", source}};
}

}  // namespace

DeviceProfile load_device(const std::filesystem::path& path) {
  const Json content = read_json(path, profile_limits);
  Reader reader(content, path.string());
  require_format(reader, path, device_format);
  DeviceProfile profile;
  profile.name = reader.string("name");
  Reader networks = reader.object("networks");
  for (const auto& name : networks.keys()) {
    Reader entry = networks.object(name);
    profile.networks[name] = {entry.figure("macs"), entry.figure("latency_ms"),
                              entry.figure("energy_mj")};
    entry.finish();
  }
  reader.finish();
  return profile;
}

LinkProfile load_link(const std::filesystem::path& path) {
  const Json content = read_json(path, profile_limits);
  Reader reader(content, path.string());
  require_format(reader, path, link_format);
  LinkProfile link;
  link.name = reader.string("name");
  link.upload_mbps = reader.figure("upload_mbps");
  link.download_mbps = reader.figure("download_mbps");
  link.rtt_ms = reader.figure("rtt_ms");
  link.upload_mw_per_mbps = reader.figure("upload_mw_per_mbps");
  link.download_mw_per_mbps = reader.figure("download_mw_per_mbps");
  link.base_mw = reader.figure("base_mw");
  link.tail_ms = reader.figure("tail_ms");
  link.tail_mw = reader.figure("tail_mw");
  reader.finish();
  return link;
}

void save_device(const std::filesystem::path& path, const DeviceProfile& profile,
                 const std::string& source) {
  require(!source.empty(), "save_device", "a source", "an empty text");
  Json networks = Json::object();
  for (const auto& [name, cost] : profile.networks) {
    networks[name] = {{"macs", to_json(cost.macs, source)},
                      {"latency_ms", to_json(cost.latency_ms, source)},
                      {"energy_mj", to_json(cost.energy_mj, source)}};
  }
  const Json content{{"format", device_format}, {"name", profile.name}, {"networks", networks}};
  write_atomically(path, content.dump(2) + "\n");
}

}  // namespace muxnet
