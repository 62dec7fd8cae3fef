#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "muxnet/data/image_format.hpp"
#include "muxnet/networks/model.hpp"
#include "muxnet/onnx/model.hpp"
#include "muxnet/protocol/endpoint_client.hpp"
#include "muxnet/runtime/classifier.hpp"

namespace muxnet {

/// What a model's answers f32 (n, K) are.
enum class AnswerKind {
  probabilities,  ///< each row sums to 1
  logits,         ///< their softmax does
  scores,  ///< a probability of each label by itself, as of a sigmoid: over their sum it does
};

/// An ONNX file, and how it is run.
struct OnnxSource {
  std::filesystem::path path;
  OnnxOptions options;
};

/// What a model was made of, by which another process can make it again: a network, a file. None:
/// it is elsewhere, or only this process has it.
using ModelSource = std::variant<std::monostate, std::shared_ptr<Model>, OnnxSource>;

/// A model as pools and services answer with it, whatever runs it. Copies share what runs it.
struct HostedModel {
  std::string name;             ///< for policies and messages
  double cost = 0;              ///< of one image, as the policy counts it; networks of ours: MACs
  Shape image_shape;            ///< (1, c, h, w); (1, d) of one that takes vectors
  std::int64_t classes = 0;     ///< K
  Normalization normalization;  ///< of its images: a value per channel; vectors are as they come
  std::size_t at_once = 0;      ///< batches at a time, whoever asks; 0: any number
  std::shared_ptr<EndpointClient> elsewhere{};  ///< what reaches it, where another process runs it
  /// Gives one whose answers are class probabilities f32 (n, K).
  std::function<std::unique_ptr<Classifier>()> open;
  /// Which of the K classes each of its own is, in the order of its answers; none: it has all, in
  /// their order.
  std::vector<std::int64_t> places{};
  bool reversed = false;  ///< takes the channels of normalised images in reverse order: BGR
  /// What raw images of any size become before they are normalised; none: they come as it wants.
  std::optional<ImageFormat> images{};
  AnswerKind answers = AnswerKind::probabilities;  ///< of what runs it; made probabilities
  ModelSource made_of{};                           ///< by which it can be written down
};

/// A model as who serves it shows it to others: its answers are of all classes, in their order, and
/// its channels RGB, whatever its own are.
HostedModel as_served(HostedModel model);

/// Raw images u8 or f32 (n, c, h, w) in a model's size, not normalised. Throws
/// std::invalid_argument where they have another and the model does not say how they get to it.
Tensor sized_for(const HostedModel& model, const Tensor& images);

/// Answers f32 (n, k) over a model's own classes as answers f32 (n, K) over all, by `places`; as
/// they are where there are none.
Tensor placed(const Tensor& own, std::int64_t classes, const std::vector<std::int64_t>& places);

/// A network of ours.
HostedModel host(std::shared_ptr<Model> model);
/// The same as `outside` describes it, among models of others'.
HostedModel host_network(HostedModel outside, std::shared_ptr<Model> model, AnswerKind kind);
/// An ONNX file, which is read when it is put to work.
HostedModel host_onnx(HostedModel outside, OnnxSource file, AnswerKind kind);

/// A model of someone else's, whose answers are made probabilities as probabilities_of() does. What
/// `open` gives is shown the channels in reverse order where `reversed` says so. A mean or
/// deviation of one value stands for all channels. Throws std::invalid_argument for a description
/// that is not whole.
HostedModel host(HostedModel outside, AnswerKind kind);

/// Answers f32 (n, K) as probabilities: the softmax of logits; scores divided by their sum, which
/// keeps their order, and all classes alike where each is 0. A single number of each row speaks for
/// the second of two classes: p is [1 - p, p], a logit z is [0, z]. `classes` 0: any K. Throws
/// std::invalid_argument for another shape, numbers that are not finite (logits may be minus
/// infinity, all but one), scores outside [0, 1], and
/// rows that are no probabilities.
Tensor probabilities_of(const Tensor& given, std::int64_t n, std::int64_t classes, AnswerKind kind,
                        const std::string& name);

}  // namespace muxnet
