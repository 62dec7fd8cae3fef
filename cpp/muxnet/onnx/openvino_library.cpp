#include "muxnet/onnx/openvino_library.hpp"

#include <algorithm>
#include <regex>

#include "muxnet/core/error.hpp"
#include "muxnet/onnx/engines.hpp"

namespace muxnet::openvino {
namespace {

Library load() {
  void* opened = open_library("openvino");
  const auto find = [&](const char* name, auto& function) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(
        function_of(opened, "openvino", name));
  };
  Library one{};
  find("ov_core_create", one.core_create);
  find("ov_core_set_property", one.core_set_property);
  find("ov_core_read_model", one.core_read_model);
  find("ov_core_read_model_from_memory_buffer", one.core_read_model_from_memory_buffer);
  find("ov_core_compile_model", one.core_compile_model);
  find("ov_model_free", one.model_free);
  find("ov_compiled_model_create_infer_request", one.compiled_model_create_infer_request);
  find("ov_compiled_model_free", one.compiled_model_free);
  find("ov_infer_request_get_input_tensor", one.infer_request_get_input_tensor);
  find("ov_infer_request_get_tensor", one.infer_request_get_tensor);
  find("ov_infer_request_infer", one.infer_request_infer);
  find("ov_infer_request_free", one.infer_request_free);
  find("ov_tensor_set_shape", one.tensor_set_shape);
  find("ov_tensor_get_shape", one.tensor_get_shape);
  find("ov_tensor_get_byte_size", one.tensor_get_byte_size);
  find("ov_tensor_data", one.tensor_data);
  find("ov_tensor_free", one.tensor_free);
  find("ov_shape_free", one.shape_free);
  find("ov_get_last_err_msg", one.get_last_err_msg);
  return one;
}

/// What it says of a failure in one line, without places in its sources.
std::string reason() {
  const char* said = library().get_last_err_msg();
  std::string words = said == nullptr ? "an error" : said;
  static const std::regex places(
      R"(Exception from [^\n]*|Check '[^\n]*' failed at [^\n]*|FrontEnd API failed[^\n]*)");
  static const std::regex gaps(R"(\s+)");
  words = std::regex_replace(std::regex_replace(words, places, ""), gaps, " ");
  words.erase(0, std::min(words.find_first_not_of(' '), words.size()));
  return words.substr(0, 200);
}

}  // namespace

const Library& library() { return loaded(&load); }

void check(Status status, const char* what) {
  if (status != 0) throw std::invalid_argument(error_text("openvino", what, reason()));
}

}  // namespace muxnet::openvino
