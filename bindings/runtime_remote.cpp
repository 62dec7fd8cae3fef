#include "muxnet/runtime/remote_call.hpp"
#include "python_function.hpp"

namespace muxnet::python {
namespace {

AskRemote asking(py::function ask) {
  return [shared = share(std::move(ask))](std::shared_ptr<RemoteCall> call) {
    if (!interpreter_runs()) throw std::runtime_error("Python has ended");
    const AcquireGil gil;
    try {
      const auto give_up = share(py::function((*shared)(std::move(call))));
      return std::function<void()>([give_up] {
        if (!interpreter_runs()) return;
        const AcquireGil again;
        try {
          (*give_up)();
        } catch (py::error_already_set& failure) {
          failure.discard_as_unraisable("a remote call that was given up");
        }
      });
    } catch (const py::error_already_set& failure) {
      throw std::runtime_error(failure.what());
    }
  };
}

}  // namespace

void bind_remote_calls(Module& module) {
  Class<RemoteCall, std::shared_ptr<RemoteCall>>(module, "RemoteCall")
      .def_property_readonly("inputs", &RemoteCall::inputs)
      .def("answer", &RemoteCall::answer, py::arg("probabilities"))
      .def("here", &RemoteCall::here)
      .def("fail", &RemoteCall::fail, py::arg("why"), py::arg("may_pass"));
  Class<HostedModel>(module.attr("HostedModel"))
      .def(
          "reached_by",
          [](const HostedModel& local, py::function ask, const RemoteModelOptions& options) {
            return host_elsewhere(local, asking(std::move(ask)), options);
          },
          py::arg("ask"), py::arg("options"),
          "The same one, run by whoever ask reaches: it begins a RemoteCall, returns at once, and\n"
          "gives a function of no arguments that gives the call up.");
}

}  // namespace muxnet::python
