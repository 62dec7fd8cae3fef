#include "bindings.hpp"
#include "muxnet/cost/energy_meter.hpp"
#include "muxnet/cost/placement_cost.hpp"
#include "muxnet/cost/profile.hpp"

namespace muxnet::python {
namespace {

Quantity make_figure(std::optional<double> value, const std::string& origin) {
  return value ? Quantity(*value, origin_named(origin)) : Quantity();
}

/// An argument that need not be known; its default reads as it is written in Python.
py::arg_v unknown(const char* name) { return {name, Quantity(), "Quantity()"}; }

void bind_quantities(Module& module) {
  Class<Quantity>(module, "Quantity")
      .def(py::init(&make_figure), py::arg("value") = py::none(), py::arg("origin") = "counted",
           "None: not known.\n\nRaises:\n    ValueError: an unknown origin, not finite.")
      .def_property_readonly(
          "value",
          [](const Quantity& figure) {
            return figure.known() ? std::optional<double>(figure.value()) : std::nullopt;
          },
          "The number; None where it is not known.")
      .def_property_readonly("origins", [](const Quantity& figure) {
        std::vector<std::string> names;
        for (const Origin origin : figure.origins()) names.emplace_back(name_of(origin));
        return names;
      });
  Class<Cost>(module, "Cost")
      .def(py::init<Quantity, Quantity, Quantity>(), unknown("macs"), unknown("latency_ms"),
           unknown("energy_mj"))
      .def_readonly("macs", &Cost::macs)
      .def_readonly("latency_ms", &Cost::latency_ms)
      .def_readonly("energy_mj", &Cost::energy_mj)
      .def("__add__", [](const Cost& a, const Cost& b) { return a + b; });
  module.def("no_cost", &no_cost);
}

void bind_deployments(Module& module) {
  module.def("mobile_only", &mobile_only, py::arg("mobile"));
  module.def("cloud_only", &cloud_only, py::arg("upload"), py::arg("cloud"), py::arg("download"));
  module.def("hybrid", &hybrid, py::arg("local"), py::arg("multiplexer"), py::arg("mobile"),
             py::arg("cloud"));
  module.def(
      "multiplexed",
      [](const std::vector<double>& called, const std::vector<Cost>& models,
         const Cost& multiplexer) { return multiplexed(called, models, multiplexer); },
      py::arg("called"), py::arg("models"), py::arg_v("multiplexer", no_cost(), "no_cost()"));
}

void bind_profiles(Module& module) {
  Class<DeviceProfile>(module, "DeviceProfile")
      .def(py::init([](std::string name, std::map<std::string, Cost> networks) {
             return DeviceProfile{std::move(name), std::move(networks)};
           }),
           py::arg("name"), py::arg("networks"))
      .def_readonly("name", &DeviceProfile::name)
      .def_readonly("networks", &DeviceProfile::networks)
      .def_static("load", &load_device, py::arg("path"), Unlocked(),
                  "Read JSON.\n\nRaises:\n    OSError.\n    ValueError: file and key at fault.")
      .def(
          "save",
          [](const DeviceProfile& profile, const std::filesystem::path& path,
             const std::string& source) { save_device(path, profile, source); },
          py::arg("path"), py::arg("source"), Unlocked(),
          "Write JSON, atomically.\n\nRaises:\n    OSError.");
  Class<LinkProfile>(module, "LinkProfile")
      .def_readonly("name", &LinkProfile::name)
      .def_readonly("upload_mbps", &LinkProfile::upload_mbps)
      .def_readonly("download_mbps", &LinkProfile::download_mbps)
      .def_readonly("rtt_ms", &LinkProfile::rtt_ms)
      .def_static("load", &load_link, py::arg("path"), Unlocked(),
                  "Read JSON.\n\nRaises:\n    OSError.\n    ValueError: file and key at fault.");
  Class<Exchange>(module, "Exchange")
      .def_readonly("upload", &Exchange::upload)
      .def_readonly("waiting", &Exchange::waiting)
      .def_readonly("download", &Exchange::download);
  module.def(
      "exchange",
      [](const LinkProfile& link, double upload_bytes, double download_bytes,
         const Quantity& server_ms) {
        return exchange(link, {upload_bytes, download_bytes}, server_ms);
      },
      py::arg("link"), py::arg("upload_bytes"), py::arg("download_bytes"), py::arg("server_ms"),
      "Upload, waiting for the server, download with the radio's tail.\n\nRaises:\n    "
      "ValueError.");
}

}  // namespace

void bind_cost(Module& module) {
  bind_quantities(module);
  bind_deployments(module);
  bind_profiles(module);
  Class<EnergyMeter>(module, "EnergyMeter")
      .def(py::init<const std::filesystem::path&, double>(), py::arg("root") = "/",
           py::arg("period_ms") = 5.0)
      .def_property_readonly("sensor", &EnergyMeter::sensor)
      .def(
          "measure_mj",
          [](const EnergyMeter& meter, const std::function<void()>& work, const Quantity& idle_mw) {
            const auto locked = [&work] {
              const AcquireGil gil;
              work();
            };
            const ReleaseGil unlocked;
            return meter.measure_mj(locked, idle_mw);
          },
          py::arg("work"), unknown("idle_mw"))
      .def("idle_power_mw", &EnergyMeter::idle_power_mw, py::arg("seconds"), Unlocked());
}

}  // namespace muxnet::python
