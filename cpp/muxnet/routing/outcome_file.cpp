
#include "muxnet/core/error.hpp"
#include "muxnet/core/json.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/core/safetensors.hpp"
#include "muxnet/routing/outcome_table.hpp"

namespace muxnet {
namespace {

using Json = nlohmann::json;

constexpr const char* format_name = "muxnet outcome table 3";

const std::string& metadata_at(const SafeTensors& file, const std::string& key) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) {
    throw FileError(error_text("outcome table", text("metadata '", key, "'"), "none"));
  }
  return found->second;
}

/// Row `row` of the f64 tensor (kinds, N) or (kinds).
std::vector<double> cost_row(const Tensor& costs, std::size_t row, std::size_t kinds) {
  if (costs.dtype() != DType::f64 || costs.shape().empty() ||
      costs.dim(0) != static_cast<std::int64_t>(kinds)) {
    throw FileError(error_text("outcome table costs", text("f64 with ", kinds, " rows"),
                               text(name_of(costs.dtype()), ' ', to_string(costs.shape()))));
  }
  const auto values = costs.span<double>();
  const std::size_t width = values.size() / kinds;
  const auto first = values.begin() + static_cast<std::ptrdiff_t>(row * width);
  return {first, first + static_cast<std::ptrdiff_t>(width)};
}

OutcomeFields fields_of(const SafeTensors& file) {
  if (metadata_at(file, "format") != format_name) {
    throw FileError(error_text("outcome table format", format_name, metadata_at(file, "format")));
  }
  OutcomeFields fields;
  fields.models = parse_json(metadata_at(file, "models")).get<std::vector<std::string>>();
  fields.split = metadata_at(file, "split");
  fields.source = metadata_at(file, "source");
  fields.class_names = parse_json(metadata_at(file, "class_names")).get<std::vector<std::string>>();
  fields.inputs = parse_json(metadata_at(file, "inputs")).get<std::map<std::string, std::string>>();
  const auto kinds = parse_json(metadata_at(file, "costs")).get<std::vector<std::string>>();
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    fields.costs[kinds[i]] = cost_row(file.at("costs"), i, kinds.size());
  }
  const auto own_kinds =
      parse_json(metadata_at(file, "multiplexer_costs")).get<std::vector<std::string>>();
  for (std::size_t i = 0; i < own_kinds.size(); ++i) {
    const auto value = cost_row(file.at("multiplexer_costs"), i, own_kinds.size());
    if (value.size() != 1) {
      throw FileError(
          error_text("outcome table multiplexer_costs", "one number per kind", text(value.size())));
    }
    fields.multiplexer_costs[own_kinds[i]] = value[0];
  }
  fields.classes = parse_json(metadata_at(file, "classes")).get<std::int64_t>();
  fields.encoder = metadata_at(file, "encoder");
  fields.score_kinds = parse_json(metadata_at(file, "score_kinds")).get<std::vector<std::string>>();
  for (const auto& kind :
       parse_json(metadata_at(file, "input_costs")).get<std::vector<std::string>>()) {
    fields.input_costs[kind];
  }
  each_row_tensor(fields, [&](const std::string& name, Tensor& values) {
    const auto found = file.tensors.find(name);
    if (found != file.tensors.end()) values = found->second;
  });
  return fields;
}

}  // namespace

void OutcomeTable::save(const std::filesystem::path& path) const {
  SafeTensors file;
  each_row_tensor(*fields_, [&](const std::string& name, const Tensor& values) {
    if (!values.empty()) file.tensors[name] = values;
  });
  std::vector<std::string> kinds, router_kinds;
  std::vector<double> costs, multiplexer_costs;
  for (const auto& [kind, values] : fields_->costs) {
    kinds.push_back(kind);
    costs.insert(costs.end(), values.begin(), values.end());
  }
  for (const auto& [kind, value] : fields_->multiplexer_costs) {
    router_kinds.push_back(kind);
    multiplexer_costs.push_back(value);
  }
  file.tensors["costs"] =
      Tensor::from(costs, {static_cast<std::int64_t>(kinds.size()), model_count()});
  if (!multiplexer_costs.empty()) {
    const auto count = static_cast<std::int64_t>(multiplexer_costs.size());
    file.tensors["multiplexer_costs"] = Tensor::from(multiplexer_costs, {count});
  }
  std::vector<std::string> recorded_kinds;
  for (const auto& [kind, values] : fields_->input_costs) recorded_kinds.push_back(kind);
  file.metadata = {{"format", format_name},
                   {"models", Json(models()).dump()},
                   {"classes", Json(fields_->classes).dump()},
                   {"encoder", fields_->encoder},
                   {"score_kinds", Json(fields_->score_kinds).dump()},
                   {"input_costs", Json(recorded_kinds).dump()},
                   {"costs", Json(kinds).dump()},
                   {"multiplexer_costs", Json(router_kinds).dump()},
                   {"split", fields_->split},
                   {"source", fields_->source},
                   {"class_names", Json(fields_->class_names).dump()},
                   {"inputs", Json(fields_->inputs).dump()}};
  save_safetensors(path, file);
}

OutcomeTable OutcomeTable::load(const std::filesystem::path& path) {
  const SafeTensors file = load_safetensors(path);
  try {
    return OutcomeTable(fields_of(file));
  } catch (const std::exception& error) {
    throw FileError(text('[', path.string(), "] is no valid outcome table: ", error.what()));
  }
}

}  // namespace muxnet
