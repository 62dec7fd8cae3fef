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
  bind_register(module, &optimizers, "OptimizerEntry", "optimizers");
  bind_register(module, &schedules, "ScheduleEntry", "schedules");
}

}  // namespace muxnet::python
