#include "bindings.hpp"
#include "muxnet/core/error.hpp"
#include "muxnet/offload/offload_client.hpp"
#include "muxnet/protocol/transport.hpp"

namespace muxnet::python {
namespace {

using Milliseconds = std::optional<double>;

Placement placement_named(const std::string& name) {
  if (name == "decide") return Placement::decide;
  if (name == "device") return Placement::device;
  require(name == "cloud", "placement", "decide, device or cloud", name);
  return Placement::cloud;
}

void bind_offload_options(Module& module) {
  bind_options(module, "OffloadObjective", Field("threshold", &OffloadObjective::threshold),
               Field("per_ms", &OffloadObjective::per_ms),
               Field("per_mj", &OffloadObjective::per_mj),
               Field("max_latency_ms", &OffloadObjective::max_latency_ms),
               Field("max_energy_mj", &OffloadObjective::max_energy_mj));
  bind_options(
      module, "OffloadOptions", Field("endpoint", &OffloadOptions::endpoint),
      Field("cloud", &OffloadOptions::cloud), Field("objective", &OffloadOptions::objective),
      Field("retry", &OffloadOptions::retry), Field("breaker", &OffloadOptions::breaker),
      Field("link", &OffloadOptions::link),
      Field("multiplexer_cost", &OffloadOptions::multiplexer_cost),
      Field("small", &OffloadOptions::small), Field("deadline_ms", &OffloadOptions::deadline_ms),
      Field("margin_ms", &OffloadOptions::margin_ms),
      Field("request_timeout_ms", &OffloadOptions::request_timeout_ms),
      Field("probe_timeout_ms", &OffloadOptions::probe_timeout_ms),
      Field("refresh_ms", &OffloadOptions::refresh_ms), Field("seed", &OffloadOptions::seed));
}

void bind_account(Module& module) {
  Class<OffloadAccount>(module, "OffloadAccount")
      .def_property_readonly("by_reason",
                             [](const OffloadAccount& account) {
                               std::map<std::string, std::int64_t> counts;
                               for (std::size_t i = 0; i < reason_count; ++i) {
                                 counts.emplace(name_of(static_cast<OffloadReason>(i)),
                                                account.by_reason[i]);
                               }
                               return counts;
                             })
      .def_property_readonly("answers", &OffloadAccount::answers)
      .def_property_readonly(
          "local", [](const OffloadAccount& a) { return a.of(Route::local); },
          "Inputs that were not sent.")
      .def_property_readonly(
          "offloaded", [](const OffloadAccount& a) { return a.of(Route::offloaded); },
          "Inputs that the cloud answered.")
      .def_property_readonly(
          "fell_back", [](const OffloadAccount& a) { return a.of(Route::fell_back); },
          "Inputs sent, and answered here.")
      .def_readonly("late", &OffloadAccount::late)
      .def_readonly("worst_lateness_ms", &OffloadAccount::worst_lateness_ms)
      .def_readonly("hedged", &OffloadAccount::hedged)
      .def_readonly("retries", &OffloadAccount::retries)
      .def_readonly("probes", &OffloadAccount::probes)
      .def_readonly("sent_bytes", &OffloadAccount::sent_bytes)
      .def_readonly("received_bytes", &OffloadAccount::received_bytes);
}

void bind_offload_results(Module& module) {
  bind_account(module);
  Class<OffloadAnswer>(module, "OffloadAnswer")
      .def_readonly("probabilities", &OffloadAnswer::probabilities)
      .def_readonly("answer", &OffloadAnswer::answer, "The class.")
      .def_property_readonly(
          "route", [](const OffloadAnswer& answer) { return name_of(route_of(answer.reason)); },
          "local, offloaded or fell_back.")
      .def_property_readonly("reason",
                             [](const OffloadAnswer& answer) { return name_of(answer.reason); })
      .def_readonly("detail", &OffloadAnswer::detail)
      .def_readonly("score", &OffloadAnswer::score)
      .def_readonly("latency_ms", &OffloadAnswer::latency_ms)
      .def_readonly("lateness_ms", &OffloadAnswer::lateness_ms)
      .def_readonly("attempts", &OffloadAnswer::attempts)
      .def_readonly("sent_bytes", &OffloadAnswer::sent_bytes)
      .def_readonly("received_bytes", &OffloadAnswer::received_bytes)
      .def_readonly("server_ms", &OffloadAnswer::server_ms)
      .def_readonly("energy_mj", &OffloadAnswer::energy_mj);
}

void bind_readings(Class<OffloadClient>& bound) {
  bound
      // Without the GIL, as an answer under way may hold the client until its deadline.
      .def_property_readonly("payload", py::cpp_function(&OffloadClient::payload, Unlocked()))
      .def_property_readonly("account", py::cpp_function(&OffloadClient::account, Unlocked()))
      .def_property_readonly("link", py::cpp_function(&OffloadClient::link, Unlocked()))
      .def_property_readonly("server_ms", py::cpp_function(&OffloadClient::server_ms, Unlocked()))
      .def_property_readonly("local_ms", py::cpp_function(&OffloadClient::local_ms, Unlocked()))
      .def_property_readonly("multiplexer_ms",
                             py::cpp_function(&OffloadClient::multiplexer_ms, Unlocked()))
      .def_property_readonly(
          "state",
          py::cpp_function([](const OffloadClient& client) { return name_of(client.state()); },
                           Unlocked()));
}

void bind_offload_client(Module& module) {
  Class<OffloadClient> bound(module, "OffloadClient");
  bound
      .def(
          py::init([](Multiplexer multiplexer, HostedModel small, const ConnectionOptions& server,
                      const OffloadOptions& options) {
            return std::make_unique<OffloadClient>(
                make_local_models(std::move(multiplexer), std::move(small)),
                [server] { return make_transport(server); }, std::make_shared<SteadyClock>(),
                options);
          }),
          py::arg("multiplexer"), py::arg("small"), py::arg("server"), py::arg("options"),
          Unlocked(),
          "`multiplexer`: one with the output offload; `small`: a model that this process runs. A "
          "Model stands for either.\n\nRaises:\n    ValueError: options or models that do not "
          "fit.\n    FileError: a file of the small model cannot be read.\n    RuntimeError: built "
          "without libcurl, or gRPC, where the URL needs it.")
      .def("connect", &OffloadClient::connect, py::arg("timeout_ms") = 2000.0, Unlocked())
      .def(
          "answer",
          [](OffloadClient& client, const Tensor& image, const Milliseconds& deadline_ms,
             const std::string& placement, const Tensor& features) {
            return client.answer({image, features}, {deadline_ms, placement_named(placement)});
          },
          py::arg("image"), py::arg("deadline_ms") = py::none(), py::arg("placement") = "decide",
          argument("features", Tensor()), Unlocked(),
          "Answer an image u8 or f32 (1, c, h, w) before its deadline, whatever the network does; "
          "of any size\nwhere the models say what becomes of it. `placement`: decide, device (it "
          "does not leave the device) or\ncloud; `features` f32 (1, d): for a multiplexer that "
          "looks at vectors.\n\nRaises:\n    ValueError: an input that does not fit.")
      .def(
          "score",
          [](OffloadClient& client, const Tensor& image, const Tensor& features) {
            return client.score({image, features});
          },
          py::arg("image"), argument("features", Tensor()), Unlocked());
  bind_readings(bound);
}

}  // namespace

void bind_offload(Module& module) {
  bind_offload_options(module);
  bind_offload_results(module);
  bind_offload_client(module);
}

}  // namespace muxnet::python
