#include "muxnet/runtime/inference_protocol.hpp"

#include <algorithm>
#include <bit>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

using Json = nlohmann::json;

static_assert(std::endian::native == std::endian::little, "the protocol's tensors are copied");

constexpr const char* header_length = "inference-header-content-length";
constexpr std::size_t shown_error = 200;

/// What is wrong with an answer; stays within this file.
class Refused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

void expect(bool ok, std::string_view where, std::string_view expected, std::string_view received) {
  if (!ok) throw Refused(error_text(where, expected, received));
}

/// The head of what a server wrote, fit to be shown.
std::string shown(std::string_view written) {
  std::string result(written.substr(0, shown_error));
  for (char& c : result) c = c >= ' ' && c < 127 ? c : ' ';
  return result;
}

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

std::string text_in(const Json& object, const char* key, std::string_view where) {
  const Json& value = member(object, key, where);
  expect(value.is_string(), where, text("a text as ", key), value.type_name());
  return value.get<std::string>();
}

Shape shape_in(const Json& object, std::string_view where, std::int64_t least) {
  const Json& value = member(object, "shape", where);
  expect(value.is_array() && value.size() <= 8, where, "a shape of at most 8 axes",
         value.type_name());
  Shape shape;
  for (const Json& extent : value) {
    constexpr std::int64_t most = std::int64_t{1} << 32;
    const bool whole = extent.is_number_integer();
    const std::int64_t size = whole ? extent.get<std::int64_t>() : 0;
    expect(whole && size >= least && size <= most, where, text("extents of at least ", least),
           whole ? text(size) : extent.type_name());
    shape.push_back(size);
  }
  return shape;
}

/// The JSON of an answer of status 200, and the tensors after it.
struct Parts {
  Json json;
  std::string_view binary;
};

Parts parts_of(const HttpResponse& response) {
  constexpr auto where = "answer";
  if (response.fault != Fault::none) throw Refused(text('[', where, "] ", response.message));
  expect(response.status == 200, where, "status 200",
         text(response.status, ", ", shown(response.body)));
  std::string_view json = response.body, binary;
  const auto found = response.headers.find(header_length);
  if (found != response.headers.end()) {
    const std::size_t length = whole_number(found->second, json.size(), header_length);
    binary = json.substr(length);
    json = json.substr(0, length);
  }
  Parts parts{Json::parse(json, nullptr, false), binary};
  expect(!parts.json.is_discarded(), where, "JSON", shown(json));
  return parts;
}

std::vector<TensorSpec> specs_in(const Json& metadata, const char* key) {
  const Json& list = member(metadata, key, "metadata");
  expect(list.is_array(), text("metadata, ", key), "a list", list.type_name());
  std::vector<TensorSpec> specs;
  for (const Json& entry : list) {
    specs.push_back(
        {text_in(entry, "name", key), text_in(entry, "datatype", key), shape_in(entry, key, -1)});
  }
  return specs;
}

/// Numbers of `data`, which may be nested as deep as its shape.
void flatten(const Json& data, std::size_t depth, std::vector<double>& values) {
  expect(data.is_array(), "output, data", "lists of numbers", data.type_name());
  for (const Json& item : data) {
    if (item.is_number()) {
      values.push_back(item.get<double>());
    } else {
      expect(depth > 0, "output, data", "numbers", item.type_name());
      flatten(item, depth - 1, values);
    }
  }
}

template <class Number>
std::vector<double> numbers_in(std::string_view bytes) {
  std::vector<double> values;
  for (std::size_t at = 0; at + sizeof(Number) <= bytes.size(); at += sizeof(Number)) {
    Number value{};
    std::memcpy(&value, bytes.data() + at, sizeof(Number));
    values.push_back(static_cast<double>(value));
  }
  return values;
}

/// The bytes of output `index`: those of the outputs before it lie before them.
std::string_view bytes_of(const Json& outputs, std::size_t index, std::string_view binary) {
  constexpr auto where = "output, binary_data_size";
  for (std::size_t i = 0;; ++i) {
    const Json& parameters = outputs.at(i).value("parameters", Json::object());
    std::size_t size = 0;
    if (parameters.is_object() && parameters.contains("binary_data_size")) {
      const Json& written = parameters.at("binary_data_size");
      expect(written.is_number_unsigned(), where, "a number of bytes", written.type_name());
      size = written.get<std::size_t>();
    }
    expect(size <= binary.size(), where, text("at most the ", binary.size(), " bytes there are"),
           text(size));
    if (i == index) return binary.substr(0, size);
    binary.remove_prefix(size);
  }
}

std::vector<double> values_of(const Json& outputs, std::size_t index, std::string_view binary) {
  const Json& output = outputs.at(index);
  const std::string datatype = text_in(output, "datatype", "output");
  expect(datatype == "FP32" || datatype == "FP64", "output", "datatype FP32 or FP64",
         shown(datatype));
  if (output.contains("data")) {
    std::vector<double> values;
    flatten(output.at("data"), 8, values);
    return values;
  }
  const std::string_view bytes = bytes_of(outputs, index, binary);
  const std::size_t width = datatype == "FP32" ? sizeof(float) : sizeof(double);
  expect(bytes.size() % width == 0, "output", text("bytes in groups of ", width),
         text(bytes.size()));
  return datatype == "FP32" ? numbers_in<float>(bytes) : numbers_in<double>(bytes);
}

void softmax(std::vector<double>& values) {
  const double most = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (double& value : values) sum += value = std::exp(value - most);
  for (double& value : values) value /= sum;
}

Tensor checked_probabilities(std::vector<double> values, const ExpectedOutput& expected) {
  constexpr double slack = 1e-2;
  const auto where = "output " + expected.output;
  expect(static_cast<std::int64_t>(values.size()) == expected.classes, where,
         text(expected.classes, " numbers"), text(values.size()));
  const bool finite = std::all_of(values.begin(), values.end(), [](double v) {
    return std::isfinite(v) && std::abs(v) <= std::numeric_limits<float>::max();
  });
  expect(finite, where, "finite numbers", "others");
  if (expected.logits) softmax(values);
  double sum = 0;
  for (const double value : values) {
    expect(value >= -slack && value <= 1 + slack, where, "probabilities", text(value));
    sum += value;
  }
  expect(std::abs(sum - 1) <= slack, where, "probabilities that sum to 1", text(sum));
  Tensor result({1, expected.classes});
  std::transform(values.begin(), values.end(), result.data<float>(),
                 [](double v) { return static_cast<float>(v); });
  return result;
}

/// "total;dur=1.5" of a Server-Timing header (www.w3.org/TR/server-timing).
std::optional<double> server_timing(const HttpResponse& response) {
  const auto found = response.headers.find("server-timing");
  if (found == response.headers.end()) return std::nullopt;
  constexpr std::string_view key = "total;dur=";
  const auto at = found->second.find(key);
  if (at == std::string::npos) return std::nullopt;
  double value = 0;
  const char* first = found->second.data() + at + key.size();
  const auto result = std::from_chars(first, found->second.data() + found->second.size(), value);
  return result.ec == std::errc() ? std::optional(value) : std::nullopt;
}

std::optional<double> server_time(const Json& answer, const HttpResponse& response) {
  std::optional<double> found = server_timing(response);
  const auto parameters = answer.find("parameters");
  if (parameters != answer.end() && parameters->is_object()) {
    const auto value = parameters->find("server_ms");
    if (value != parameters->end() && value->is_number()) found = value->get<double>();
  }
  const bool sensible = found && std::isfinite(*found) && *found >= 0;
  return sensible ? found : std::nullopt;
}

InferAnswer answer_in(const HttpResponse& response, const ExpectedOutput& expected) {
  const Parts parts = parts_of(response);
  const Json& outputs = member(parts.json, "outputs", "answer");
  expect(outputs.is_array(), "answer, outputs", "a list", outputs.type_name());
  if (parts.json.contains("id")) {
    const std::string id = text_in(parts.json, "id", "answer");
    expect(id.empty() || id == expected.id, "answer", "id " + expected.id, shown(id));
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (text_in(outputs[i], "name", "output") != expected.output) continue;
    const Shape shape = shape_in(outputs[i], "output", 0);
    const auto count = std::count(shape.begin(), shape.end(), std::int64_t{1});
    const bool row = volume(shape) == expected.classes &&
                     count + (expected.classes == 1 ? 0 : 1) == std::ssize(shape);
    expect(row, "output " + expected.output, text("shape (1, ", expected.classes, ")"),
           to_string(shape));
    return {checked_probabilities(values_of(outputs, i, parts.binary), expected),
            server_time(parts.json, response)};
  }
  throw Refused(error_text("answer", "an output " + expected.output, "none"));
}

/// What `parse` returns; what it cannot take is an error value.
template <class Value, class Parse>
Checked<Value> checked(const Parse& parse) {
  try {
    return {parse(), ""};
  } catch (const std::bad_alloc&) {
    return {std::nullopt, "[answer] not enough memory"};
  } catch (const std::exception& error) {
    return {std::nullopt, error.what()};
  }
}

}  // namespace

HttpRequest metadata_request(const std::string& model, const std::string& version) {
  return {"GET", model_path(model, version), {}, ""};
}

HttpRequest infer_request(const InferInput& input) {
  std::string bytes;
  if (input.datatype == "BYTES") {
    const auto length = static_cast<std::uint32_t>(input.bytes.size());
    bytes.resize(sizeof(length));
    std::memcpy(bytes.data(), &length, sizeof(length));
  }
  const Json sent = {{"name", input.input},
                     {"shape", input.shape},
                     {"datatype", input.datatype},
                     {"parameters", {{"binary_data_size", bytes.size() + input.bytes.size()}}}};
  const Json wanted = {{"name", input.output}, {"parameters", {{"binary_data", true}}}};
  const Json content = {
      {"id", input.id}, {"inputs", Json::array({sent})}, {"outputs", Json::array({wanted})}};
  const std::string json = content.dump(-1, ' ', false, Json::error_handler_t::replace);
  HttpRequest request{"POST", model_path(input.model, input.version) + "/infer", {}, ""};
  request.headers = {"Content-Type: application/octet-stream",
                     text("Inference-Header-Content-Length: ", json.size())};
  request.body.reserve(json.size() + bytes.size() + input.bytes.size());
  request.body.append(json).append(bytes).append(input.bytes);
  return request;
}

Checked<ModelMetadata> parse_metadata(const HttpResponse& response) {
  return checked<ModelMetadata>([&] {
    const Json json = parts_of(response).json;
    return ModelMetadata{text_in(json, "name", "metadata"), specs_in(json, "inputs"),
                         specs_in(json, "outputs")};
  });
}

Checked<InferAnswer> parse_answer(const HttpResponse& response, const ExpectedOutput& expected) {
  return checked<InferAnswer>([&] { return answer_in(response, expected); });
}

}  // namespace muxnet
