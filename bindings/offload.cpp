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

void bind_offload_options(py::module_& module) {
  py::class_<EndpointOptions>(module, "EndpointOptions", "The model in the cloud.")
      .def_readwrite("model", &EndpointOptions::model)
      .def_readwrite("version", &EndpointOptions::version)
      .def_readwrite("input", &EndpointOptions::input, "Empty: the first that fits the payload.")
      .def_readwrite("output", &EndpointOptions::output, "Empty: probabilities, or the first.")
      .def_readwrite("logits", &EndpointOptions::logits)
      .def_readwrite("payload", &EndpointOptions::payload, "raw, png or jpeg.")
      .def_readwrite("jpeg_quality", &EndpointOptions::jpeg_quality);
  py::class_<OffloadObjective>(module, "OffloadObjective", "What the user wants.")
      .def_readwrite("threshold", &OffloadObjective::threshold)
      .def_readwrite("per_ms", &OffloadObjective::per_ms, "Score that a millisecond is worth.")
      .def_readwrite("per_mj", &OffloadObjective::per_mj)
      .def_readwrite("max_latency_ms", &OffloadObjective::max_latency_ms)
      .def_readwrite("max_energy_mj", &OffloadObjective::max_energy_mj);
  py::class_<RetryOptions>(module, "RetryOptions", "Further attempts, within a budget.")
      .def_readwrite("most", &RetryOptions::most)
      .def_readwrite("base_ms", &RetryOptions::base_ms)
      .def_readwrite("share", &RetryOptions::share)
      .def_readwrite("burst", &RetryOptions::burst);
  py::class_<BreakerOptions>(module, "BreakerOptions", "When a failing server is left alone.")
      .def_readwrite("failures", &BreakerOptions::failures)
      .def_readwrite("cooldown_ms", &BreakerOptions::cooldown_ms)
      .def_readwrite("max_cooldown_ms", &BreakerOptions::max_cooldown_ms);
  py::class_<OffloadOptions>(module, "OffloadOptions", "How an OffloadClient works.")
      .def(py::init<>())
      .def_readwrite("endpoint", &OffloadOptions::endpoint)
      .def_readwrite("objective", &OffloadOptions::objective)
      .def_readwrite("retry", &OffloadOptions::retry)
      .def_readwrite("breaker", &OffloadOptions::breaker)
      .def_readwrite("link", &OffloadOptions::link, "Rates to begin with; the radio's powers.")
      .def_readwrite("look", &OffloadOptions::look, "What the multiplexer costs the device.")
      .def_readwrite("small", &OffloadOptions::small)
      .def_readwrite("deadline_ms", &OffloadOptions::deadline_ms)
      .def_readwrite("margin_ms", &OffloadOptions::margin_ms)
      .def_readwrite("request_timeout_ms", &OffloadOptions::request_timeout_ms)
      .def_readwrite("probe_timeout_ms", &OffloadOptions::probe_timeout_ms)
      .def_readwrite("refresh_ms", &OffloadOptions::refresh_ms)
      .def_readwrite("seed", &OffloadOptions::seed);
}

void bind_offload_results(py::module_& module) {
  py::class_<OffloadAnswer>(module, "OffloadAnswer", "An answer and where it came from.")
      .def_readonly("probabilities", &OffloadAnswer::probabilities, "f32 (1, K).")
      .def_readonly("answer", &OffloadAnswer::answer, "The class.")
      .def_property_readonly(
          "route", [](const OffloadAnswer& answer) { return name_of(route_of(answer.reason)); },
          "local, offloaded or fell_back.")
      .def_property_readonly("reason",
                             [](const OffloadAnswer& answer) { return name_of(answer.reason); })
      .def_readonly("detail", &OffloadAnswer::detail, "Why the cloud did not answer, in words.")
      .def_readonly("score", &OffloadAnswer::score)
      .def_readonly("latency_ms", &OffloadAnswer::latency_ms)
      .def_readonly("lateness_ms", &OffloadAnswer::lateness_ms, "Past the deadline; 0 in time.")
      .def_readonly("attempts", &OffloadAnswer::attempts)
      .def_readonly("sent_bytes", &OffloadAnswer::sent_bytes)
      .def_readonly("received_bytes", &OffloadAnswer::received_bytes)
      .def_readonly("server_ms", &OffloadAnswer::server_ms)
      .def_readonly("energy_mj", &OffloadAnswer::energy_mj, "Of the device, modelled.");
  py::class_<OffloadAccount>(module, "OffloadAccount", "What became of all inputs so far.")
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
      .def_property_readonly("local", [](const OffloadAccount& a) { return a.of(Route::local); })
      .def_property_readonly("offloaded",
                             [](const OffloadAccount& a) { return a.of(Route::offloaded); })
      .def_property_readonly("fell_back",
                             [](const OffloadAccount& a) { return a.of(Route::fell_back); })
      .def_readonly("late", &OffloadAccount::late)
      .def_readonly("worst_lateness_ms", &OffloadAccount::worst_lateness_ms)
      .def_readonly("hedged", &OffloadAccount::hedged)
      .def_readonly("retries", &OffloadAccount::retries)
      .def_readonly("probes", &OffloadAccount::probes)
      .def_readonly("sent_bytes", &OffloadAccount::sent_bytes)
      .def_readonly("received_bytes", &OffloadAccount::received_bytes);
}

void bind_offload_client(py::module_& module) {
  py::class_<OffloadClient>(
      module, "OffloadClient",
      "Answers here, or in the cloud where that is worth it; in time.\n\nThreads may call it at "
      "once, each over a connection of its own; a deadline counts from the "
      "call.")
      .def(py::init([](std::shared_ptr<Model> multiplexer, std::shared_ptr<Model> small,
                       const ConnectionOptions& server, const OffloadOptions& options) {
             return std::make_unique<OffloadClient>(
                 make_local_models(std::move(multiplexer), std::move(small)),
                 [server] { return make_transport(server); }, std::make_shared<SteadyClock>(),
                 options);
           }),
           py::arg("multiplexer"), py::arg("small"), py::arg("server"), py::arg("options"),
           Unlocked(),
           "`multiplexer`: a Model with the output offload.\n\nRaises:\n    ValueError: options "
           "that do not fit.\n    RuntimeError: built without libcurl, or gRPC, where the URL "
           "needs it.")
      .def("connect", &OffloadClient::connect, py::arg("timeout_ms") = 2000.0, Unlocked(),
           "Empty, or why the endpoint cannot be used now. Not needed: answer() does it aside.")
      .def(
          "answer",
          [](OffloadClient& client, const Tensor& image, const Milliseconds& deadline_ms,
             const std::string& placement) {
            return client.answer(image, {deadline_ms, placement_named(placement)});
          },
          py::arg("image"), py::arg("deadline_ms") = py::none(), py::arg("placement") = "decide",
          Unlocked(),
          "Answer an image u8 or f32 (1, c, h, w) before its deadline, whatever the network does. "
          "`placement`:\ndecide, device (it does not leave the device) or cloud.\n\nRaises:\n    "
          "ValueError: an image that does not fit.")
      // Without the GIL, as an answer under way may hold the client until its deadline.
      .def_property_readonly("account", py::cpp_function(&OffloadClient::account, Unlocked()))
      .def_property_readonly("link", py::cpp_function(&OffloadClient::link, Unlocked()),
                             "As measured so far.")
      .def_property_readonly("server_ms", py::cpp_function(&OffloadClient::server_ms, Unlocked()))
      .def_property_readonly("local_ms", py::cpp_function(&OffloadClient::local_ms, Unlocked()))
      .def_property_readonly("look_ms", py::cpp_function(&OffloadClient::look_ms, Unlocked()))
      .def_property_readonly(
          "state",
          py::cpp_function(
              [](const OffloadClient& client) {
                constexpr std::array<const char*, 3> names = {"closed", "open", "half_open"};
                return names.at(static_cast<std::size_t>(client.state()));
              },
              Unlocked()));
}

}  // namespace

void bind_offload(py::module_& module) {
  bind_offload_options(module);
  bind_offload_results(module);
  bind_offload_client(module);
}

}  // namespace muxnet::python
