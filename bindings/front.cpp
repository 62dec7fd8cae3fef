#include "muxnet/front/front.hpp"

#include "bindings.hpp"
#include "muxnet/front/http_load.hpp"

namespace muxnet::python {
namespace {

void bind_events(Module& module) {
  Class<AskedAnswer>(module, "AskedAnswer")
      .def_readonly("ticket", &AskedAnswer::ticket)
      .def_readonly("status", &AskedAnswer::status)
      .def_readonly("content_type", &AskedAnswer::content_type)
      .def_readonly("headers", &AskedAnswer::headers)
      .def_property_readonly(
          "body", [](const AskedAnswer& answer) { return py::bytes(answer.body); },
          text_of("AskedAnswer.body"));
  Class<AnsweredRequest>(module, "AnsweredRequest")
      .def_readonly("model", &AnsweredRequest::model)
      .def_readonly("id", &AnsweredRequest::id)
      .def_readonly("policy", &AnsweredRequest::policy)
      .def_readonly("routed", &AnsweredRequest::routed)
      .def_readonly("error", &AnsweredRequest::error)
      .def_readonly("began_ns", &AnsweredRequest::began_ns)
      .def_readonly("submitted_ns", &AnsweredRequest::submitted_ns)
      .def_readonly("ended_ns", &AnsweredRequest::ended_ns)
      .def_readonly("headers", &AnsweredRequest::headers)
      .def_readonly("answer", &AnsweredRequest::answer);
}

void bind_front_options(Module& module) {
  bind_options(
      module, "FrontOptions", Field("listens", &FrontOptions::listens),
      Field("host", &FrontOptions::host), Field("http_port", &FrontOptions::http_port),
      Field("grpc_port", &FrontOptions::grpc_port), Field("version", &FrontOptions::version),
      Field("token", &FrontOptions::token), Field("certificate", &FrontOptions::certificate),
      Field("key", &FrontOptions::key), Field("allowed_hosts", &FrontOptions::allowed_hosts),
      Field("body_bytes", &FrontOptions::body_bytes),
      Field("held_bytes", &FrontOptions::held_bytes),
      Field("head_seconds", &FrontOptions::head_seconds),
      Field("body_seconds", &FrontOptions::body_seconds),
      Field("requests", &FrontOptions::requests), Field("connections", &FrontOptions::connections),
      Field("images", &FrontOptions::images), Field("max_pixels", &FrontOptions::max_pixels));
}

void bind_load(Module& module) {
  bind_options(module, "HttpLoad", Field("port", &HttpLoad::port), Field("due_s", &HttpLoad::due_s),
               Field("seconds", &HttpLoad::seconds), Field("at_once", &HttpLoad::at_once),
               Field("connections", &HttpLoad::connections), Field("last_s", &HttpLoad::last_s));
  Class<LoadTally>(module, "LoadTally")
      .def_readonly("seconds", &LoadTally::seconds)
      .def_readonly("latency_ms", &LoadTally::latency_ms)
      .def_readonly("ended_s", &LoadTally::ended_s)
      .def_readonly("status", &LoadTally::status)
      .def_readonly("request", &LoadTally::request)
      .def_property_readonly(
          "body",
          [](const LoadTally& tally) {
            return std::vector<py::bytes>(tally.body.begin(), tally.body.end());
          },
          text_of("LoadTally.body"));
  module.def(
      "run_load",
      [](const std::vector<py::bytes>& requests, const HttpLoad& load) {
        const std::vector<std::string> sent(requests.begin(), requests.end());
        const ReleaseGil unlocked;
        return run_load(sent, load);
      },
      py::arg("requests"), py::arg("load"));
}

}  // namespace

void bind_front(Module& module) {
  bind_events(module);
  bind_front_options(module);
  bind_load(module);
}

}  // namespace muxnet::python
