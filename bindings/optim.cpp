#include "bindings.hpp"
#include "muxnet/optim/optimizer.hpp"
#include "muxnet/optim/schedule.hpp"
#include "registers.hpp"

namespace muxnet::python {

void bind_optim(py::module_& module) {
  py::class_<OptimizerOptions>(module, "OptimizerOptions", "Settings of every optimizer.")
      .def(py::init<>())
      .def_readwrite("name", &OptimizerOptions::name)
      .def_readwrite("weight_decay", &OptimizerOptions::weight_decay)
      .def_readwrite("momentum", &OptimizerOptions::momentum)
      .def_readwrite("nesterov", &OptimizerOptions::nesterov)
      .def_readwrite("beta1", &OptimizerOptions::beta1)
      .def_readwrite("beta2", &OptimizerOptions::beta2)
      .def_readwrite("eps", &OptimizerOptions::eps);
  py::class_<ScheduleOptions>(module, "ScheduleOptions", "Settings of every schedule.")
      .def(py::init<>())
      .def_readwrite("name", &ScheduleOptions::name)
      .def_readwrite("learning_rate", &ScheduleOptions::learning_rate)
      .def_readwrite("warmup", &ScheduleOptions::warmup)
      .def_readwrite("final_ratio", &ScheduleOptions::final_ratio)
      .def_readwrite("anneal", &ScheduleOptions::anneal)
      .def_readwrite("milestones", &ScheduleOptions::milestones)
      .def_readwrite("decay", &ScheduleOptions::decay);
  bind_register(module, &optimizers, "OptimizerEntry", "A way to follow gradients.", "optimizers",
                "All optimizers.");
  bind_register(module, &schedules, "ScheduleEntry", "A course of the learning rate.", "schedules",
                "All schedules.");
}

}  // namespace muxnet::python
