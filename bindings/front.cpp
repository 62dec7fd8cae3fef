#include "muxnet/front/front.hpp"

#include "bindings.hpp"
#include "bound_service.hpp"
#include "muxnet/front/http_load.hpp"

namespace muxnet::python {
namespace {

/// A front that ends without Python's lock, and not at all where Python has ended.
class BoundFront {
 public:
  explicit BoundFront(const FrontOptions& options) : front_(std::make_unique<Front>(options)) {}
  ~BoundFront() {
    if (!interpreter_runs()) front_.leave();  // a worker may wait for Python, and for ever
    if (!front_.at_home()) return;
    const ReleaseGil unlocked;  // a worker may wait for Python's lock
    front_ = {};
  }
  BoundFront(const BoundFront&) = delete;
  BoundFront& operator=(const BoundFront&) = delete;

  Front& get() const { return front_.get("front"); }

 private:
  ProcessLocal<Front> front_;
};

/// A call of the front, without Python's lock.
template <class Return, class... Arguments>
auto call(Return (Front::*method)(Arguments...)) {
  return [method](const BoundFront& front, Arguments... arguments) {
    const ReleaseGil unlocked;
    return (front.get().*method)(std::forward<Arguments>(arguments)...);
  };
}
template <class Return>
auto call(Return (Front::*method)() const) {
  return [method](const BoundFront& front) {
    const ReleaseGil unlocked;
    return (front.get().*method)();
  };
}

using Format = std::variant<ImageFormat, std::int64_t>;

ShownFormat shown_format(const Format& format) {
  if (const auto* images = std::get_if<ImageFormat>(&format)) return {*images, 0};
  return {std::nullopt, std::get<std::int64_t>(format)};
}

std::shared_ptr<ServedModels> make_models(std::string router, std::vector<std::string> models,
                                          std::int64_t classes, const std::vector<Format>& formats,
                                          std::vector<std::size_t> shown,
                                          std::shared_ptr<Policy> policy) {
  std::vector<ShownFormat> all;
  for (const Format& format : formats) all.push_back(shown_format(format));
  return std::make_shared<ServedModels>(ServedModels{std::move(router), std::move(models), classes,
                                                     std::move(all), std::move(shown),
                                                     std::move(policy)});
}

void bind_events(Module& module) {
  Class<HandedRequest>(module, "HandedRequest")
      .def_readonly("ticket", &HandedRequest::ticket)
      .def_readonly("method", &HandedRequest::method)
      .def_readonly("path", &HandedRequest::path)
      .def_readonly("accept", &HandedRequest::accept)
      .def_readonly("content_type", &HandedRequest::content_type)
      .def_property_readonly(
          "body", [](const HandedRequest& request) { return py::bytes(request.body); },
          text_of("HandedRequest.body"));
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
  Class<RefusalsTold>(module, "RefusalsTold")
      .def_readonly("reason", &RefusalsTold::reason)
      .def_readonly("count", &RefusalsTold::count)
      .def_readonly("client", &RefusalsTold::client);
  Class<FailureTold>(module, "FailureTold")
      .def_readonly("event", &FailureTold::event)
      .def_readonly("reason", &FailureTold::reason);
  Class<RecordsLost>(module, "RecordsLost").def_readonly("count", &RecordsLost::count);
  Class<LabelTally>(module, "LabelTally")
      .def_readonly("labelled", &LabelTally::labelled)
      .def_readonly("right", &LabelTally::right);
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
      Field("images", &FrontOptions::images), Field("max_pixels", &FrontOptions::max_pixels),
      Field("noted", &FrontOptions::noted), Field("handed", &FrontOptions::handed));
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

std::uint64_t ask(const BoundFront& front, std::string method, std::string path, HeaderList headers,
                  const py::bytes& body) {
  std::string bytes(body);
  const ReleaseGil unlocked;
  return front.get().ask(std::move(method), std::move(path), std::move(headers), std::move(bytes));
}

}  // namespace

void bind_front(Module& module) {
  bind_events(module);
  bind_front_options(module);
  bind_load(module);
  Class<ServedModels, std::shared_ptr<ServedModels>>(module, "ServedModels")
      .def(py::init(&make_models), py::kw_only(), py::arg("router"), py::arg("models"),
           py::arg("classes"), py::arg("formats"), py::arg("shown"), py::arg("policy"),
           "A format is that of images, or the length of vectors.");
  Class<BoundFront>(module, "Front")
      .def(py::init<const FrontOptions&>(), py::arg("options"), Unlocked(),
           "Raises:\n    OSError: an address that is taken, or a certificate that does not fit.")
      .def(
          "open",
          [](const BoundFront& front, const BoundService& service,
             const std::shared_ptr<ServedModels>& models) {
            front.get().open(service.shared(), models);
          },
          py::arg("service"), py::arg("models"), Unlocked())
      .def(
          "deploy",
          [](const BoundFront& front, Deployment deployment,
             const std::shared_ptr<ServedModels>& models) {
            return front.get().deploy(std::move(deployment), models);
          },
          py::arg("deployment"), py::arg("models"), Unlocked())
      .def_property_readonly("http_port", call(&Front::http_port))
      .def_property_readonly("grpc_port", call(&Front::grpc_port))
      .def_property_readonly("descriptor", call(&Front::descriptor))
      .def("take", call(&Front::take))
      .def("answer", call(&Front::answer), py::arg("ticket"), py::arg("status"),
           py::arg("content_type"), py::arg("body"), py::arg("headers") = HeaderList{})
      .def("ask", &ask, py::arg("method"), py::arg("path"), py::arg("headers"), py::arg("body"))
      .def("refusals", call(&Front::refusals))
      .def("learn", call(&Front::learn), py::arg("inputs"), py::arg("labels"))
      .def("labels", call(&Front::labels))
      .def("drain", call(&Front::drain), py::arg("within_ms"))
      .def("wait_drained", call(&Front::wait_drained), py::arg("within_ms"));
}

}  // namespace muxnet::python
