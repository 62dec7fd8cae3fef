#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "muxnet/data/image_format.hpp"
#include "muxnet/protocol/inference_protocol.hpp"
#include "muxnet/routing/policy.hpp"

namespace muxnet {

inline constexpr std::string_view images_name = "images";
inline constexpr std::string_view vectors_name = "features";

/// What one of a deployment's image tensors is: images of a format, or vectors.
struct ShownFormat {
  std::optional<ImageFormat> images;  ///< none: vectors
  std::int64_t vector_length = 0;     ///< of those
};

/// What a request has to bring for the router, or for one of its models.
struct WantedInputs {
  /// (formats): whether inputs are made to it; nobody looks at the others.
  std::vector<bool> made;
  /// Shapes (c, h, w) that models want images of, each once: tensors of pixels are taken where it
  /// is one, and what only the multiplexer looks at is made of them.
  std::vector<Shape> pixels;
  /// Names of the tensors that hold all that.
  std::vector<std::string_view> tensors;
};

/// A name that requests ask for: the router, or one of its models.
using ServedName = std::optional<std::size_t>;

/// What is served, as requests see it; replaced as a whole.
struct ServedModels {
  std::string router;               ///< its name
  std::vector<std::string> models;  ///< their names
  std::int64_t classes = 0;
  std::vector<ShownFormat> formats;      ///< of what stages are shown, each once
  std::vector<std::size_t> shown;        ///< which of them the multiplexer and each model is shown
  std::shared_ptr<const Policy> policy;  ///< that routes

  /// None: nothing of that name is served.
  std::optional<ServedName> find(std::string_view name) const;
  WantedInputs wanted_by(ServedName name) const;
  std::vector<TensorSpec> inputs_of(ServedName name) const;
  /// All outputs that can be asked for.
  std::vector<TensorSpec> outputs_of(ServedName name) const;
  /// The cheapest operating point that attained `accuracy` on held-out inputs. Throws
  /// std::invalid_argument where none did.
  std::size_t point_for(double accuracy) const;
};

/// An output that answers may have; `extent` beside the inputs': 'K' classes, 'N' models, or none.
struct AnswerOutput {
  std::string_view name, datatype;
  char extent;
};
inline constexpr std::array<AnswerOutput, 5> answer_outputs{{{"probabilities", "FP32", 'K'},
                                                             {"classes", "INT64", ' '},
                                                             {"called", "INT64", ' '},
                                                             {"cost", "FP64", ' '},
                                                             {"weights", "FP32", 'N'}}};

/// Told as a model's platform, which both protocols have room for.
inline constexpr std::string_view platform_text =
    "muxnet: images as UINT8 in [0, 255], FP32 in [0, 1] (UINT8 / 255, not normalised), "
    "or BYTES (JPEG, PNG); features as FP32";
static_assert(platform_text.starts_with(own_platform));

}  // namespace muxnet
