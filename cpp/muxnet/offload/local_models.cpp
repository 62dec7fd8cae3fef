#include "muxnet/offload/local_models.hpp"

#include "muxnet/core/error.hpp"
#include "muxnet/data/dataset.hpp"
#include "muxnet/data/transform.hpp"
#include "muxnet/networks/predictor.hpp"

namespace muxnet {
namespace {

constexpr auto where = "offload client";

Shape one_image(const Model& model) {
  Shape shape = model.graph.shape(model.graph.input());
  shape.front() = 1;
  return shape;
}

class NetworkModels : public LocalModels {
 public:
  NetworkModels(std::shared_ptr<Model> multiplexer, std::shared_ptr<Model> small)
      : multiplexer_(std::move(multiplexer)),
        small_(std::move(small)),
        normalization_(normalization_of(*small_)),
        look_(*multiplexer_, 1),
        answer_(*small_, 1) {
    require(multiplexer_->graph.outputs().count("offload") > 0, where,
            "a multiplexer with the output offload", multiplexer_->name);
    require(one_image(*multiplexer_) == one_image(*small_), where,
            text("a multiplexer for images ", to_string(one_image(*small_))),
            to_string(one_image(*multiplexer_)));
  }

  Shape image_shape() const override { return one_image(*small_); }

  std::int64_t classes() const override {
    return small_->graph.shape(small_->graph.output("logits"))[1];
  }

  Tensor prepare(const Tensor& image) override {
    require(image.shape() == image_shape(), where, text("an image ", to_string(image_shape())),
            to_string(image.shape()));
    check_pixels(image, "offload client, image");
    return normalize(image, normalization_);
  }

  double score(const Tensor& prepared) override {
    const auto reading = multiplexer_->access.read("offload client, multiplexer");
    return look_.output(prepared, "offload").span<float>()[0];
  }

  Tensor probabilities(const Tensor& prepared) override {
    const auto reading = small_->access.read("offload client, small model");
    return answer_.probabilities(prepared);
  }

 private:
  std::shared_ptr<Model> multiplexer_, small_;
  Normalization normalization_;
  Predictor look_, answer_;
};

}  // namespace

std::unique_ptr<LocalModels> make_local_models(std::shared_ptr<Model> multiplexer,
                                               std::shared_ptr<Model> small) {
  require(multiplexer != nullptr && small != nullptr, where, "a multiplexer and a model", "none");
  return std::make_unique<NetworkModels>(std::move(multiplexer), std::move(small));
}

}  // namespace muxnet
