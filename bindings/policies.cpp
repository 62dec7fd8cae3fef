#include "muxnet/policies/registry.hpp"

#include "bindings.hpp"

namespace muxnet::python {

void bind_policies(py::module_& module) {
  module.def(
      "make_policy",
      [](const std::string& name, const PolicyOptions& options) {
        return std::shared_ptr<Policy>(make_policy(name, options));
      },
      py::arg("name"), py::arg("options") = PolicyOptions{},
      "A policy by name.\n\nRaises:\n    ValueError: lists the names there are.");
  module.def("policy_names", &policy_names, "Names of all policies.");
  auto policy = module.attr("Policy").cast<py::class_<Policy, std::shared_ptr<Policy>>>();
  policy.def_static(
      "load",
      [](const std::filesystem::path& path) { return std::shared_ptr<Policy>(load_policy(path)); },
      py::arg("path"), Unlocked(),
      "Read what save() wrote.\n\nRaises:\n    OSError.\n    ValueError: no policy.");
}

}  // namespace muxnet::python
