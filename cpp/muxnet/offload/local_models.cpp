#include "muxnet/offload/local_models.hpp"

#include "muxnet/core/error.hpp"
#include "muxnet/data/dataset.hpp"
#include "muxnet/data/transform.hpp"
#include "muxnet/runtime/multiplexer_input.hpp"

namespace muxnet {
namespace {

constexpr auto where = "offload client";

bool looks_at_vectors(const Multiplexer& multiplexer) {
  return multiplexer_kinds().find(multiplexer.kind).source == MultiplexerSource::vectors;
}

Multiplexer checked(Multiplexer multiplexer, const HostedModel& small) {
  require(multiplexer.model != nullptr && small.open != nullptr, where, "a multiplexer and a model",
          "none");
  require(offloads(multiplexer), where, "a multiplexer with the output offload",
          multiplexer.model->name);
  require(small.elsewhere == nullptr, where, "a small model that runs on the device",
          text(small.name, ", which runs elsewhere"));
  require(!small.images || multiplexer.images || looks_at_vectors(multiplexer), where,
          text("a multiplexer that says what becomes of images, as ", small.name, " does"),
          "one for images of one size");
  return multiplexer;
}

class Pair : public LocalModels {
 public:
  Pair(Multiplexer multiplexer, HostedModel small)
      : multiplexer_(checked(std::move(multiplexer), small)),
        small_(std::move(small)),
        vectors_(looks_at_vectors(multiplexer_)),
        input_(multiplexer_, blank_seen().shape()),
        look_(*multiplexer_.model, 1),
        answer_(small_.open()) {}

  const HostedModel& small() const override { return small_; }

  OffloadInput blank() const override {
    return {Tensor(small_.image_shape, DType::u8), vectors_ ? blank_seen() : Tensor()};
  }

  void check(const OffloadInput& input) const override {
    const Shape& shape = input.image.shape();
    require(
        shape.size() == 4 && shape.front() == 1 && (small_.images || shape == small_.image_shape),
        where,
        small_.images ? "an image (1, c, h, w)" : text("an image ", to_string(small_.image_shape)),
        to_string(shape));
    check_pixels(input.image, "offload client, image");
    if (!vectors_) return;
    const Shape wanted = blank_seen().shape();
    require(input.features.dtype() == DType::f32 && input.features.shape() == wanted, where,
            text("features f32 ", to_string(wanted), ", which the multiplexer looks at"),
            input.features.empty() ? "none" : to_string(input.features.shape()));
  }

  double score(const OffloadInput& input) override {
    const Tensor shown = input_.all(vectors_ ? input.features : input.image);
    return run_multiplexer(multiplexer_, look_, shown).offload_score.span<float>()[0];
  }

  Tensor probabilities(const OffloadInput& input) override {
    return answer_->answer(normalize(sized_for(small_, input.image), small_.normalization));
  }

 private:
  /// What the multiplexer looks at, without anything to be seen.
  Tensor blank_seen() const {
    if (!vectors_) return Tensor(small_.image_shape);
    return Tensor({1, multiplexer_.model->graph.shape(multiplexer_.model->graph.input())[1]});
  }

  Multiplexer multiplexer_;
  HostedModel small_;
  bool vectors_;
  MultiplexerInput input_;
  Predictor look_;
  std::unique_ptr<Classifier> answer_;
};

}  // namespace

std::unique_ptr<LocalModels> make_local_models(Multiplexer multiplexer, HostedModel small) {
  return std::make_unique<Pair>(std::move(multiplexer), std::move(small));
}

}  // namespace muxnet
