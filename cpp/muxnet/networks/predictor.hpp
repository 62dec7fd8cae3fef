#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "muxnet/core/pool.hpp"
#include "muxnet/core/tensor.hpp"
#include "muxnet/graph/plan.hpp"
#include "muxnet/networks/model.hpp"

namespace muxnet {

/// A model ready to answer for any number of images. Inference plans for batches of powers of two
/// are compiled when first needed, so that three images do not pay for a hundred. Sees changes of
/// the model's weights; the model must outlive it. Threads may call it at once: each call has a
/// plan of its own, of which there are as many as there were calls at once. All plans share what
/// they compute with of the weights; so do those of copies, which have plans of their own.
class Predictor {
 public:
  /// Without a precision it answers in the model's own, as it is now. Throws std::invalid_argument
  /// on a batch below 1; the first answer throws on bf16 and int8 where the CPU has none.
  explicit Predictor(Model& model, std::int64_t max_batch = 128,
                     std::optional<Precision> precision = std::nullopt);
  ~Predictor() = default;
  Predictor(const Predictor& other);
  Predictor(Predictor&&) = default;
  Predictor& operator=(const Predictor&) = delete;
  Predictor& operator=(Predictor&&) = default;

  /// The named outputs for normalised images f32 (n, c, h, w), each of shape (n, ...). Throws
  /// std::invalid_argument on images of another shape and on unknown outputs.
  std::map<std::string, Tensor> outputs(const Tensor& images,
                                        const std::vector<std::string>& names) const;

  /// One of them.
  Tensor output(const Tensor& images, const std::string& name) const;

  /// softmax(logits), f32 (n, K). Throws as outputs().
  Tensor probabilities(const Tensor& images) const;

  const Model& model() const { return *model_; }

 private:
  struct Compiled {
    Plan plan;
    Tensor padded;  ///< a last, smaller batch is filled up with zeros
  };
  /// Plans lent by batch; apart, so that a predictor can be moved.
  struct Plans {
    std::mutex mutex;
    std::map<std::int64_t, Pool<Compiled>> by_batch;
  };
  std::shared_ptr<Compiled> compiled(std::int64_t rows) const;
  void check(const Tensor& images) const;

  Model* model_;
  Graph graph_;  ///< the model's, with an output "probabilities" where it has logits
  std::int64_t max_batch_;
  PlanOptions options_;  ///< but for the batch
  std::shared_ptr<InferenceWeights> weights_;
  std::unique_ptr<Plans> plans_ = std::make_unique<Plans>();
};

}  // namespace muxnet
