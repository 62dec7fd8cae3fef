#include "muxnet/protocol/rest_protocol.hpp"

#include <cctype>
#include <charconv>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/protocol/checks.hpp"
#include "muxnet/protocol/datatypes.hpp"
#include "muxnet/protocol/nesting.hpp"

namespace muxnet {
namespace {

using Json = nlohmann::json;

constexpr const char* header_length = "inference-header-content-length";

std::string model_path(const std::string& model, const std::string& version) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  const auto escaped = [&](const std::string& name) {
    std::string result;
    for (const unsigned char c : name) {
      const bool plain = std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == '~';
      if (plain) {
        result += static_cast<char>(c);
      } else {
        result += {'%', hex[c >> 4U], hex[c & 15U]};
      }
    }
    return result;
  };
  std::string path = "/v2/models/" + escaped(model);
  if (!version.empty()) path += "/versions/" + escaped(version);
  return path;
}

std::size_t whole_number(const std::string& written, std::size_t most, std::string_view where) {
  std::size_t value = 0;
  const char* end = written.data() + written.size();
  const auto [stop, error] = std::from_chars(written.data(), end, value);
  expect(error == std::errc() && stop == end && value <= most, where,
         text("a number of 0 to ", most), shown(written));
  return value;
}

const Json& member(const Json& object, const char* key, std::string_view where) {
  expect(object.is_object() && object.contains(key), where, text("an object with ", key),
         object.is_object() ? "one without" : object.type_name());
  return object.at(key);
}

/// Whether a member is there and is not null, which some write for nothing.
bool has(const Json& object, const char* key) {
  return object.is_object() && object.contains(key) && !object.at(key).is_null();
}

std::string text_in(const Json& object, const char* key, std::string_view where) {
  const Json& value = member(object, key, where);
  expect(value.is_string(), where, text("a text as ", key), value.type_name());
  return value.get<std::string>();
}

Shape shape_in(const Json& object, std::string_view where, std::int64_t least) {
  const Json& value = member(object, "shape", where);
  expect(value.is_array(), where, "a list as shape", value.type_name());
  expect_axes(value.size());
  Shape shape;
  for (const Json& extent : value) {
    expect(extent.is_number_integer(), where, "whole numbers as shape", extent.type_name());
    // Beyond 2^63 it would come back negative.
    const bool beyond = extent.is_number_unsigned() && extent.get<std::uint64_t>() > most_extent;
    shape.push_back(checked_extent(beyond ? most_extent + 1 : extent.get<std::int64_t>(), least));
  }
  return shape;
}

/// The JSON of an answer of status 200, and the tensors after it.
struct Parts {
  Json json;
  std::string_view binary;
};

Parts parts_of(const HttpResponse& response) {
  std::string_view json = response.body, binary;
  const auto found = response.headers.find(header_length);
  if (found != response.headers.end()) {
    const std::size_t length = whole_number(found->second, json.size(), header_length);
    binary = json.substr(length);
    json = json.substr(0, length);
  }
  try {
    return {parse_json(json), binary};
  } catch (const std::invalid_argument& error) {
    throw Refused(error_text("answer", "JSON", error.what()));
  }
}

std::vector<TensorSpec> specs_in(const Json& metadata, const char* key) {
  if (!has(metadata, key)) return {};
  const Json& list = metadata.at(key);
  expect(list.is_array(), text("metadata, ", key), "a list", list.type_name());
  std::vector<TensorSpec> specs;
  for (const Json& entry : list) {
    Shape shape = has(entry, "shape") ? shape_in(entry, key, -1) : Shape{};
    specs.push_back(
        {text_in(entry, "name", key), text_in(entry, "datatype", key), std::move(shape)});
  }
  return specs;
}

/// Numbers of `data`, which may be nested as its shape.
void flatten(const Json& data, std::size_t depth, std::vector<double>& values, Nesting& nesting) {
  expect(data.is_array(), "output, data", "lists of numbers", data.type_name());
  nesting.open();
  for (const Json& item : data) {
    if (item.is_number()) {
      nesting.element();
      values.push_back(item.get<double>());
    } else {
      expect(depth > 0, "output, data", "numbers", item.type_name());
      flatten(item, depth - 1, values, nesting);
    }
  }
  nesting.close();
}

/// The bytes of output `index`: those of the outputs before it lie before them.
std::string_view bytes_of(const Json& outputs, std::size_t index, std::string_view binary) {
  constexpr auto where = "output, binary_data_size";
  for (std::size_t i = 0;; ++i) {
    const auto parameters = outputs[i].find("parameters");
    std::size_t size = 0;
    if (parameters != outputs[i].end() && parameters->contains("binary_data_size")) {
      const Json& written = parameters->at("binary_data_size");
      expect(written.is_number_unsigned(), where, "a number of bytes", written.type_name());
      size = written.get<std::size_t>();
    }
    expect(size <= binary.size(), where, text("at most the ", binary.size(), " bytes there are"),
           text(size));
    if (i == index) return binary.substr(0, size);
    binary.remove_prefix(size);
  }
}

std::vector<double> values_of(const Json& outputs, std::size_t index, const std::string& datatype,
                              const Shape& shape, std::string_view binary) {
  const Json& output = outputs.at(index);
  expect_numbers(datatype);
  if (has(output, "data")) {
    std::vector<double> values;
    Nesting nesting;
    flatten(output.at("data"), most_axes, values, nesting);
    nesting.check(shape, "output");
    return values;
  }
  return numbers_in(bytes_of(outputs, index, binary), datatype);
}

std::optional<double> server_time(const Json& answer, const HttpResponse& response) {
  const auto parameters = answer.find("parameters");
  if (parameters != answer.end() && parameters->is_object()) {
    const auto value = parameters->find("server_ms");
    if (value != parameters->end() && value->is_number())
      return sensible_time(value->get<double>());
  }
  const auto header = response.headers.find("server-timing");
  return header == response.headers.end() ? std::nullopt : server_timing(header->second);
}

Json numbers_of(const InferInput& input) {
  const bool whole = is_whole(input.datatype);
  Json numbers = Json::array();
  for (const double value : numbers_in(input.bytes, input.datatype)) {
    whole ? numbers.push_back(static_cast<std::int64_t>(value))
          : numbers.push_back(static_cast<float>(value));
  }
  return numbers;
}

/// Names and datatypes, as far as they are given.
std::vector<TensorSpec> outputs_in(const Json& outputs) {
  std::vector<TensorSpec> specs;
  for (const Json& output : outputs) {
    specs.push_back({text_in(output, "name", "output"),
                     has(output, "datatype") ? text_in(output, "datatype", "output") : "",
                     has(output, "shape") ? shape_in(output, "output", 0) : Shape()});
  }
  return specs;
}

HttpRequest json_request(const InferInput& input) {
  const Json sent = {{"name", input.input},
                     {"shape", input.shape},
                     {"datatype", input.datatype},
                     {"data", numbers_of(input)}};
  Json content = {{"id", input.id}, {"inputs", Json::array({sent})}};
  if (!input.output.empty()) content["outputs"] = Json::array({{{"name", input.output}}});
  HttpRequest request{"POST", model_path(input.model, input.version) + "/infer", {}, ""};
  request.headers = {"Content-Type: application/json"};
  request.body = content.dump(-1, ' ', false, Json::error_handler_t::replace);
  return request;
}

}  // namespace

HttpRequest metadata_request(const std::string& model, const std::string& version) {
  return {"GET", model_path(model, version), {}, ""};
}

HttpRequest infer_request(const InferInput& input) {
  if (input.as_json) return json_request(input);
  const std::string prefix = input.length_prefix();
  const Json sent = {{"name", input.input},
                     {"shape", input.shape},
                     {"datatype", input.datatype},
                     {"parameters", {{"binary_data_size", prefix.size() + input.bytes.size()}}}};
  Json content = {{"id", input.id}, {"inputs", Json::array({sent})}};
  if (input.output.empty()) {
    content["parameters"] = {{"binary_data_output", true}};
  } else {
    const Json wanted = {{"name", input.output}, {"parameters", {{"binary_data", true}}}};
    content["outputs"] = Json::array({wanted});
  }
  const std::string json = content.dump(-1, ' ', false, Json::error_handler_t::replace);
  HttpRequest request{"POST", model_path(input.model, input.version) + "/infer", {}, ""};
  request.headers = {"Content-Type: application/octet-stream",
                     text("Inference-Header-Content-Length: ", json.size())};
  request.body.reserve(json.size() + prefix.size() + input.bytes.size());
  request.body.append(json).append(prefix).append(input.bytes);
  return request;
}

ModelMetadata parse_metadata(const HttpResponse& response) {
  const Json json = parts_of(response).json;
  return {text_in(json, "name", "metadata"), specs_in(json, "inputs"), specs_in(json, "outputs"),
          has(json, "platform") ? text_in(json, "platform", "metadata") : ""};
}

InferResponse parse_answer(const HttpResponse& response, const std::string& output,
                           std::int64_t classes) {
  const Parts parts = parts_of(response);
  const Json& outputs = member(parts.json, "outputs", "answer");
  expect(outputs.is_array(), "answer, outputs", "a list", outputs.type_name());
  InferResponse result;
  if (has(parts.json, "id")) result.id = text_in(parts.json, "id", "answer");
  result.server_ms = server_time(parts.json, response);
  const auto specs = outputs_in(outputs);
  const auto chosen = chosen_output("answer", output, specs, classes);
  if (!chosen.value) throw Refused(chosen.error);
  const std::size_t place = *chosen.value;
  const std::string datatype = text_in(outputs[place], "datatype", "output");
  result.shape = shape_in(outputs[place], "output", 0);
  result.values = values_of(outputs, place, datatype, result.shape, parts.binary);
  result.whole = is_whole(datatype);
  return result;
}

}  // namespace muxnet
