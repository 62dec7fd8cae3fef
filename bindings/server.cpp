#include "muxnet/server/server.hpp"
#include "muxnet/server/saved_deployment.hpp"

#include "bindings.hpp"
#include "muxnet/core/fork.hpp"
#include "python_function.hpp"

namespace muxnet::python {
namespace {

/// What stages are shown: images of a format, or vectors of that length.
using Format = std::variant<ImageFormat, std::int64_t>;

std::vector<ShownFormat> shown_formats(const std::vector<Format>& formats) {
  std::vector<ShownFormat> all;
  for (const Format& format : formats) {
    if (const auto* images = std::get_if<ImageFormat>(&format)) {
      all.push_back({*images, 0});
    } else {
      all.push_back({std::nullopt, std::get<std::int64_t>(format)});
    }
  }
  return all;
}

std::shared_ptr<Served> make_served(std::vector<HostedModel> models,
                                    std::optional<Multiplexer> multiplexer,
                                    std::shared_ptr<Policy> policy, std::shared_ptr<Policy> shadow,
                                    std::vector<std::string> class_names,
                                    const std::vector<Format>& formats,
                                    std::vector<std::size_t> shown, std::string cost_kind,
                                    std::shared_ptr<DriftMonitor> monitor, double least_accuracy) {
  return std::make_shared<Served>(
      Served{std::move(models), std::move(multiplexer), std::move(policy), std::move(shadow),
             std::move(class_names), shown_formats(formats), std::move(shown), std::move(cost_kind),
             std::move(monitor), least_accuracy});
}

/// What an error of Python says: of one that is no Exception, as SystemExit, its type too.
std::string told(const py::error_already_set& error) {
  const std::string said = py::str(error.value()).cast<std::string>();
  const std::string type = error.type().attr("__name__").cast<std::string>();
  const bool known = error.matches(PyExc_Exception) && !said.empty();
  return known ? said : type + ": " + said;
}

/// A call of a Python function by a thread of the core, whose errors are the core's.
template <class Return, class... Arguments>
std::function<Return(Arguments...)> from_python(py::function function) {
  return [shared = share(std::move(function))](Arguments... arguments) -> Return {
    if (!interpreter_runs()) throw std::runtime_error("Python has ended");
    const AcquireGil gil;
    try {
      return (*shared)(std::forward<Arguments>(arguments)...).template cast<Return>();
    } catch (const py::error_already_set& failure) {
      throw std::runtime_error(told(failure));
    }
  };
}

/// A server that ends without Python's lock, and not at all where Python has ended.
class BoundServer {
 public:
  BoundServer(ServerOptions options, py::function read, py::function files, py::object answered,
              py::object asked) {
    ServerSource source;
    source.read = [make = from_python<std::shared_ptr<Served>>(std::move(read))] {
      return std::shared_ptr<const Served>(make());
    };
    source.files = from_python<std::vector<std::filesystem::path>>(std::move(files));
    ServerListeners listeners;
    if (!answered.is_none()) {
      listeners.answered =
          from_python<void, const AnsweredRequest&, const std::vector<std::string>&>(
              answered.cast<py::function>());
    }
    if (!asked.is_none()) {
      listeners.asked = from_python<void, AskedAnswer>(asked.cast<py::function>());
    }
    const ReleaseGil unlocked;
    server_ = ProcessLocal(
        std::make_unique<Server>(std::move(options), std::move(source), std::move(listeners)));
  }
  ~BoundServer() {
    if (!interpreter_runs()) server_.leave();  // a worker may wait for Python, and for ever
    if (!server_.at_home()) return;
    const ReleaseGil unlocked;  // a worker may wait for Python's lock
    server_ = {};
  }
  BoundServer(const BoundServer&) = delete;
  BoundServer& operator=(const BoundServer&) = delete;

  Server& get() const { return server_.get("server"); }

 private:
  ProcessLocal<Server> server_;
};

std::uint64_t ask(const BoundServer& server, std::string method, std::string path,
                  HeaderList headers, const py::bytes& body) {
  std::string bytes(body);
  const ReleaseGil unlocked;
  return server.get().ask(std::move(method), std::move(path), std::move(headers), std::move(bytes));
}

void bind_served(Module& module) {
  Class<Served, std::shared_ptr<Served>>(module, "Served")
      .def(py::init(&make_served), py::arg("models"), py::kw_only(),
           py::arg("multiplexer") = std::nullopt, py::arg("policy"), py::arg("shadow") = nullptr,
           py::arg("class_names"), py::arg("formats"), py::arg("shown"), py::arg("cost_kind"),
           py::arg("monitor") = nullptr, py::arg("least_accuracy") = 0.0,
           "A format is that of images, or the length of vectors.")
      .def_readonly("models", &Served::models)
      .def_readonly("multiplexer", &Served::multiplexer)
      .def_property_readonly(
          "policy", [](const Served& s) { return std::const_pointer_cast<Policy>(s.policy); },
          text_of("Served.policy"))
      .def_readonly("class_names", &Served::class_names)
      .def_property_readonly(
          "formats",
          [](const Served& served) {
            std::vector<Format> formats;
            for (const ShownFormat& format : served.formats) {
              formats.push_back(format.images ? Format(*format.images) : format.vector_length);
            }
            return formats;
          },
          text_of("Served.formats"))
      .def_readonly("shown", &Served::shown)
      .def_property_readonly("names", &names_of, "The models' names.")
      .def_property_readonly("uses_multiplexer", &uses_multiplexer, text_of("uses_multiplexer"))
      .def(
          "with_models",
          [](const Served& served, std::vector<HostedModel> models) {
            auto other = std::make_shared<Served>(served);
            other->models = std::move(models);
            return other;
          },
          py::arg("models"), "The same with other models of the same names.")
      .def("deployment", &deployment_of, py::kw_only(), py::arg("record"), text_of("deployment_of"),
           Unlocked());
}

void bind_saved_deployments(Module& module) {
  module.def("save_deployment", &save_deployment, py::arg("served"), py::arg("network"),
             py::arg("folder"), Unlocked());
  module.def("load_deployment", &load_deployment, py::arg("folder"),
             py::arg("least_accuracy") = 0.0, Unlocked());
  module.attr("DEPLOYMENT_FILE") = deployment_file;
}

void bind_reading(Module& module) {
  Class<StuckModel>(module, "StuckModel")
      .def_readonly("model", &StuckModel::model)
      .def_readonly("seconds", &StuckModel::seconds)
      .def_readonly("since", &StuckModel::since)
      .def_readonly("version", &StuckModel::version);
  Class<Health>(module, "Health")
      .def_readonly("ready", &Health::ready)
      .def_readonly("draining", &Health::draining)
      .def_readonly("workers", &Health::workers)
      .def_readonly("workers_left", &Health::workers_left)
      .def_readonly("stuck", &Health::stuck)
      .def_readonly("failing", &Health::failing);
  Class<MetricSample>(module, "MetricSample")
      .def_readonly("name", &MetricSample::name)
      .def_readonly("labels", &MetricSample::labels)
      .def_readonly("value", &MetricSample::value);
  Class<Metric>(module, "Metric")
      .def_readonly("name", &Metric::name)
      .def_readonly("type", &Metric::type)
      .def_readonly("help", &Metric::help)
      .def_readonly("samples", &Metric::samples);
}

void bind_options_of_server(Module& module) {
  bind_options(module, "ServerOptions", Field("front", &ServerOptions::front),
               Field("service", &ServerOptions::service), Field("router", &ServerOptions::router),
               Field("decisions", &ServerOptions::decisions),
               Field("drain_s", &ServerOptions::drain_s));
  module.def("connections_within_descriptors", &connections_within_descriptors);
}

}  // namespace

void bind_server(Module& module) {
  bind_options_of_server(module);
  bind_served(module);
  bind_saved_deployments(module);
  bind_reading(module);
  Class<BoundServer>(module, "Server")
      .def(py::init<ServerOptions, py::function, py::function, py::object, py::object>(),
           py::arg("options"), py::kw_only(), py::arg("read"), py::arg("files"),
           py::arg("answered") = py::none(), py::arg("asked") = py::none(),
           "``read`` gives what is served, for a reload, ``files`` those whose change means\n"
           "something new; ``answered`` is told of each request with the models' names, ``asked`` "
           "of the\nanswer to one that came by ask().\n\n"
           "Raises:\n    OSError: an address that is taken, or a file that cannot be opened.")
      .def(
          "open",
          [](const BoundServer& server, const std::shared_ptr<Served>& served) {
            server.get().open(served);
          },
          py::arg("served"), Unlocked())
      .def_property_readonly(
          "http_port", [](const BoundServer& s) { return s.get().http_port(); },
          text_of("Server.http_port"))
      .def("ask", &ask, py::arg("method"), py::arg("path"), py::arg("headers"), py::arg("body"))
      .def(
          "health", [](const BoundServer& server) { return health_of(server.get().reading()); },
          text_of("health_of"), Unlocked())
      .def(
          "metrics", [](const BoundServer& server) { return metrics_of(server.get().reading()); },
          text_of("metrics_of"), Unlocked())
      .def(
          "serve_until_told",
          [](const BoundServer& server) { return serve_until_told(server.get()); },
          text_of("serve_until_told"), Unlocked())
      .def(
          "drain", [](const BoundServer& server) { return server.get().drain(); }, Unlocked());
}

}  // namespace muxnet::python
