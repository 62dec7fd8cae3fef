#include "muxnet/networks/predictor.hpp"
#include "muxnet/runtime/classifier.hpp"

namespace muxnet {
namespace {

class NativeClassifier final : public Classifier {
 public:
  explicit NativeClassifier(std::shared_ptr<Model> model)
      : model_(std::move(model)), predictor_(*model_) {}

  Tensor answer(const Tensor& images) override { return predictor_.output(images, "logits"); }

 private:
  std::shared_ptr<Model> model_;
  Predictor predictor_;
};

}  // namespace

std::unique_ptr<Classifier> make_classifier(std::shared_ptr<Model> model) {
  return std::make_unique<NativeClassifier>(std::move(model));
}

}  // namespace muxnet
