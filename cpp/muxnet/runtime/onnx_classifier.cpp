#include <mutex>

#include "muxnet/onnx/engines.hpp"
#include "muxnet/runtime/classifier.hpp"

namespace muxnet {
namespace {

class OnnxClassifier final : public Classifier {
 public:
  explicit OnnxClassifier(std::shared_ptr<const OnnxModel> model) : model_(std::move(model)) {}

  Tensor answer(const Tensor& images) override { return model_->answer(images); }
  EmbeddedAnswers answer_embedded(const Tensor& images) override {
    EmbeddedAnswers found = model_->answer_embedded(images);
    if (found.embedding.empty()) return Classifier::answer_embedded(images);
    return found;
  }

 private:
  std::shared_ptr<const OnnxModel> model_;
};

/// A model as long as somebody has it.
struct Shared {
  std::mutex mutex;
  std::weak_ptr<const OnnxModel> model;
};

}  // namespace

std::unique_ptr<Classifier> load_onnx(const std::filesystem::path& path,
                                      const OnnxOptions& options) {
  return std::make_unique<OnnxClassifier>(std::make_shared<OnnxModel>(path, options));
}

std::function<std::unique_ptr<Classifier>()> open_onnx(const std::filesystem::path& path,
                                                       const OnnxOptions& options) {
  if (!onnx_engines().find(options.engine).side_by_side) {
    return [path, options] { return load_onnx(path, options); };
  }
  return [path, options, shared = std::make_shared<Shared>()] {
    const std::lock_guard lock(shared->mutex);
    std::shared_ptr<const OnnxModel> model = shared->model.lock();
    if (!model) shared->model = model = std::make_shared<OnnxModel>(path, options);
    return std::make_unique<OnnxClassifier>(std::move(model));
  };
}

}  // namespace muxnet
