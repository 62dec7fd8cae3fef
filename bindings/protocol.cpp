#include "bindings.hpp"
#include "muxnet/protocol/inference_request.hpp"
#include "muxnet/protocol/transport.hpp"

namespace muxnet::python {
namespace {

/// Reads while other Python threads run.
template <class Read>
InferenceRequest read_unlocked(const py::bytes& body, const Read& read) {
  const std::string_view bytes = body;
  const py::gil_scoped_release unlocked;
  return read(bytes);
}

void bind_input(Module& module) {
  Class<InputTensor>(module, "InputTensor")
      .def_readonly("name", &InputTensor::name)
      .def_readonly("datatype", &InputTensor::datatype)
      .def_readonly("shape", &InputTensor::shape)
      .def_property_readonly(
          "numbers",
          [](const py::object& self) {
            const auto& numbers = self.cast<const InputTensor&>().numbers;
            return py::array_t<float>(static_cast<py::ssize_t>(numbers.size()), numbers.data(),
                                      self);
          },
          "f32 (count), written one by one.")
      .def_readonly("whole", &InputTensor::whole, "No number has a fraction.")
      .def_property_readonly(
          "images",
          [](const InputTensor& tensor) {
            return std::vector<py::bytes>(tensor.images.begin(), tensor.images.end());
          },
          "JPEG or PNG.")
      .def_property_readonly(
          "raw",
          [](const InputTensor& tensor) {
            std::optional<std::pair<std::size_t, std::size_t>> range;
            if (tensor.raw) range.emplace(tensor.raw->begin, tensor.raw->begin + tensor.raw->size);
            return range;
          },
          "Where its bytes begin and end in what was read.");
}

void bind_requests(Module& module) {
  bind_input(module);
  Class<RequestedTensor>(module, "RequestedTensor")
      .def_readonly("name", &RequestedTensor::name)
      .def_readonly("parameters", &RequestedTensor::parameters);
  Class<InferenceRequest>(module, "InferenceRequest")
      .def_readonly("id", &InferenceRequest::id)
      .def_readonly("model_name", &InferenceRequest::model_name)
      .def_readonly("model_version", &InferenceRequest::model_version)
      .def_readonly("parameters", &InferenceRequest::parameters)
      .def_readonly("inputs", &InferenceRequest::inputs)
      .def_readonly("outputs", &InferenceRequest::outputs);
  module.def(
      "read_rest_request",
      [](const py::bytes& body, std::size_t json_length, std::size_t images) {
        RequestLimits limits;
        limits.images = images;
        return read_unlocked(
            body, [&](auto bytes) { return read_rest_request(bytes, json_length, limits); });
      },
      py::arg("body"), py::arg("json_length"), py::arg("images"));
  module.def(
      "read_grpc_request",
      [](const py::bytes& message, std::size_t images) {
        RequestLimits limits;
        limits.images = images;
        return read_unlocked(message, [&](auto bytes) { return read_grpc_request(bytes, limits); });
      },
      py::arg("message"), py::arg("images"));
}

}  // namespace

void bind_protocol(Module& module) {
  Class<ConnectionOptions>(module, "ConnectionOptions")
      .def(py::init([](const std::string& url) {
             ConnectionOptions options;
             options.url = url;
             return options;
           }),
           py::arg("url"))
      .def_readwrite("bearer_token", &ConnectionOptions::bearer_token)
      .def_readwrite("ca_file", &ConnectionOptions::ca_file)
      .def_readwrite("certificate", &ConnectionOptions::certificate)
      .def_readwrite("key", &ConnectionOptions::key)
      .def_readwrite("proxy", &ConnectionOptions::proxy)
      .def_readwrite("connect_timeout_ms", &ConnectionOptions::connect_timeout_ms)
      .def_readwrite("max_response_bytes", &ConnectionOptions::max_response_bytes);
  bind_requests(module);
}

}  // namespace muxnet::python
