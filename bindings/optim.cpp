#include "bindings.hpp"
#include "muxnet/optim/optimizer.hpp"
#include "muxnet/optim/schedule.hpp"
#include "registers.hpp"

namespace muxnet::python {

void bind_optim(Module& module) {
  bind_options(module, "OptimizerOptions", Field("name", &OptimizerOptions::name),
               Field("weight_decay", &OptimizerOptions::weight_decay),
               Field("momentum", &OptimizerOptions::momentum),
               Field("nesterov", &OptimizerOptions::nesterov),
               Field("beta1", &OptimizerOptions::beta1), Field("beta2", &OptimizerOptions::beta2),
               Field("eps", &OptimizerOptions::eps));
  bind_options(module, "ScheduleOptions", Field("name", &ScheduleOptions::name),
               Field("learning_rate", &ScheduleOptions::learning_rate),
               Field("warmup", &ScheduleOptions::warmup),
               Field("final_ratio", &ScheduleOptions::final_ratio),
               Field("anneal", &ScheduleOptions::anneal),
               Field("milestones", &ScheduleOptions::milestones),
               Field("decay", &ScheduleOptions::decay));
  module.def(
      "learning_rate",
      [](const ScheduleOptions& options, std::int64_t step, std::int64_t total_steps) {
        return make_schedule(options)->learning_rate(step, total_steps);
      },
      py::arg("options"), py::arg("step"), py::arg("total_steps"),
      "The learning rate of a step, 0, 1, ..., of so many.\n\nRaises:\n    ValueError: an unknown "
      "schedule, options or a step that do not fit.");
  bind_register(module, &optimizers, "OptimizerEntry", "optimizers");
  bind_register(module, &schedules, "ScheduleEntry", "schedules");
}

}  // namespace muxnet::python
