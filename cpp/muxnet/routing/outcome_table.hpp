#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// Models are named by bits of one 64-bit mask.
inline constexpr std::int64_t max_pool_models = 64;

/// What was recorded for n inputs and N models over K classes; OutcomeTable checks it. Everything
/// after `costs` may be left empty.
struct OutcomeFields {
  std::vector<std::string> models;                   ///< N different names
  Tensor probabilities;                              ///< f32 (n, N, K), rows sum to 1
  Tensor labels;                                     ///< i32 (n)
  std::map<std::string, std::vector<double>> costs;  ///< kind ("macs", "latency_ms") -> N, above 0

  Tensor weights;        ///< f32 (n, N), the multiplexer's weights (Eq. 6)
  Tensor scores;         ///< f32 (n, N), logits of "model i is right"
  Tensor offload_score;  ///< f32 (n) in [0, 1]: 0 = device, 1 = cloud
  std::map<std::string, double> multiplexer_costs;  ///< kind -> cost of one pass of the multiplexer
  std::string encoder;  ///< the model whose output the multiplexer is shown; it is called first
  Tensor features;      ///< f32 (n, F)

  std::string split;   ///< "held_out", "calibration", "test", ...
  std::string source;  ///< the collection that `indices` count in, such as "cifar10/train"
  Tensor indices;      ///< i64 (n), places of the inputs in `source`
  std::vector<std::string> class_names;       ///< of the first classes, at most K
  std::map<std::string, std::string> inputs;  ///< model -> what it was shown, as JSON
};

/// Which inputs a table holds, to tell whether two tables share some.
struct TableIdentity {
  std::string source;
  std::string split;
  std::vector<std::int64_t> indices;  ///< sorted
  bool overlaps(const TableIdentity& other) const;
  /// Names the inputs, of whatever part: a digest of source and indices.
  std::string digest() const;
};

/// Recorded answers of N models, checked once and immutable; copies share everything. Threads may
/// use it at once. Top-1 predictions and their probabilities are computed at construction, so that
/// policies replay without touching the classes again.
class OutcomeTable {
 public:
  /// Throws std::invalid_argument that names the field, row and model at fault: shapes that
  /// disagree, probabilities outside [0, 1], not finite or summing to other than 1 (by more than
  /// 1e-2, which float16 sources need), labels outside [0, K), costs not above 0, a router's
  /// output without its cost.
  explicit OutcomeTable(OutcomeFields fields);

  /// Throws FileError.
  static OutcomeTable load(const std::filesystem::path& path);
  void save(const std::filesystem::path& path) const;

  std::int64_t size() const { return fields_->probabilities.dim(0); }
  std::int64_t model_count() const { return fields_->probabilities.dim(1); }
  std::int64_t class_count() const { return fields_->probabilities.dim(2); }
  const OutcomeFields& fields() const { return *fields_; }
  const std::vector<std::string>& models() const {  ///< names, in their order
    return fields_->models;
  }  ///< names, in their order
  const std::shared_ptr<const TableIdentity>& identity() const { return identity_; }

  bool labelled() const { return !fields_->labels.empty(); }
  /// i32 (n). Throws std::invalid_argument when the table has none.
  std::span<const std::int32_t> labels() const;

  const Tensor& predictions() const { return predictions_; }  ///< i32 (n, N), top-1 class
  const Tensor& confidences() const { return confidences_; }  ///< f32 (n, N), its probability
  /// u8 (n, N): the top-1 class is the label. Throws std::invalid_argument without labels.
  const Tensor& correct() const;
  /// (N), share of right answers of each model alone.
  std::vector<double> accuracies() const;

  /// (N). Throws std::invalid_argument that lists the kinds there are.
  const std::vector<double>& costs(const std::string& kind) const;
  /// The kind of cost to trade against accuracy: the one wanted, else "macs", else the first.
  /// Throws std::invalid_argument that lists the kinds there are.
  std::string traded_cost(const std::string& wanted = "") const;
  /// Cost of one pass of the multiplexer; 0 when the table has no multiplexer.
  double multiplexer_cost(const std::string& kind) const;

  /// The bit of the model that has to run before the multiplexer can look; 0: none.
  std::uint64_t called_first() const;

  /// The rows `rows`, in that order, which keep their place in the source. Throws
  /// std::invalid_argument on a row outside [0, n). `split` renames the part when not empty.
  OutcomeTable subset(std::span<const std::int64_t> rows, const std::string& split = "") const;

 private:
  void derive_answers();
  void derive_identity();

  std::shared_ptr<const OutcomeFields> fields_;
  std::shared_ptr<const TableIdentity> identity_;
  Tensor predictions_;
  Tensor confidences_;
  Tensor correct_;
};

}  // namespace muxnet
