#include "muxnet/policies/registry.hpp"

#include "bindings.hpp"
#include "registers.hpp"

namespace muxnet::python {
namespace {

std::vector<std::string> needs_of(const PolicyEntry& entry) {
  const Needs needs = entry.make({})->needs();
  std::vector<std::string> names;
  if (needs.scores) names.emplace_back("scores");
  if (needs.features) names.emplace_back("features");
  if (needs.offload_score) names.emplace_back("offload_score");
  if (needs.label) names.emplace_back("label");
  return names;
}

}  // namespace

void bind_policies(Module& module) {
  module.def(
      "make_policy",
      [](const std::string& name, const PolicyOptions& options) {
        return std::shared_ptr<Policy>(make_policy(name, options));
      },
      py::arg("name"), argument("options", PolicyOptions{}));
  bind_register(module, &policies, "PolicyEntry", "policies")
      .def_readonly("reported", &PolicyEntry::reported)
      .def_property_readonly("needs", &needs_of,
                             "What it reads of an input beside the models' answers: \"scores\", "
                             "\"features\", \"offload_score\", \"label\".")
      .def_property_readonly(
          "uses_multiplexer",
          [](const PolicyEntry& entry) { return entry.make({})->uses_multiplexer(); },
          "The multiplexer looks at every input, so that its cost is in every decision.");
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
