#include "muxnet/runtime/multiplexer_input.hpp"

#include "muxnet/core/error.hpp"
#include "muxnet/data/image_statistics.hpp"
#include "muxnet/data/read_images.hpp"

namespace muxnet {
namespace {

void add_all(Register<MultiplexerKind>& kinds) {
  constexpr auto images = MultiplexerSource::images;
  constexpr auto perceptron = MultiplexerBody::perceptron;
  kinds.add({"image", "the image made small", MultiplexerBody::convolutions, images, {}});
  kinds.add({"features",
             "a vector that comes with each input",
             perceptron,
             MultiplexerSource::vectors,
             {}});
  kinds.add({"embedding",
             "an output of the cheapest model, which then always runs first",
             perceptron,
             MultiplexerSource::embeddings,
             {}});
  kinds.add({"statistics", "a dozen features of the image made by hand", perceptron, images,
             image_statistics});
}

std::string wanted(const MultiplexerKind& kind) {
  return kind.source == MultiplexerSource::images ? "images (n, c, h, w)" : "f32 vectors (n, d)";
}

}  // namespace

Register<MultiplexerKind>& multiplexer_kinds() {
  static Register<MultiplexerKind> kinds("multiplexer", {add_all});
  return kinds;
}

Tensor shown_to_multiplexer(const std::string& kind, const Tensor& inputs) {
  const MultiplexerKind& found = multiplexer_kinds().find(kind);
  const bool images = found.source == MultiplexerSource::images;
  require(inputs.shape().size() == (images ? 4 : 2) && !inputs.empty() &&
              (images || inputs.dtype() == DType::f32),
          text("multiplexer, ", kind), wanted(found),
          text(name_of(inputs.dtype()), ' ', to_string(inputs.shape())));
  const Tensor shown = found.describe ? found.describe(inputs) : inputs;
  if (shown.shape().size() == 4) return shown;
  return shown.reshaped({shown.dim(0), shown.dim(1), 1, 1});
}

MultiplexerInput::MultiplexerInput(const Multiplexer& multiplexer, const Shape& input_shape)
    : kind_(multiplexer_kinds().find(multiplexer.kind)),
      images_(multiplexer.images),
      shape_(multiplexer.model->graph.shape(multiplexer.model->graph.input())) {
  const Tensor example = shown(Tensor(input_shape));
  require(example.shape() == shape_, text("multiplexer, ", kind_.name),
          text("inputs as ", to_string(shape_)), to_string(example.shape()));
  const auto from = [&](DType dtype) {
    Dataset one;
    one.images = Tensor(shape_, dtype);
    return Transform(one, normalization_of(*multiplexer.model), {});
  };
  floats_ = from(DType::f32);
  if (!kind_.describe) bytes_ = from(DType::u8);
}

Tensor MultiplexerInput::shown(const Tensor& inputs) const {
  const bool formats = images_ && inputs.shape().size() == 4;
  return shown_to_multiplexer(kind_.name, formats ? format_images(inputs, *images_) : inputs);
}

void MultiplexerInput::apply(const Tensor& inputs, std::int64_t row, float* dst) const {
  const Tensor one = shown(inputs.rows(row, row + 1));
  (one.dtype() == DType::u8 ? *bytes_ : *floats_).apply(one, 0, {}, dst);
}

Tensor MultiplexerInput::all(const Tensor& inputs) const {
  Shape shape = shape_;
  shape.front() = inputs.dim(0);
  Tensor result(shape);
  const std::int64_t size = result.size() / result.dim(0);
  for (std::int64_t row = 0; row < inputs.dim(0); ++row) {
    apply(inputs, row, result.data<float>() + row * size);
  }
  return result;
}

}  // namespace muxnet
