#include "bindings.hpp"
#include "muxnet/protocol/endpoint_client.hpp"
#include "muxnet/protocol/transport.hpp"
#include "options.hpp"

namespace muxnet::python {
namespace {

void bind_metadata(Module& module) {
  bind_error<EndpointError>(module, "EndpointError", PyExc_RuntimeError);
  Class<TensorSpec>(module, "TensorSpec")
      .def_readonly("name", &TensorSpec::name)
      .def_readonly("datatype", &TensorSpec::datatype)
      .def_readonly("shape", &TensorSpec::shape);
  Class<ModelMetadata>(module, "ModelMetadata")
      .def_readonly("name", &ModelMetadata::name)
      .def_readonly("inputs", &ModelMetadata::inputs)
      .def_readonly("outputs", &ModelMetadata::outputs);
  Class<EndpointPlace>(module, "EndpointPlace")
      .def_readonly("server", &EndpointPlace::server)
      .def_readonly("model", &EndpointPlace::model)
      .def_readonly("version", &EndpointPlace::version);
  module.def("parse_endpoint", &parse_endpoint, py::arg("url"));
  module.def("read_metadata", &read_metadata, py::arg("options"), Unlocked());
}

void bind_endpoints(Module& module) {
  bind_options(module, "EndpointOptions", Field("model", &EndpointOptions::model),
               Field("version", &EndpointOptions::version), Field("input", &EndpointOptions::input),
               Field("output", &EndpointOptions::output), Field("logits", &EndpointOptions::logits),
               Field("payload", &EndpointOptions::payload),
               Field("jpeg_quality", &EndpointOptions::jpeg_quality));
  bind_options(module, "RetryOptions", Field("most", &RetryOptions::most),
               Field("base_ms", &RetryOptions::base_ms), Field("share", &RetryOptions::share),
               Field("burst", &RetryOptions::burst));
  bind_options(module, "BreakerOptions", Field("failures", &BreakerOptions::failures),
               Field("cooldown_ms", &BreakerOptions::cooldown_ms),
               Field("max_cooldown_ms", &BreakerOptions::max_cooldown_ms));
  bind_options(
      module, "RemoteModelOptions", Field("name", &RemoteModelOptions::name),
      Field("server", &RemoteModelOptions::server),
      Field("endpoint", &RemoteModelOptions::endpoint),
      Field("classes", &RemoteModelOptions::classes), Field("retry", &RemoteModelOptions::retry),
      Field("breaker", &RemoteModelOptions::breaker),
      Field("timeout_ms", &RemoteModelOptions::timeout_ms),
      Field("probe_timeout_ms", &RemoteModelOptions::probe_timeout_ms),
      Field("in_flight", &RemoteModelOptions::in_flight), Field("seed", &RemoteModelOptions::seed));
  Class<EndpointStatistics>(module, "EndpointStatistics")
      .def_property_readonly("state", [](const EndpointStatistics& s) { return name_of(s.state); })
      .def_readonly("requests", &EndpointStatistics::requests)
      .def_readonly("retries", &EndpointStatistics::retries)
      .def_readonly("failures", &EndpointStatistics::failures)
      .def_readonly("probes", &EndpointStatistics::probes)
      .def_readonly("in_flight", &EndpointStatistics::in_flight)
      .def_readonly("trouble", &EndpointStatistics::trouble);
  bind_metadata(module);
}

}  // namespace

void bind_protocol(Module& module) {
  Class<ConnectionOptions>(module, "ConnectionOptions")
      .def(py::init([](const std::string& url) {
             ConnectionOptions options;
             options.url = url;
             return options;
           }),
           py::arg("url") = "")
      .def_readwrite("bearer_token", &ConnectionOptions::bearer_token)
      .def_readwrite("ca_file", &ConnectionOptions::ca_file)
      .def_readwrite("certificate", &ConnectionOptions::certificate)
      .def_readwrite("key", &ConnectionOptions::key)
      .def_readwrite("proxy", &ConnectionOptions::proxy)
      .def_readwrite("connect_timeout_ms", &ConnectionOptions::connect_timeout_ms)
      .def_readwrite("max_response_bytes", &ConnectionOptions::max_response_bytes);
  bind_endpoints(module);
}

}  // namespace muxnet::python
