#include "muxnet/networks/weights.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

#include "muxnet/core/file.hpp"
#include "muxnet/core/names.hpp"
#include "muxnet/core/safetensors.hpp"
#include "muxnet/graph/parameters.hpp"

namespace muxnet {
namespace {

constexpr const char* foreign = "from_torch";  // who brings tensors of another framework

std::string join(const std::vector<float>& values) {
  std::ostringstream out;
  out.precision(9);  // enough to give the same float back
  for (std::size_t i = 0; i < values.size(); ++i) out << (i > 0 ? " " : "") << values[i];
  return std::move(out).str();
}

std::vector<float> split(const std::string& text) {
  std::istringstream in(text);
  std::vector<float> result;
  for (float value = 0; in >> value;) result.push_back(value);
  return result;
}

std::string join(const Ranges& ranges) {
  std::string result;
  for (const auto& [name, range] : ranges) result += text(name, ' ', join(std::vector{range}), ' ');
  return result;
}

Ranges split_ranges(const std::string& text, const std::filesystem::path& path) {
  std::istringstream in(text);
  Ranges result;
  std::string name, number;
  while (in >> name) {
    const auto range = in >> number ? split(number) : std::vector<float>{};
    if (range.size() != 1 || !std::isnormal(range.front()) || range.front() < 0) {
      throw FileError(error_text(path.string() + ", ranges", "names, each with a number above 0",
                                 name + ' ' + number));
    }
    result[name] = range.front();
  }
  return result;
}

}  // namespace

void save_weights(const Model& model, const std::filesystem::path& path) {
  const auto reading = model.access.read(text(model.name, ", save"));
  SafeTensors content{model.parameters.state(),
                      {{"name", model.name},
                       {"mean", join(model.normalization.mean)},
                       {"deviation", join(model.normalization.deviation)}}};
  if (!model.ranges.empty()) content.metadata["ranges"] = join(model.ranges);
  save_safetensors(path, content);
}

void load_weights(Model& model, const std::filesystem::path& path) {
  const SafeTensors content = load_safetensors(path);
  const auto ranges = content.metadata.find("ranges");
  Ranges read;
  if (ranges != content.metadata.end()) read = split_ranges(ranges->second, path);
  const auto writing = model.access.write(text(model.name, ", load"));
  try {
    model.parameters.load_state(content.tensors);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(text('[', path.string(), "] ", error.what()));
  }
  model.ranges = std::move(read);
  const auto mean = content.metadata.find("mean");
  const auto deviation = content.metadata.find("deviation");
  if (mean == content.metadata.end() || deviation == content.metadata.end()) return;
  model.normalization = {split(mean->second), split(deviation->second)};
}

void transfer_weights(const Model& from, Model& to) {
  const auto reading = from.access.read(text(from.name, ", transfer"));
  const auto writing = to.access.write(text(to.name, ", transfer"));
  const auto learnt = from.parameters.state();
  for (auto [name, own] : to.parameters.state()) {
    const auto found = learnt.find(name);
    if (found == learnt.end() || found->second.shape() != own.shape()) continue;
    const auto values = found->second.span<float>();
    std::copy(values.begin(), values.end(), own.data<float>());
  }
  to.parameters.changed();
  to.ranges.clear();
}

std::int64_t class_count(const NamedShapes& tensors) {
  const auto last = std::find_if(tensors.rbegin(), tensors.rend(),
                                 [](const auto& tensor) { return tensor.second.size() == 2; });
  require(last != tensors.rend(), foreign, "a network that ends in a linear layer", "none");
  return last->second[0];
}

std::string matching_network(const NamedShapes& tensors, NetworkOptions options) {
  options.classes = class_count(tensors);
  const std::map<std::string, Shape> wanted(tensors.begin(), tensors.end());
  const auto names = networks().names();
  for (const auto& name : names) {
    try {
      std::map<std::string, Shape> shapes;
      for (const auto& entry : parameter_entries(build_network(name, options))) {
        shapes.emplace(entry.name, entry.spec.shape);
      }
      if (shapes == wanted) return name;
    } catch (const std::invalid_argument&) {  // images too small for this one
    }
  }
  std::string some = text(tensors.size(), " tensors:");
  for (std::size_t i = 0; i < std::min<std::size_t>(tensors.size(), 3); ++i) {
    some += text(' ', tensors[i].first, ' ', to_string(tensors[i].second), ',');
  }
  throw std::invalid_argument(error_text(
      foreign, text("tensors of ", one_of(names), "; name the nearest to see what differs"),
      some + " ..."));
}

}  // namespace muxnet
