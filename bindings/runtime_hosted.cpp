#include <mutex>

#include "bindings.hpp"
#include "holding.hpp"
#include "muxnet/core/error.hpp"
#include "muxnet/runtime/endpoint_model.hpp"
#include "muxnet/runtime/model_pool.hpp"
#include "onnx.hpp"

namespace muxnet::python {
namespace {

/// A Python function that workers share.
struct Function {
  std::string name;
  py::function call;
  std::mutex one_at_a_time;  // taken before Python's lock, which is let go of inside the call
  bool concurrent = false;
};

std::shared_ptr<Function> share(std::string name, py::function call, bool concurrent) {
  auto* made = new Function{std::move(name), std::move(call), {}, concurrent};
  return {made, [](Function* held) {
            if (!interpreter_runs()) return;
            const AcquireGil gil;  // the last worker lets go of it
            delete held;
          }};
}

class FunctionClassifier final : public Classifier {
 public:
  explicit FunctionClassifier(std::shared_ptr<Function> function)
      : function_(std::move(function)) {}

  Tensor answer(const Tensor& images) override {
    std::unique_lock lock(function_->one_at_a_time, std::defer_lock);
    if (!function_->concurrent) lock.lock();
    if (!interpreter_runs()) {
      throw std::runtime_error(error_text(function_->name, "Python", "its end"));
    }
    const AcquireGil gil;
    try {
      using Floats = py::array_t<float, py::array::c_style | py::array::forcecast>;
      const Floats given(function_->call(to_array(images)));
      Tensor answers(Shape(given.shape(), given.shape() + given.ndim()));
      std::copy_n(given.data(), given.size(), answers.data<float>());
      return answers;  // of its own: it is let go of without Python's lock
    } catch (const py::error_already_set& failure) {
      throw std::runtime_error(error_text(function_->name, "an answer", failure.what()));
    }
  }

 private:
  std::shared_ptr<Function> function_;
};

HostedModel describe(const std::string& name, double cost,
                     const std::vector<std::int64_t>& image_shape, std::int64_t classes,
                     const Normalization& normalization, std::vector<std::int64_t> places,
                     bool reversed) {
  HostedModel model;
  model.name = name;
  model.cost = cost;
  model.image_shape = image_shape;  // (c, h, w), or (d) of vectors
  model.image_shape.insert(model.image_shape.begin(), 1);
  model.classes = classes;
  model.normalization = normalization;
  model.places = std::move(places);
  model.reversed = reversed;
  return model;
}

HostedModel make_onnx(const std::string& name, const std::filesystem::path& path, double cost,
                      const std::vector<std::int64_t>& image_shape, std::int64_t classes,
                      const Normalization& normalization, AnswerKind answers, OnnxOptions options,
                      std::vector<std::int64_t> places, bool reversed) {
  find_engine(options.engine);
  return host_onnx(
      describe(name, cost, image_shape, classes, normalization, std::move(places), reversed),
      {path, std::move(options)}, answers);
}

HostedModel make_network(const std::string& name, std::shared_ptr<Model> network, double cost,
                         const std::vector<std::int64_t>& image_shape, std::int64_t classes,
                         const Normalization& normalization, AnswerKind answers,
                         std::vector<std::int64_t> places, bool reversed) {
  return host_network(
      describe(name, cost, image_shape, classes, normalization, std::move(places), reversed),
      std::move(network), answers);
}

HostedModel make_function(const std::string& name, py::function predict, double cost,
                          const std::vector<std::int64_t>& image_shape, std::int64_t classes,
                          const Normalization& normalization, AnswerKind answers,
                          std::vector<std::int64_t> places, bool reversed, bool concurrent) {
  HostedModel model =
      describe(name, cost, image_shape, classes, normalization, std::move(places), reversed);
  model.at_once = concurrent ? 0 : 1;
  model.open = [function = share(name, std::move(predict), concurrent)] {
    return std::make_unique<FunctionClassifier>(function);
  };
  return host(std::move(model), answers);
}

HostedModel make_endpoint(const std::string& name, RemoteModelOptions options, double cost,
                          const std::vector<std::int64_t>& image_shape, std::int64_t classes,
                          const Normalization& normalization, AnswerKind answers,
                          std::vector<std::int64_t> places, bool reversed) {
  return host_endpoint(
      describe(name, cost, image_shape, classes, normalization, std::move(places), reversed),
      std::move(options), answers);
}

void bind_model_pool(Module& module) {
  Class<ModelPool, std::shared_ptr<ModelPool>>(module, "ModelPool")
      .def(py::init<std::vector<HostedModel>>(), py::arg("models"))
      .def("__len__", &ModelPool::size)
      .def_property_readonly("names", &ModelPool::names)
      .def_property_readonly("costs", &ModelPool::costs)
      .def("probabilities", &ModelPool::probabilities, py::arg("index"), py::arg("images"),
           Unlocked());
}

void bind_classifiers(Module& module) {
  Enumeration<AnswerKind>(module, "AnswerKind")
      .value("probabilities", AnswerKind::probabilities)
      .value("logits", AnswerKind::logits)
      .value("scores", AnswerKind::scores);
  Class<Classifier, std::shared_ptr<Classifier>>(module, "Classifier")
      .def("answer", &Classifier::answer, py::arg("images"), Unlocked())
      .def(
          "answer_embedded",
          [](Classifier& classifier, const Tensor& images) {
            EmbeddedAnswers found = classifier.answer_embedded(images);
            return std::pair(std::move(found.answers), std::move(found.embedding));
          },
          py::arg("images"), Unlocked(), text_of("Classifier.answer_embedded"));
  module.def(
      "load_onnx",
      [](const std::filesystem::path& path, const OnnxOptions& options) {
        find_engine(options.engine);
        const ReleaseGil unlocked;
        return std::shared_ptr(load_onnx(path, options));
      },
      py::arg("path"), argument("options", OnnxOptions()));
  module.def(
      "open_endpoint",
      [](const RemoteModelOptions& options) {
        return std::shared_ptr(make_endpoint_classifier(make_endpoint_client(options)));
      },
      py::arg("options"), Unlocked(),
      "A model elsewhere, asked by its Classifier; nothing is sent before that.\n\nRaises:\n    "
      "ValueError: options that do not fit.\n    RuntimeError: built without libcurl, or gRPC, "
      "where the URL needs it.");
  module.def("probabilities_of", &probabilities_of, py::arg("answers"), py::arg("n"),
             py::arg("classes"), py::arg("kind"), py::arg("name"), Unlocked());
}

/// What a hosted model says of itself.
void bind_description(Class<HostedModel>& bound) {
  bound
      .def(
          "for_images",
          [](HostedModel model, const ImageFormat& images) {
            model.images = images;
            return model;
          },
          py::arg("images"), "The same one, for images that become these before it is shown them.")
      .def_property_readonly(
          "remote",
          [](const HostedModel& model) -> std::optional<RemoteModelOptions> {
            if (!model.elsewhere) return std::nullopt;
            return model.elsewhere->options();
          },
          "How it is asked where another process runs it; else None.")
      .def_property_readonly(
          "shape",
          [](const HostedModel& model) {
            return Shape(model.image_shape.begin() + 1, model.image_shape.end());
          },
          "Of one input: (c, h, w) of images, (d,) of vectors.")
      .def_readonly("images", &HostedModel::images)
      .def_readonly("name", &HostedModel::name)
      .def_readonly("cost", &HostedModel::cost)
      .def_readonly("classes", &HostedModel::classes)
      .def_readonly("normalization", &HostedModel::normalization);
}

void bind_hosted(Module& module) {
  Class<HostedModel> bound(module, "HostedModel");
  bound
      .def(py::init(reading("hosted model",
                            [](std::shared_ptr<Model> model) { return host(std::move(model)); })),
           py::arg("model"), "A network of ours: its cost are its MACs.")
      .def_static("onnx", &make_onnx, py::arg("name"), py::arg("path"), py::kw_only(),
                  py::arg("cost"), py::arg("image_shape"), py::arg("classes"),
                  py::arg("normalization"), py::arg("answers") = AnswerKind::probabilities,
                  argument("options", OnnxOptions()),
                  py::arg("places") = std::vector<std::int64_t>{}, py::arg("reversed") = false,
                  "An ONNX file; read when it is put to work.\n\n"
                  "Raises:\n    ValueError: a description that is not whole.")
      .def_static("network", &make_network, py::arg("name"), py::arg("model"), py::kw_only(),
                  py::arg("cost"), py::arg("image_shape"), py::arg("classes"),
                  py::arg("normalization"), py::arg("answers") = AnswerKind::probabilities,
                  py::arg("places") = std::vector<std::int64_t>{}, py::arg("reversed") = false,
                  "A network of ours among models of others', at a cost of their kind.\n\n"
                  "Raises:\n    ValueError: a description that is not whole.")
      .def_static("function", &make_function, py::arg("name"), py::arg("predict"), py::kw_only(),
                  py::arg("cost"), py::arg("image_shape"), py::arg("classes"),
                  py::arg("normalization"), py::arg("answers") = AnswerKind::probabilities,
                  py::arg("places") = std::vector<std::int64_t>{}, py::arg("reversed") = false,
                  py::arg("concurrent") = false,
                  "A function from images f32 (n, c, h, w) to answers (n, K); several threads\n"
                  "call it at once only where it is concurrent.\n\n"
                  "Raises:\n    ValueError: a description that is not whole.")
      .def_static("endpoint", &make_endpoint, py::arg("name"), py::arg("options"), py::kw_only(),
                  py::arg("cost"), py::arg("image_shape"), py::arg("classes"),
                  py::arg("normalization"), py::arg("answers") = AnswerKind::probabilities,
                  py::arg("places") = std::vector<std::int64_t>{}, py::arg("reversed") = false,
                  "A model elsewhere, behind the Open Inference Protocol.\n\n"
                  "Raises:\n    ValueError: a description that is not whole.");
  bind_description(bound);
  py::implicitly_convertible<Model, HostedModel>();
}

}  // namespace

void bind_hosted_models(Module& module) {
  bind_classifiers(module);
  bind_hosted(module);
  bind_remote_calls(module);
  bind_model_pool(module);
}

}  // namespace muxnet::python
