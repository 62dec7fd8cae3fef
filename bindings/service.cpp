#include "muxnet/service/service.hpp"

#include "bindings.hpp"
#include "bound_service.hpp"
#include "muxnet/runtime/router.hpp"
#include "muxnet/service/batch_times.hpp"

namespace muxnet::python {
namespace {

Deployment make_deployment(std::vector<HostedModel> models,
                           const std::optional<Multiplexer>& multiplexer,
                           const std::vector<std::shared_ptr<Rule>>& rules, std::size_t point,
                           const std::shared_ptr<Rule>& shadow, std::size_t reference,
                           const std::vector<std::shared_ptr<Recorder>>& recorders,
                           std::shared_ptr<DriftMonitor> monitor, std::vector<std::size_t> shown,
                           std::vector<double> point_costs, bool multiplexer_for_shadow) {
  return {std::move(models),
          multiplexer.value_or(Multiplexer{}),
          {rules.begin(), rules.end()},
          point,
          shadow,
          reference,
          {recorders.begin(), recorders.end()},
          std::move(point_costs),
          multiplexer_for_shadow,
          std::move(monitor),
          std::move(shown)};
}

ServiceRequest make_request(std::vector<Tensor> images, std::optional<std::size_t> model,
                            std::optional<std::size_t> point, std::optional<double> deadline_ms,
                            std::optional<double> max_cost, bool decide_only) {
  ServiceRequest request;
  request.images = std::move(images);
  request.model = model;
  request.point = point;
  request.deadline_ms = deadline_ms.value_or(request.deadline_ms);
  request.max_cost = max_cost.value_or(request.max_cost);
  request.decide_only = decide_only;
  return request;
}

void bind_requests(Module& module) {
  Enumeration<ServiceStatus>(module, "ServiceStatus")
      .value("ok", ServiceStatus::ok)
      .value("full", ServiceStatus::full)
      .value("late", ServiceStatus::late)
      .value("cost", ServiceStatus::cost)
      .value("closing", ServiceStatus::closing)
      .value("failed", ServiceStatus::failed)
      .value("stuck", ServiceStatus::stuck)
      .value("unreachable", ServiceStatus::unreachable);
  Enumeration<Departure>(module, "Departure")
      .value("none", Departure::none)
      .value("deadline", Departure::deadline)
      .value("cost", Departure::cost)
      .value("full", Departure::full)
      .value("stuck", Departure::stuck)
      .value("unreachable", Departure::unreachable);
  Class<CallSpan>(module, "CallSpan")
      .def_readonly("stage", &CallSpan::stage)
      .def_readonly("start_ms", &CallSpan::start_ms)
      .def_readonly("end_ms", &CallSpan::end_ms)
      .def_readonly("images", &CallSpan::images)
      .def_readonly("batch", &CallSpan::batch);
  Class<ServiceRequest>(module, "ServiceRequest")
      .def(py::init(&make_request), py::arg("images"), py::kw_only(),
           py::arg("model") = std::nullopt, py::arg("point") = std::nullopt,
           py::arg("deadline_ms") = std::nullopt, py::arg("max_cost") = std::nullopt,
           py::arg("decide_only") = false);
}

void bind_answers(Module& module) {
  bind_requests(module);
  Class<ServiceAnswer>(module, "ServiceAnswer")
      .def_readonly("status", &ServiceAnswer::status)
      .def_readonly("message", &ServiceAnswer::message)
      .def_readonly("retry_after_ms", &ServiceAnswer::retry_after_ms)
      .def_readonly("version", &ServiceAnswer::version)
      .def_readonly("probabilities", &ServiceAnswer::probabilities)
      .def_readonly("answers", &ServiceAnswer::answers)
      .def_readonly("called", &ServiceAnswer::called)
      .def_readonly("answered_from", &ServiceAnswer::answered_from)
      .def_readonly("wanted", &ServiceAnswer::wanted)
      .def_readonly("shadow", &ServiceAnswer::shadow)
      .def_readonly("departures", &ServiceAnswer::departures)
      .def_readonly("confidences", &ServiceAnswer::confidences)
      .def_property_readonly(
          "abstained",
          [](const ServiceAnswer& a) {
            return std::vector<bool>(a.abstained.begin(), a.abstained.end());
          },
          text_of("ServiceAnswer.abstained"))
      .def_readonly("costs", &ServiceAnswer::costs)
      .def_readonly("first_input", &ServiceAnswer::first_input)
      .def_property_readonly(
          "weights", [](const ServiceAnswer& a) { return a.view.weights; },
          text_of("MultiplexerView.weights"))
      .def_property_readonly(
          "scores", [](const ServiceAnswer& a) { return a.view.scores; },
          text_of("MultiplexerView.scores"))
      .def_readonly("calls", &ServiceAnswer::calls)
      .def_readonly("records", &ServiceAnswer::records)
      .def_readonly("total_ms", &ServiceAnswer::total_ms);
}

void bind_histogram(Module& module) {
  Class<Histogram>(module, "Histogram")
      .def_property_readonly("buckets", &Histogram::buckets)
      .def_property_readonly_static(
          "bounds_ms",
          [](const py::object&) {
            std::vector<double> bounds;
            for (std::size_t i = 0; i < Histogram::bucket_count; ++i) {
              bounds.push_back(Histogram::upper_bound_ms(i));
            }
            return bounds;
          },
          "Upper bounds of all buckets but the last, which has none.")
      .def_property_readonly("count", &Histogram::count)
      .def_property_readonly("sum_ms", &Histogram::sum_ms)
      .def("quantile_ms", &Histogram::quantile_ms, py::arg("quantile"));
  Class<StageStatistics>(module, "StageStatistics")
      .def_readonly("name", &StageStatistics::name)
      .def_readonly("images", &StageStatistics::images)
      .def_readonly("batches", &StageStatistics::batches)
      .def_readonly("waiting", &StageStatistics::waiting)
      .def_readonly("run", &StageStatistics::run)
      .def_readonly("elsewhere", &StageStatistics::elsewhere);
}

void bind_gears(Module& module) {
  Class<GearChange>(module, "GearChange")
      .def_readonly("from_point", &GearChange::from_point)
      .def_readonly("to_point", &GearChange::to_point)
      .def_readonly("backlog_ms", &GearChange::backlog_ms)
      .def_readonly("busy", &GearChange::busy);
  Class<GearState>(module, "GearState")
      .def_readonly("point", &GearState::point)
      .def_readonly("changes", &GearState::changes)
      .def_readonly("last", &GearState::last);
  Class<Gears>(module, "Gears")
      .def(py::init<const std::vector<double>&, std::size_t, double, std::size_t>(),
           py::arg("costs"), py::arg("point"), py::arg("target_ms"), py::arg("workers"),
           "`costs` of the points, `point` the dearest of them that is used, `target_ms` the time.")
      .def(
          "observe",
          [](Gears& gears, double now_s, double backlog_ms, double work_ms) {
            return gears.observe({now_s, backlog_ms, work_ms});
          },
          py::arg("now_s"), py::arg("backlog_ms"), py::arg("work_ms"))
      .def_property_readonly("state", &Gears::state)
      .def_property_readonly("points", &Gears::points);
}

void bind_statistics(Module& module) {
  bind_histogram(module);
  bind_gears(module);
  Class<DriftReading>(module, "DriftReading")
      .def_readonly("alarm", &DriftReading::alarm)
      .def_readonly("e_value", &DriftReading::e_value)
      .def_readonly("alpha", &DriftReading::alpha)
      .def_readonly("cause", &DriftReading::cause)
      .def_readonly("observed", &DriftReading::observed);
  Class<StuckBatch>(module, "StuckBatch")
      .def_readonly("stage", &StuckBatch::stage)
      .def_readonly("version", &StuckBatch::version)
      .def_readonly("seconds", &StuckBatch::seconds);
  Class<WorkersState>(module, "WorkersState")
      .def_readonly("count", &WorkersState::count)
      .def_readonly("left", &WorkersState::left)
      .def_readonly("stuck", &WorkersState::stuck);
  Class<ServiceStatistics>(module, "ServiceStatistics")
      .def_readonly("version", &ServiceStatistics::version)
      .def_readonly("stages", &ServiceStatistics::stages)
      .def_readonly("requests", &ServiceStatistics::requests)
      .def_readonly("images", &ServiceStatistics::images)
      .def_readonly("called", &ServiceStatistics::called)
      .def_readonly("departures", &ServiceStatistics::departures)
      .def_readonly("shadow_images", &ServiceStatistics::shadow_images)
      .def_readonly("shadow_agreed", &ServiceStatistics::shadow_agreed)
      .def_readonly("cost", &ServiceStatistics::cost)
      .def_readonly("reference_cost", &ServiceStatistics::reference_cost)
      .def_readonly("total", &ServiceStatistics::total)
      .def_readonly("drift", &ServiceStatistics::drift)
      .def_readonly("workers", &ServiceStatistics::workers)
      .def_readonly("gears", &ServiceStatistics::gears);
}

}  // namespace

void bind_service(Module& module) {
  module.def("paying_batch", &paying_batch, py::arg("image_ms"), py::arg("most"));
  bind_answers(module);
  bind_statistics(module);
  Class<Deployment>(module, "Deployment")
      .def(
          py::init(&make_deployment), py::arg("models"), py::arg("multiplexer"), py::arg("rules"),
          py::kw_only(), py::arg("point") = 0, py::arg("shadow") = nullptr,
          py::arg("reference") = 0, py::arg("recorders") = std::vector<std::shared_ptr<Recorder>>{},
          py::arg("monitor") = nullptr, py::arg("shown") = std::vector<std::size_t>{},
          py::arg("point_costs") = std::vector<double>{}, py::arg("multiplexer_for_shadow") = false)
      .def_readonly("point_costs", &Deployment::point_costs);
  bind_options(
      module, "ServiceOptions", Field("workers", &ServiceOptions::workers),
      Field("threads_each", &ServiceOptions::threads_each),
      Field("max_batch", &ServiceOptions::max_batch),
      Field("queue_images", &ServiceOptions::queue_images),
      Field("fill_ms", &ServiceOptions::fill_ms),
      Field("cheaper_when_full", &ServiceOptions::cheaper_when_full),
      Field("warm_up", &ServiceOptions::warm_up), Field("warm_up_ms", &ServiceOptions::warm_up_ms),
      Field("deadline_ms", &ServiceOptions::deadline_ms),
      Field("target_ms", &ServiceOptions::target_ms), Field("stuck_ms", &ServiceOptions::stuck_ms));
  Class<BoundService>(module, "Service")
      .def(py::init<Deployment, const ServiceOptions&>(), py::arg("deployment"), py::arg("options"),
           Unlocked(), "Raises:\n    ValueError: what does not fit.")
      .def("deploy", &BoundService::deploy, py::arg("deployment"), Unlocked())
      .def("infer", &BoundService::infer, py::arg("request"), Unlocked())
      .def("statistics", &BoundService::statistics, Unlocked())
      .def("workers", &BoundService::workers, Unlocked())
      .def("close", &BoundService::close, py::arg("within_ms") = longest_deadline_ms, Unlocked());
}

}  // namespace muxnet::python
