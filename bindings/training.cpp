#include "bindings.hpp"
#include "muxnet/training/metrics.hpp"
#include "muxnet/training/train_models.hpp"
#include "muxnet/training/train_multiplexer.hpp"

namespace muxnet::python {
namespace {

using Models = std::vector<std::shared_ptr<Model>>;

std::vector<Model*> pointers(const Models& models) {
  std::vector<Model*> result;
  for (const auto& model : models) result.push_back(model.get());
  return result;
}

/// Calls Python after each step, and looks for Ctrl-C, which then stops training like `false`.
ProgressCallback with_signals(const std::function<bool(const Progress&)>& callback,
                              bool& interrupted) {
  return [&callback, &interrupted](const Progress& progress) {
    if (!interpreter_runs()) return false;
    const AcquireGil gil;
    if (PyErr_CheckSignals() != 0) {
      // A KeyboardInterrupt is raised again once the checkpoint is written.
      PyErr_Clear();
      interrupted = true;
      return false;
    }
    return callback ? callback(progress) : true;
  };
}

template <class Train>
TrainingResult guarded(const std::function<bool(const Progress&)>& callback, const Train& train) {
  bool interrupted = false;
  TrainingResult result;
  {
    const ReleaseGil unlocked;
    result = train(with_signals(callback, interrupted));
  }
  if (interrupted) {
    PyErr_SetNone(PyExc_KeyboardInterrupt);
    throw py::error_already_set();
  }
  return result;
}

void bind_options(py::module_& module) {
  py::class_<FitOptions>(module, "FitOptions", "What both steps of Algorithm 1 have in common.")
      .def(py::init<>())
      .def_readwrite("phase", &FitOptions::phase)
      .def_readwrite("epochs", &FitOptions::epochs)
      .def_readwrite("batch_size", &FitOptions::batch_size)
      .def_readwrite("optimizer", &FitOptions::optimizer)
      .def_readwrite("schedule", &FitOptions::schedule)
      .def_readwrite("clip_norm", &FitOptions::clip_norm)
      .def_readwrite("seed", &FitOptions::seed)
      .def_readwrite("precision", &FitOptions::precision)
      .def_readwrite("checkpoint", &FitOptions::checkpoint)
      .def_readwrite("checkpoint_seconds", &FitOptions::checkpoint_seconds)
      .def_readwrite("resume", &FitOptions::resume);
  py::class_<ModelTrainingOptions>(module, "ModelTrainingOptions", "Step 1 of Algorithm 1.")
      .def(py::init<>())
      .def_readwrite("fit", &ModelTrainingOptions::fit)
      .def_readwrite("label_smoothing", &ModelTrainingOptions::label_smoothing)
      .def_readwrite("contrastive_weight", &ModelTrainingOptions::contrastive_weight)
      .def_property(
          "contrastive_formulation",
          [](const ModelTrainingOptions& options) { return options.contrastive.formulation; },
          [](ModelTrainingOptions& options, Formulation formulation) {
            options.contrastive.formulation = formulation;
          })
      .def_readwrite("online_distillation_weight",
                     &ModelTrainingOptions::online_distillation_weight)
      .def_readwrite("online_distillation_temperature",
                     &ModelTrainingOptions::online_distillation_temperature)
      .def_readwrite("learning_rates", &ModelTrainingOptions::learning_rates)
      .def_readwrite("augmentation", &ModelTrainingOptions::augmentation);
  py::enum_<OffloadTarget>(module, "OffloadTarget", "What the mobile/cloud multiplexer learns.")
      .value("none", OffloadTarget::none)
      .value("device_wrong", OffloadTarget::device_wrong)
      .value("cloud_rescues", OffloadTarget::cloud_rescues);
  py::class_<MultiplexerTrainingOptions>(module, "MultiplexerTrainingOptions",
                                         "Step 2 of Algorithm 1.")
      .def(py::init<>())
      .def_readwrite("fit", &MultiplexerTrainingOptions::fit)
      .def_readwrite("objective", &MultiplexerTrainingOptions::objective)
      .def_readwrite("weights", &MultiplexerTrainingOptions::weights)
      .def_readwrite("distillation_weight", &MultiplexerTrainingOptions::distillation_weight)
      .def_readwrite("offload", &MultiplexerTrainingOptions::offload)
      .def_readwrite("device", &MultiplexerTrainingOptions::device)
      .def_readwrite("cloud", &MultiplexerTrainingOptions::cloud);
  py::class_<FrozenOptions>(module, "FrozenOptions", "How frozen models see their inputs.")
      .def(py::init<>())
      .def_readwrite("variants", &FrozenOptions::variants)
      .def_readwrite("augmentation", &FrozenOptions::augmentation)
      .def_readwrite("seed", &FrozenOptions::seed)
      .def_readwrite("batch_size", &FrozenOptions::batch_size);
}

void bind_progress(py::module_& module) {
  py::class_<AnswerHistory>(
      module, "AnswerHistory",
      "Whether models were right on training inputs, each time they saw them.")
      .def("shares", &AnswerHistory::shares, py::arg("visits"),
           "f32 (n, N): share of the last `visits` that was right; -1 where there was none.\n\n"
           "Raises:\n    ValueError: visits out of range.")
      .def_property_readonly("bits", &AnswerHistory::bits,
                             "i32 (n, N): a one, then a bit a visit, the latest lowest.");
  py::class_<EpochRecord> record(module, "EpochRecord",
                                 "One point of the learning curves, or what is done of an epoch.");
  record.def_readonly("epoch", &EpochRecord::epoch)
      .def_readonly("step", &EpochRecord::step)
      .def_readonly("learning_rate", &EpochRecord::learning_rate)
      .def_readonly("held_out_accuracies", &EpochRecord::held_out_accuracies)
      .def_readonly("seconds", &EpochRecord::seconds);
  each_metric([&](const char* name, const char* description, auto get) {
    record.def_property_readonly(
        name, [get](const EpochRecord& of) { return get(of.metrics); }, description);
  });
  py::class_<Progress, EpochRecord>(module, "Progress", "Where training stands after a step.")
      .def_readonly("phase", &Progress::phase)
      .def_readonly("epochs", &Progress::epochs)
      .def_readonly("steps", &Progress::steps)
      .def_readonly("names", &Progress::names)
      .def_readonly("images_per_second", &Progress::images_per_second)
      .def_readonly("seconds_left", &Progress::seconds_left)
      .def_readonly("epoch_end", &Progress::epoch_end);
  py::class_<TrainingResult>(module, "TrainingResult", "What a training left.")
      .def_property_readonly(
          "finished",
          [](const TrainingResult& result) { return result.status == TrainingStatus::finished; })
      .def_readonly("history", &TrainingResult::history)
      .def_readonly("step", &TrainingResult::step)
      .def_readonly("seconds", &TrainingResult::seconds)
      .def_readonly("answers", &TrainingResult::answers);
}

}  // namespace

void bind_training(py::module_& module) {
  bind_options(module);
  bind_progress(module);

  py::class_<FrozenOutputs>(module, "FrozenOutputs", "What frozen models answer for some inputs.")
      .def_readonly("probabilities", &FrozenOutputs::probabilities)
      .def_readonly("images", &FrozenOutputs::images)
      .def_readonly("labels", &FrozenOutputs::labels)
      .def_readonly("variants", &FrozenOutputs::variants)
      .def_property_readonly("inputs", &FrozenOutputs::inputs);

  module.def(
      "describe_contrastive_collapse",
      [](double both_right, double one_right) {
        return describe_contrastive_collapse(both_right, one_right);
      },
      py::arg("both_right_distance"), py::arg("one_right_distance"),
      "A sentence when the contrastive loss separates nothing, else an empty text.");
  module.def(
      "train_models",
      [](const Models& models, const Dataset& train, const Dataset& held_out,
         const Normalization& normalization, const ModelTrainingOptions& options,
         const std::function<bool(const Progress&)>& callback, const Tensor& right) {
        const auto all = pointers(models);
        return guarded(callback, [&](const ProgressCallback& each_step) {
          return train_models(all, {train, held_out, normalization, right}, options, each_step);
        });
      },
      py::arg("models"), py::arg("train"), py::arg("held_out"), py::arg("normalization"),
      py::arg("options"), py::arg("callback") = py::none(), py::kw_only(),
      py::arg("right") = Tensor(),
      "Step 1 of Algorithm 1: all models jointly on each batch.\n\n"
      "Raises:\n    TrainingError: a loss that is not finite or diverges.\n"
      "    KeyboardInterrupt: Ctrl-C, after the checkpoint was written.");
  module.def(
      "run_frozen_models",
      [](const Models& models, const Dataset& data, const Normalization& normalization,
         const FrozenOptions& options) {
        const auto all = pointers(models);
        return run_frozen_models(all, data, normalization, options);
      },
      py::arg("models"), py::arg("data"), py::arg("normalization"), py::arg("options"), Unlocked(),
      "Answers of every model for every variant of every input.\n\nRaises:\n    ValueError.");
  module.def(
      "train_multiplexer",
      [](Model& multiplexer, const FrozenOutputs& outputs, const std::vector<double>& costs,
         const MultiplexerTrainingOptions& options, const std::optional<FrozenOutputs>& validation,
         const std::function<bool(const Progress&)>& callback) {
        return guarded(callback, [&](const ProgressCallback& each_step) {
          return train_multiplexer(multiplexer, outputs, costs, options,
                                   validation ? &*validation : nullptr, each_step);
        });
      },
      py::arg("multiplexer"), py::arg("outputs"), py::arg("costs"), py::arg("options"),
      py::arg("validation") = py::none(), py::arg("callback") = py::none(),
      "Step 2 of Algorithm 1: the multiplexer, models frozen.\n\n"
      "Raises:\n    TrainingError: a loss that is not finite or diverges.\n"
      "    KeyboardInterrupt: Ctrl-C, after the checkpoint was written.");
}

}  // namespace muxnet::python
