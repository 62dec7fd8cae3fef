#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "muxnet/core/register.hpp"
#include "muxnet/data/transform.hpp"
#include "muxnet/networks/multiplexer.hpp"
#include "muxnet/runtime/run_multiplexer.hpp"

namespace muxnet {

/// What a multiplexer is shown.
enum class MultiplexerSource {
  images,      ///< the images of the models
  vectors,     ///< numbers that come with each input
  embeddings,  ///< numbers that a model of the pool gives beside its answer
};

/// A kind of multiplexer: what it is shown, and what looks at that.
struct MultiplexerKind {
  std::string name;                                      ///< by which it is chosen
  std::string title;                                     ///< what it is shown, for people
  MultiplexerBody body = MultiplexerBody::convolutions;  ///< what looks at that
  MultiplexerSource source = MultiplexerSource::images;  ///< where it comes from
  /// Raw images u8 or f32 (n, c, h, w) to vectors f32 (n, d); empty: as they are.
  std::function<Tensor(const Tensor&)> describe;
};

/// All kinds of multiplexer.
Register<MultiplexerKind>& multiplexer_kinds();

/// What a multiplexer of a kind is shown of raw images u8 or f32 (n, c, h, w), or of vectors f32
/// (n, d): images (n, c, h, w), or vectors as images of d channels and one pixel, (n, d, 1, 1);
/// not normalised. Throws std::invalid_argument: no such kind, or another one's inputs.
Tensor shown_to_multiplexer(const std::string& kind, const Tensor& inputs);

/// Inputs as a multiplexer is shown them: images made what it wants, normalised. Threads may use it
/// at once.
class MultiplexerInput {
 public:
  /// `input_shape`: of one raw input, (1, c, h, w) or of vectors (1, d). Throws
  /// std::invalid_argument where the multiplexer is for others.
  MultiplexerInput(const Multiplexer& multiplexer, const Shape& input_shape);

  /// (1, c, h, w), of what apply() writes.
  const Shape& shape() const { return shape_; }

  /// Writes row `row` of raw inputs, u8 or f32, to `dst`.
  void apply(const Tensor& inputs, std::int64_t row, float* dst) const;
  /// All of them: f32 (n, c, h, w).
  Tensor all(const Tensor& inputs) const;

 private:
  Tensor shown(const Tensor& inputs) const;

  MultiplexerKind kind_;
  std::optional<ImageFormat> images_;
  Shape shape_;
  std::optional<Transform> bytes_, floats_;
};

}  // namespace muxnet
