#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "muxnet/core/access.hpp"
#include "muxnet/routing/abstention.hpp"
#include "muxnet/routing/answer_calibration.hpp"
#include "muxnet/routing/decisions.hpp"
#include "muxnet/routing/outcome_table.hpp"
#include "muxnet/routing/pareto.hpp"
#include "muxnet/routing/rule.hpp"

namespace muxnet {

/// Which model a router that is unsure calls: the dearest ("fail dear") or the cheapest.
enum class Unsure { dearest, cheapest };

/// What a policy trades, and how finely.
struct PolicyOptions {
  std::string cost_kind = "macs";  ///< the cost that fitting trades against accuracy
  std::uint64_t seed = 0;          ///< for policies that draw
  std::int64_t model = 0;          ///< `always`: which one
  std::int64_t max_models = 3;     ///< `cascade`: longest chain, 1 to 4
  std::int64_t bins = 50;          ///< thresholds tried per stage or knob, 2 to 200
  double gate = 0;  ///< `hybrid_single`, `knn`: unsure where the two best models' values are closer
  Unsure unsure = Unsure::dearest;  ///< what is called there
};

/// A point's settings by name.
using PolicyParameters = std::map<std::string, double>;

/// One setting of a policy, with what it attained on the table it was chosen on; a policy that
/// learns from that table says what it attains on inputs left out of the learning.
struct OperatingPoint {
  PolicyParameters parameters;          ///< by name
  double accuracy = 0;                  ///< share of right answers, or mean quality
  double cost = 0;                      ///< mean per input, of the policy's kind, router included
  std::vector<double> called_shares{};  ///< (N), share of the inputs that each model is run on
};

/// What a policy reads of an input beside the models' answers.
struct Needs {
  bool scores = false;         ///< the multiplexer's scores, or its weights
  bool features = false;       ///< what the table's features say
  bool offload_score = false;  ///< the multiplexer's output of the mobile/cloud case
  bool label = false;          ///< the truth: in replay only
  bool distributions = false;  ///< of the models' answers; where there are none they are learnt
};

class Policy;
/// Gives a policy by name, not yet fitted.
using PolicyMaker =
    std::function<std::unique_ptr<Policy>(std::string_view name, const PolicyOptions& options)>;

/// Turns what is known about an input into calls and an answer. A policy is a family over
/// budgets: fit() finds its operating points, the Pareto front of accuracy against cost on
/// held-out data, and chooses one of them; a point is parameters, and a Rule is a point at work.
///
/// Default point: of the points that cost at most as much as the best single model, with the
/// multiplexer's pass where the policy takes one, the cheapest that is not less accurate than the
/// best of them by more than one standard error: that of the mean difference of the two over the
/// held-out inputs (of their groups). The cheapest point when all cost more.
///
/// New prices, or a pool without one of its models, need no new data: reprice() and without()
/// choose again among all points that search() found worth keeping, by the loss of accuracy that
/// was within the standard error before.
///
/// Threads may read it at once. A call that changes it (fit, choose, reprice, without) is refused
/// by BusyError while another thread is in it, and refuses others meanwhile; `reading` extends that
/// to several calls, and to what they give by reference.
///
/// To add a policy: derive, implement name(), search() and make_rule(), add it to policies().
class Policy {
 public:
  explicit Policy(PolicyOptions options);
  virtual ~Policy() = default;

  /// As the register calls it.
  virtual std::string name() const = 0;
  virtual Needs needs() const { return {}; }
  /// The multiplexer looks at every input, so that its cost is in every decision.
  bool uses_multiplexer() const;
  /// The part of recorded outcomes to fit it on: "calibration", from which the multiplexer has
  /// learnt nothing, where it looks at that ("offload-calibration" in the mobile/cloud case), else
  /// "held_out", the whole of it.
  std::string fitting_part() const;
  const PolicyOptions& options() const { return options_; }

  /// Finds the operating points, on the inputs that every model answered. A policy that needs
  /// distributions learns them from answers alone where the table has none (AnswerCalibration), of
  /// each model from all inputs that it answered.
  /// Throws std::invalid_argument for a table whose split is "test", without labels and quality, or
  /// without what the policy looks at.
  void fit(const OutcomeTable& held_out);

  /// Keeps others from changing it.
  Access::Hold reading(std::string_view where) const { return access_.read(where); }

  bool fitted() const { return identity_ != nullptr; }
  /// By rising cost. This and all below throw std::invalid_argument before fit().
  const std::vector<OperatingPoint>& operating_points() const;
  /// The point that decide() uses.
  const OperatingPoint& point() const;
  /// Makes `point` the one that decide() uses.
  void choose(OperatingPoint point);
  /// Which answers of the chosen point are left to a person; none once another point is chosen.
  const std::optional<Abstention>& abstention() const { return abstention_; }
  /// Leaves them to a person from now on. Throws std::invalid_argument for a threshold that is NaN.
  void abstain(const Abstention& abstention);
  /// What choose_for_budget() would choose; none where even the cheapest costs more. A cost that
  /// equals a point's own does not miss it by rounding.
  std::optional<OperatingPoint> within(double cost) const;
  /// Place among operating_points() of the cheapest as accurate as that; none where none is.
  std::optional<std::size_t> cheapest_as_good(double accuracy) const;
  /// Chooses the most accurate point that costs at most `cost` per input on held-out data. Throws
  /// std::invalid_argument when even the cheapest costs more.
  void choose_for_budget(double cost);

  /// Prices the models anew: a point's cost becomes sum_i (called share of i) cost_i +
  /// multiplexer_cost, the front is made anew, and the default point is chosen. Rules decide as
  /// they did. `costs`: (N), above 0; `multiplexer_cost`: of deciding itself, which is as it was
  /// when left out. Throws std::invalid_argument.
  void reprice(const std::vector<double>& costs, std::optional<double> multiplexer_cost = {});
  /// Never calls `model` again: drops the points that may, and chooses as reprice() does. The model
  /// keeps its place in tables and pools. Throws std::invalid_argument when no point is left.
  void without(std::size_t model);
  /// (N), what the models cost now.
  const std::vector<double>& prices() const;
  /// What it has learnt of answers without distributions; null where they came with them, or where
  /// it does not look at them.
  const std::shared_ptr<const AnswerCalibration>& calibration() const { return calibration_; }
  /// What deciding itself costs now.
  double multiplexer_cost() const { return multiplexer_cost_; }
  /// The inputs it was fitted on.
  const TableIdentity& fitted_on() const;
  /// The rows of a table whose inputs it was not fitted on.
  std::vector<std::int64_t> unseen_rows(const OutcomeTable& table) const;
  /// The model most accurate on the inputs it was fitted on, the cheapest of equals, of those that
  /// may still be called.
  std::size_t best_single() const;
  /// The bit of the model that is called first, for every input, as the multiplexer is shown what
  /// it gives; 0: none.
  std::uint64_t called_first() const { return called_first_; }
  /// Names of the models it was fitted for.
  const std::vector<std::string>& models() const { return models_; }
  /// Number of classes of their answers.
  std::int64_t classes() const { return classes_; }
  /// Names of the first of them; none where the table that it was fitted on had none.
  const std::vector<std::string>& class_names() const { return class_names_; }
  /// Its accuracies are means of recorded quality.
  bool by_quality() const { return by_quality_; }
  /// (N), costs of the models when fitted, of the policy's kind.
  const std::vector<double>& costs() const { return costs_; }

  std::unique_ptr<Rule> rule(const OperatingPoint& point) const;
  /// At the chosen point, abstaining where the policy does.
  std::unique_ptr<Rule> rule() const;
  /// Throws std::invalid_argument when the table's models are not those fitted.
  Decisions decide(const OutcomeTable& table, const OperatingPoint& point) const;
  Decisions decide(const OutcomeTable& table) const;
  /// (N), the share of each model's scores on a table of its models that lie beyond nearly all of
  /// those that it was fitted on, NaN where there are none; empty where it has learnt from none.
  std::vector<double> scores_beyond(const OutcomeTable& table) const;
  /// Accuracy and cost of a setting on a table.
  OperatingPoint measure(const OutcomeTable& table, const PolicyParameters& parameters) const;

  /// All that fit() found, as JSON, written atomically: load_policy() gives a policy that decides
  /// alike and knows which inputs it has seen. Throws FileError, and std::invalid_argument for more
  /// than 2^20 classes without names.
  void save(const std::filesystem::path& path) const;
  /// Names what it decides by: 64-bit FNV-1a, in hexadecimal, of the bytes that save() writes.
  std::string version() const;

 protected:
  /// What search() learnt beside the operating points, and its way back; restore throws
  /// std::invalid_argument, or what the JSON library throws, on what does not fit.
  virtual nlohmann::json learnt() const;
  virtual void restore(const nlohmann::json& learnt);

  /// Operating points on held-out data: all that may pay under some prices; the front is made of
  /// them. May learn more state.
  virtual std::vector<OperatingPoint> search(const OutcomeTable& held_out) = 0;
  virtual std::unique_ptr<Rule> make_rule(const PolicyParameters& parameters) const = 0;
  /// Indices of the points that budgets choose among, by rising cost.
  virtual std::vector<std::size_t> front(std::span<const PlanePoint> points) const;
  virtual OperatingPoint default_point() const;
  virtual OperatingPoint point_within(double cost) const;
  /// Tells of points that search() found on cross-fitted answers what the finished rule does with
  /// the same inputs, `decided` as it calibrates them. Cross-fitted, one class and score has
  /// several confidences; the rule knows one, and no threshold tells within it. So cost and called
  /// shares are the rule's own, and the accuracy, that of answers left out, is not above its own.
  virtual void settle(const OutcomeTable& decided, std::vector<OperatingPoint>& points);

  /// The operating point of decisions made on a table.
  OperatingPoint measured(const PolicyParameters& parameters, const Decisions& decisions,
                          const OutcomeTable& table) const;
  /// search() for policies whose settings are few: measures each.
  std::vector<OperatingPoint> measure_all(const OutcomeTable& held_out,
                                          const std::vector<PolicyParameters>& settings) const;
  /// All points that search() found, less those that without() dropped.
  const std::vector<OperatingPoint>& candidates() const { return candidates_; }
  /// parameters.at(key), checked to lie in [low, high].
  double parameter(const PolicyParameters& parameters, const std::string& key, double low,
                   double high) const;
  /// The same for an index below the number of models.
  std::size_t model_parameter(const PolicyParameters& parameters, const std::string& key) const;

  /// Models by rising cost.
  std::vector<std::size_t> by_cost() const;
  /// (N), what calling each adds: its cost, nothing where it is called first anyway.
  std::vector<double> added_costs() const;
  /// (N), those over the dearest model's cost.
  std::vector<double> relative_costs() const;

 private:
  friend std::unique_ptr<Policy> read_policy(const std::filesystem::path& path,
                                             const PolicyMaker& make);

  void require_fitted() const;
  /// A table of its models, by the kinds of scores that it was fitted on.
  OutcomeTable as_fitted(const OutcomeTable& table) const;
  Decisions decide_by(const OutcomeTable& table, const PolicyParameters& parameters) const;
  /// make_rule() behind what is called first.
  std::unique_ptr<Rule> whole_rule(const PolicyParameters& parameters) const;
  /// Takes down what is known of its models.
  void describe(const OutcomeTable& held_out);
  void pay_first(OperatingPoint& point) const;
  Decisions replay(const OutcomeTable& table, const PolicyParameters& parameters) const;
  /// Makes the front and the default point from the candidates.
  void choose_again();
  /// The most accurate point that costs at most as much as the best single model.
  const OperatingPoint& best_affordable() const;
  /// How much less accurate than `best` the cheapest point is that noise does not tell from it.
  double loss_within_noise(const OutcomeTable& held_out, const OperatingPoint& best) const;
  nlohmann::json to_json() const;
  std::string file_content() const;
  void from_json(const nlohmann::json& content);
  void check_classes() const;
  void read_models(const nlohmann::json& content);
  void read_extras(const nlohmann::json& content);

  Access access_;
  PolicyOptions options_;
  std::vector<std::string> models_, class_names_, score_kinds_;
  std::vector<double> costs_, prices_, accuracies_;
  double multiplexer_cost_ = 0;
  std::uint64_t dropped_ = 0;  ///< models that without() named
  std::uint64_t called_first_ = 0;
  std::int64_t classes_ = 0;
  bool by_quality_ = false;
  std::size_t best_single_ = 0;
  std::shared_ptr<const TableIdentity> identity_;
  std::shared_ptr<const AnswerCalibration> calibration_;
  std::vector<OperatingPoint> candidates_, points_;
  double allowed_loss_ = 0;  ///< of accuracy, below the best affordable point, of the default one
  OperatingPoint point_;
  std::optional<Abstention> abstention_;  ///< of point_
};

/// Index of the most accurate model, the cheapest of equals.
std::size_t best_single_model(const OutcomeTable& table, const std::string& cost_kind);

/// What Policy::save() wrote, of the policies that `make` knows. Throws FileError on a file that
/// cannot be read, std::invalid_argument on one that holds no policy.
std::unique_ptr<Policy> read_policy(const std::filesystem::path& path, const PolicyMaker& make);

}  // namespace muxnet
