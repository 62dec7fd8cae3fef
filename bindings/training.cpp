#include "bindings.hpp"
#include "muxnet/training/metrics.hpp"
#include "muxnet/training/platt_scaling.hpp"
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

void bind_options(Module& module) {
  bind_options(module, "FitOptions", Field("phase", &FitOptions::phase),
               Field("epochs", &FitOptions::epochs), Field("batch_size", &FitOptions::batch_size),
               Field("optimizer", &FitOptions::optimizer), Field("schedule", &FitOptions::schedule),
               Field("clip_norm", &FitOptions::clip_norm), Field("seed", &FitOptions::seed),
               Field("precision", &FitOptions::precision),
               Field("checkpoint", &FitOptions::checkpoint),
               Field("checkpoint_seconds", &FitOptions::checkpoint_seconds),
               Field("resume", &FitOptions::resume));
  bind_options(
      module, "ModelTrainingOptions", Field("fit", &ModelTrainingOptions::fit),
      Field("label_smoothing", &ModelTrainingOptions::label_smoothing),
      Field("contrastive_weight", &ModelTrainingOptions::contrastive_weight),
      Field("online_distillation_weight", &ModelTrainingOptions::online_distillation_weight),
      Field("online_distillation_temperature",
            &ModelTrainingOptions::online_distillation_temperature),
      Field("learning_rates", &ModelTrainingOptions::learning_rates),
      Field("augmentation", &ModelTrainingOptions::augmentation))
      .def_property(
          "contrastive_formulation",
          [](const ModelTrainingOptions& options) { return options.contrastive.formulation; },
          [](ModelTrainingOptions& options, Formulation formulation) {
            options.contrastive.formulation = formulation;
          },
          "Which reading of Eq. 2 to compute.");
  Enumeration<OffloadTarget>(module, "OffloadTarget")
      .value("none", OffloadTarget::none)
      .value("device_wrong", OffloadTarget::device_wrong)
      .value("cloud_rescues", OffloadTarget::cloud_rescues);
  bind_options(module, "MultiplexerTrainingOptions", Field("fit", &MultiplexerTrainingOptions::fit),
               Field("objective", &MultiplexerTrainingOptions::objective),
               Field("weights", &MultiplexerTrainingOptions::weights),
               Field("distillation_weight", &MultiplexerTrainingOptions::distillation_weight),
               Field("offload", &MultiplexerTrainingOptions::offload),
               Field("device", &MultiplexerTrainingOptions::device),
               Field("cloud", &MultiplexerTrainingOptions::cloud));
  bind_options(module, "FrozenOptions", Field("variants", &FrozenOptions::variants),
               Field("augmentation", &FrozenOptions::augmentation),
               Field("seed", &FrozenOptions::seed),
               Field("batch_size", &FrozenOptions::batch_size));
}

void bind_progress(Module& module) {
  Class<AnswerHistory>(module, "AnswerHistory")
      .def("shares", &AnswerHistory::shares, py::arg("visits"))
      .def_property_readonly("bits", &AnswerHistory::bits);
  Class<EpochRecord> record(module, "EpochRecord");
  record.def_readonly("epoch", &EpochRecord::epoch)
      .def_readonly("step", &EpochRecord::step)
      .def_readonly("learning_rate", &EpochRecord::learning_rate)
      .def_readonly("held_out_accuracies", &EpochRecord::held_out_accuracies)
      .def_readonly("seconds", &EpochRecord::seconds);
  each_metric([&](const char* name, const char* description, auto get) {
    record.def_property_readonly(
        name, [get](const EpochRecord& of) { return get(of.metrics); }, description);
  });
  Class<Progress, EpochRecord>(module, "Progress")
      .def_readonly("phase", &Progress::phase)
      .def_readonly("epochs", &Progress::epochs)
      .def_readonly("steps", &Progress::steps)
      .def_readonly("names", &Progress::names)
      .def_readonly("images_per_second", &Progress::images_per_second)
      .def_readonly("seconds_left", &Progress::seconds_left)
      .def_readonly("epoch_end", &Progress::epoch_end);
  Class<TrainingResult>(module, "TrainingResult")
      .def_property_readonly(
          "finished",
          [](const TrainingResult& result) { return result.status == TrainingStatus::finished; },
          "All epochs are done: nobody stopped it.")
      .def_readonly("history", &TrainingResult::history)
      .def_readonly("step", &TrainingResult::step)
      .def_readonly("seconds", &TrainingResult::seconds)
      .def_readonly("answers", &TrainingResult::answers);
}

void bind_frozen_outputs(Module& module) {
  Class<FrozenOutputs>(module, "FrozenOutputs")
      .def_readonly("probabilities", &FrozenOutputs::probabilities)
      .def_readonly("images", &FrozenOutputs::images)
      .def_readonly("labels", &FrozenOutputs::labels)
      .def_readonly("variants", &FrozenOutputs::variants)
      .def_readonly("costs", &FrozenOutputs::costs)
      .def_readonly("normalization", &FrozenOutputs::normalization)
      .def_property_readonly("models", &FrozenOutputs::models)
      .def_property_readonly("inputs", &FrozenOutputs::inputs);
  module.def(
      "run_frozen_models",
      [](const Models& models, const Dataset& data, const Normalization& normalization,
         const FrozenOptions& options) {
        const auto all = pointers(models);
        return run_frozen_models(all, data, normalization, options);
      },
      py::arg("models"), py::arg("data"), py::arg("normalization"), py::arg("options"), Unlocked());
  module.def("recorded_outputs", &recorded_outputs, py::arg("data"), py::arg("answers"),
             py::arg("costs"), py::arg("normalization"), py::arg("options"), Unlocked());
}

void bind_multiplexer_training(Module& module) {
  module.def(
      "scale_scores",
      [](Model& multiplexer, const Tensor& scores, const Tensor& correct) {
        return scale_scores(multiplexer, scores, correct);
      },
      py::arg("multiplexer"), py::arg("scores"), py::arg("correct"), Unlocked());
  module.def(
      "train_multiplexer",
      [](Model& multiplexer, const FrozenOutputs& outputs,
         const MultiplexerTrainingOptions& options, const std::optional<FrozenOutputs>& validation,
         const std::function<bool(const Progress&)>& callback) {
        return guarded(callback, [&](const ProgressCallback& each_step) {
          return train_multiplexer(multiplexer, outputs, options,
                                   validation ? &*validation : nullptr, each_step);
        });
      },
      py::arg("multiplexer"), py::arg("outputs"), py::arg("options"),
      py::arg("validation") = py::none(), py::arg("callback") = py::none(),
      "Step 2 of Algorithm 1: the multiplexer, models frozen.\n\n"
      "Raises:\n    TrainingError: a loss that is not finite or diverges.\n"
      "    KeyboardInterrupt: Ctrl-C, after the checkpoint was written.");
}

}  // namespace

void bind_training(Module& module) {
  bind_options(module);
  bind_progress(module);
  bind_frozen_outputs(module);
  bind_multiplexer_training(module);
  module.def(
      "describe_contrastive_collapse",
      [](double both_right, double one_right) {
        return describe_contrastive_collapse(both_right, one_right);
      },
      py::arg("both_right_distance"), py::arg("one_right_distance"));
  module.def(
      "train_models",
      [](const Models& models, const Dataset& train, const std::optional<Dataset>& held_out,
         const Normalization& normalization, const ModelTrainingOptions& options,
         const std::function<bool(const Progress&)>& callback, const Tensor& right) {
        const auto all = pointers(models);
        return guarded(callback, [&](const ProgressCallback& each_step) {
          return train_models(all, {train, held_out.value_or(Dataset{}), normalization, right},
                              options, each_step);
        });
      },
      py::arg("models"), py::arg("train"), py::arg("held_out"), py::arg("normalization"),
      py::arg("options"), py::arg("callback") = py::none(), py::kw_only(),
      py::arg("right") = Tensor(),
      "Step 1 of Algorithm 1: all models jointly on each batch.\n\n"
      "Raises:\n    TrainingError: a loss that is not finite or diverges.\n"
      "    KeyboardInterrupt: Ctrl-C, after the checkpoint was written.");
}

}  // namespace muxnet::python
