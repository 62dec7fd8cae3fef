#include "muxnet/policies/registry.hpp"

#include "bindings.hpp"

namespace muxnet::python {

void bind_policies(Module& module) {
  module.def(
      "make_policy",
      [](const std::string& name, const PolicyOptions& options) {
        return std::shared_ptr<Policy>(make_policy(name, options));
      },
      py::arg("name"), argument("options", PolicyOptions{}));
  module.def("policy_names", &policy_names);
  Class<Policy, std::shared_ptr<Policy>>(module.attr("Policy"))
      .def_static(
          "load",
          [](const std::filesystem::path& path) {
            return std::shared_ptr<Policy>(load_policy(path));
          },
          py::arg("path"), Unlocked(),
          "Read what save() wrote.\n\nRaises:\n    OSError.\n    ValueError: no policy.");
}

}  // namespace muxnet::python
