#pragma once

#include <cstdint>

#include "muxnet/graph/graph.hpp"

namespace muxnet {

/// What comes before a multiplexer's meta-feature.
enum class MultiplexerBody {
  convolutions,  ///< four of them, on an image
  perceptron,    ///< on a vector, given as an image of `channels` numbers and one pixel
};

/// The multiplexer's shape.
struct MultiplexerOptions {
  MultiplexerBody body = MultiplexerBody::convolutions;  ///< what it looks with
  std::int64_t channels = 3;  ///< of the image that the models see; numbers of a vector
  std::int64_t height = 32;   ///< of the images, in pixels; 1 of a vector
  std::int64_t width = 32;    ///< of the images, in pixels; 1 of a vector
  /// Rows and columns that the convolutions see: larger images are first averaged down to it, which
  /// costs time but no MACs. 0: the image as it is.
  std::int64_t resolution = 0;
  std::int64_t filters = 8;    ///< channels of the first convolution; later ones have 2, 4, 4 times
  std::int64_t hidden = 0;     ///< units of the perceptron's hidden layer; 0: none, it is linear
  std::int64_t models = 6;     ///< N
  std::int64_t meta_dim = 32;  ///< D, as the models' projected embeddings
  std::int64_t classes = 0;    ///< K of the output "logits"; 0: none
  bool shared_meta = false;    ///< one meta-feature for all models (the paper's text), not one each
  bool offload = false;        ///< one output, 0 = device and 1 = cloud, instead of one per model
};

/// The paper's multiplexer: four 3x3 convolutions with batch norm and ReLU, global average pool (a
/// perceptron: the vector, or a hidden layer with ReLU), and
/// - "meta" (batch, N * D; with shared_meta (batch, D)): a linear map of the pooled features, each
///   model's D numbers divided by their L2 norm (what Eq. 8 compares to the projected embeddings);
/// - "scores" (batch, N; with offload (batch, 1)): v m + b, "v.weight" being Eq. 5's v_ij. They are
///   logits, unbounded, so m is taken before its normalisation: the scores of a unit vector could
///   not exceed the norm of v;
/// - "logits" (batch, K), only with classes: its own guess at the answer, a linear map of the
/// pooled
///   features, so that they can learn from labels before anything is known about the models;
/// - "offload" (batch, 1), only with offload: the sigmoid of the score.
/// Throws std::invalid_argument for options below 1 (resolution, hidden, classes: below 0) and a
/// perceptron for more than one pixel.
Graph build_multiplexer(const MultiplexerOptions& options);

}  // namespace muxnet
