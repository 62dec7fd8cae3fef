#include <algorithm>
#include <cmath>
#include <limits>

#include "muxnet/core/json_values.hpp"
#include "muxnet/protocol/base64.hpp"
#include "muxnet/protocol/request_limits.hpp"

namespace muxnet {
namespace {

using Json = nlohmann::json;

constexpr std::size_t most_depth = 64;

/// Where in a request the reader is.
enum class Place { start, request, inputs, input, shape, data, outputs, output, parameters, other };

/// Takes a request out of the events of a JSON parser, which keeps no tree of it.
class RequestReader : public nlohmann::json_sax<Json> {
 public:
  explicit RequestReader(const RequestLimits& limits) : limits_(limits) {}

  InferenceRequest request;
  std::vector<bool> has_data;  // by input

  bool null() override {
    const bool none = top() == Place::other || (has_keys() && key_ == "parameters");
    // Data that are not there are too few, which is told by those who know how many are wanted.
    if (!none && !data_key()) scalar("null");
    if (data_key()) has_data.back() = true;
    return true;
  }
  bool boolean(bool value) override {
    if (top() == Place::parameters) {
      add_parameter(*parameters_, key_, value, limits_);
    } else {
      scalar("true or false");
    }
    return true;
  }
  bool number_integer(number_integer_t value) override { return whole(value); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value <= std::numeric_limits<std::int64_t>::max()) {
      return whole(static_cast<std::int64_t>(value));
    }
    return number_float(static_cast<double>(value), {});
  }
  bool number_float(number_float_t value, const string_t& /*written*/) override {
    if (top() == Place::data) {
      add_number(value);
      input().whole = input().whole && value == std::floor(value);
    } else if (top() == Place::parameters) {
      add_parameter(*parameters_, key_, value, limits_);
    } else {
      scalar("a number");
    }
    return true;
  }
  bool string(string_t& value) override {
    switch (top()) {
      case Place::data:
        require_at_most(input().images.size() + 1, limits_.images, "images", "encoded ones");
        add_image(value);
        break;
      case Place::parameters:
        require_at_most(value.size(), limits_.text_bytes, "parameters", "bytes of text");
        add_parameter(*parameters_, key_, std::move(value), limits_);
        break;
      case Place::request:
        if (key_ == "id") {
          require_at_most(value.size(), limits_.text_bytes, "id", "bytes");
          request.id = std::move(value);
        } else {
          scalar("a text");
        }
        break;
      case Place::input:
        if (key_ == "name") return name(input().name, value);
        if (key_ == "datatype") return name(input().datatype, value);
        scalar("a text");
        break;
      case Place::output:
        if (key_ == "name") return name(request.outputs.back().name, value);
        scalar("a text");
        break;
      default:
        scalar("a text");
    }
    return true;
  }
  bool binary(binary_t& /*value*/) override { return false; }

  bool start_object(std::size_t /*size*/) override {
    switch (top()) {
      case Place::start:
        return enter(Place::request);
      case Place::inputs:
        add_entry(request.inputs, limits_.inputs, "inputs");
        has_data.push_back(false);
        return enter(Place::input);
      case Place::outputs:
        add_entry(request.outputs, limits_.outputs, "outputs");
        return enter(Place::output);
      default:
        if (has_keys() && key_ == "parameters") return enter_parameters();
    }
    if (!unknown_key()) scalar("an object");
    return enter(Place::other);
  }
  bool start_array(std::size_t /*size*/) override {
    const Place place = top();
    if (place == Place::request && key_ == "inputs") {
      request.inputs.clear();
      has_data.clear();
      return enter(Place::inputs);
    }
    if (place == Place::request && key_ == "outputs") {
      request.outputs.clear();
      return enter(Place::outputs);
    }
    if (place == Place::input && key_ == "shape") {
      input().shape.clear();
      return enter(Place::shape);
    }
    if (place == Place::data) return enter_data();
    if (data_key()) {
      input().numbers.clear();
      input().images.clear();
      input().nesting = {};
      input().whole = has_data.back() = true;
      return enter_data();
    }
    if (!unknown_key()) scalar("a list");
    return enter(Place::other);
  }
  bool key(string_t& name) override {
    if (top() != Place::other) {
      require_at_most(name.size(), limits_.name_bytes, "request", "bytes of a name");
      key_ = std::move(name);
    }
    return true;
  }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    throw std::invalid_argument(error_text("request", "JSON", text("an error at byte ", position)));
  }

 private:
  Place top() const { return places_.back(); }
  bool has_keys() const {
    return top() == Place::request || top() == Place::input || top() == Place::output;
  }
  InputTensor& input() { return request.inputs.back(); }
  bool data_key() const { return top() == Place::input && key_ == "data"; }

  /// Whether the value to come is one that nobody asks for.
  bool unknown_key() const {
    const auto is = [&](std::initializer_list<const char*> names) {
      return std::find(names.begin(), names.end(), key_) != names.end();
    };
    switch (top()) {
      case Place::other:
        return true;
      case Place::request:
        return !is({"id", "parameters", "inputs", "outputs"});
      case Place::input:
        return !is({"name", "shape", "datatype", "parameters", "data"});
      case Place::output:
        return !is({"name", "parameters"});
      default:
        return false;
    }
  }

  bool enter(Place place) {
    require_at_most(places_.size(), most_depth, "request", "levels of lists and objects");
    places_.push_back(place);
    return true;
  }
  bool enter_data() {
    const auto depth = std::count(places_.begin(), places_.end(), Place::data);
    require_at_most(static_cast<std::size_t>(depth) + 1, limits_.axes, "data", "levels of lists");
    input().nesting.open();
    return enter(Place::data);
  }
  bool enter_parameters() {
    parameters_ = top() == Place::request ? &request.parameters
                  : top() == Place::input ? &input().parameters
                                          : &request.outputs.back().parameters;
    parameters_->clear();
    return enter(Place::parameters);
  }
  bool leave() {
    if (top() == Place::data) input().nesting.close();
    places_.pop_back();
    return true;
  }

  bool name(std::string& of, string_t& value) {
    require_at_most(value.size(), limits_.name_bytes, key_, "bytes");
    of = std::move(value);
    return true;
  }
  bool whole(std::int64_t value) {
    switch (top()) {
      case Place::data:
        add_number(static_cast<double>(value));
        break;
      case Place::shape:
        require_at_most(input().shape.size() + 1, limits_.axes, "shape", "axes");
        input().shape.push_back(value);
        break;
      case Place::parameters:
        add_parameter(*parameters_, key_, value, limits_);
        break;
      default:
        scalar("a number");
    }
    return true;
  }

  void add_number(double value) {
    if (std::abs(value) > std::numeric_limits<float>::max()) {
      throw std::invalid_argument(error_text(input_name(), "numbers of FP32", "a larger one"));
    }
    input().nesting.element();
    input().numbers.push_back(static_cast<float>(value));
  }
  void add_image(const std::string& written) {
    auto decoded = base64_decoded(written);
    const bool text_wanted = input().datatype.empty() || input().datatype == "BYTES";
    require(decoded.has_value() || !text_wanted, input_name(), "JPEG or PNG in base64",
            excerpt(written));
    input().nesting.element();
    input().images.push_back(decoded ? std::move(*decoded) : std::string());
  }
  std::string input_name() { return input().name.empty() ? "data" : input().name; }

  /// Refuses a value where the protocol has another.
  void scalar(const char* received) {
    switch (top()) {
      case Place::start:
        throw std::invalid_argument(error_text("request", "an object", received));
      case Place::inputs:
      case Place::outputs: {
        const char* list = top() == Place::inputs ? "inputs" : "outputs";
        throw std::invalid_argument(error_text(list, "objects", received));
      }
      case Place::shape:
        throw std::invalid_argument(error_text("shape", "a list of whole numbers", received));
      case Place::data: {
        const std::string kind = input().datatype.empty() ? "FP32" : input().datatype;
        throw std::invalid_argument(error_text(input_name(), "numbers of " + kind, received));
      }
      case Place::parameters:
        throw std::invalid_argument(
            error_text("parameters", "texts, numbers, true or false", received));
      default:
        if (!unknown_key()) throw std::invalid_argument(error_text(key_, expected(), received));
    }
  }
  std::string expected() const {
    if (key_ == "id" || key_ == "name" || key_ == "datatype") return "a text";
    if (key_ == "shape") return "a list of whole numbers";
    if (key_ == "parameters") return "an object";
    return "a list";
  }

  RequestLimits limits_;
  std::vector<Place> places_{Place::start};
  std::string key_;
  RequestParameters* parameters_ = nullptr;
};

/// Gives the inputs their parts of the bytes behind the JSON.
void place_binary(RequestReader& reader, std::size_t begin, std::size_t end) {
  for (std::size_t i = 0; i < reader.request.inputs.size(); ++i) {
    InputTensor& input = reader.request.inputs[i];
    require(!input.name.empty(), "name", "a text", "none");
    const auto found = input.parameters.find("binary_data_size");
    require(reader.has_data[i] == (found == input.parameters.end()), input.name,
            "either data or binary_data_size", "both or neither");
    if (reader.has_data[i]) continue;
    const auto* size = std::get_if<std::int64_t>(&found->second);
    const bool fits = size != nullptr && *size >= 0 &&
                      static_cast<std::uint64_t>(*size) <= static_cast<std::uint64_t>(end - begin);
    require(fits, input.name + ", binary_data_size",
            text("0 to ", end - begin, ", the bytes that follow"),
            size != nullptr ? std::to_string(*size) : "no whole number");
    input.raw = ByteRange{begin, static_cast<std::size_t>(*size)};
    begin += input.raw->size;
  }
  require(begin == end, "binary data", "as many bytes as the inputs have",
          text(end - begin, " more"));
}

}  // namespace

InferenceRequest read_rest_request(std::string_view body, std::size_t json_length,
                                   const RequestLimits& limits) {
  require(json_length <= body.size(), "Inference-Header-Content-Length",
          text("at most the ", body.size(), " bytes of the body"), std::to_string(json_length));
  RequestReader reader(limits);
  const std::string_view json = body.substr(0, json_length);
  Json::sax_parse(json.begin(), json.end(), &reader);
  place_binary(reader, json_length, body.size());
  return std::move(reader.request);
}

}  // namespace muxnet
