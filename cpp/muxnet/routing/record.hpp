#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "muxnet/routing/policy.hpp"

namespace muxnet {

/// What calls cost, by kind: (N) the models, and one pass of the multiplexer.
struct CallCosts {
  std::map<std::string, std::vector<double>> models;
  std::map<std::string, double> multiplexer;
};

/// That models which the rule asked for were not called, and what answered instead.
struct Departed {
  std::string reason;
  std::uint64_t answer_from = 0;
};

/// Writes down why each input went where it went.
///
/// A record is one line of JSON: `policy` and its `version`, and the `point`, where it is not the
/// chosen one, as an index into the operating points; `input`, its number; `seen`, what the
/// multiplexer said; `steps`, each with the models called or answered from and, under `why`, the
/// comparison that decided it (Reason); `propensity`, the chance of these steps, where some were
/// drawn; `called`, in order; `outputs`, the probabilities of those
/// models; `answer`, a class, and its `probability`; where the policy abstains, the answer's
/// `confidence`, and whether it is `abstained`, left to a person; `cost` by kind, the multiplexer's
/// pass included; `alternatives`, for each model alone its cost and, where its output is known, its
/// answer; where the label is known, who is right; `departure`, where service could not follow the
/// rule: its `reason`, the models `wanted` and those `answered_from`. With the policy it replays to
/// the same decision.
class Recorder {
 public:
  /// Records one of the policy's operating points, by default the chosen one. Throws
  /// std::invalid_argument for a point that there is not, costs of another number of models, or
  /// where the policy looks at a multiplexer whose cost is missing.
  Recorder(const Policy& policy, CallCosts costs, std::optional<std::size_t> point = {});

  /// The decision on one input. `evidence.probabilities` hold the outputs of the models `known`; to
  /// call another throws std::invalid_argument, unless service `departed` from the rule there.
  std::string record(Evidence evidence, std::uint64_t known,
                     const std::optional<Departed>& departed = {}) const {
    return record(std::move(evidence), known, departed, costs_);
  }
  /// The same where calls of this input have cost `costs`, of the same kinds.
  std::string record(Evidence evidence, std::uint64_t known,
                     const std::optional<Departed>& departed, const CallCosts& costs) const;

 private:
  nlohmann::ordered_json alternatives(const Evidence& evidence, std::uint64_t known,
                                      const CallCosts& costs) const;
  nlohmann::ordered_json cost_of(const CallCosts& costs, std::uint64_t called,
                                 bool with_multiplexer) const;

  std::shared_ptr<const Rule> rule_;
  std::string policy_, version_;
  std::optional<std::size_t> point_;
  std::vector<std::string> models_;
  bool uses_multiplexer_;
  CallCosts costs_;
};

/// Records of the rows `rows` of a table; of all that every model answered where there are none.
/// Costs are what was recorded of each input, else what is expected of the models.
/// Throws std::invalid_argument as Policy::decide() does.
std::vector<std::string> record_decisions(const Policy& policy, const OutcomeTable& table,
                                          std::span<const std::int64_t> rows = {});

/// What a policy makes of what a record says that was known.
struct ReplayedRecord {
  std::vector<std::string> called;  ///< in order
  std::int32_t answer = 0;          ///< the class
  bool same = false;                ///< as recorded
};

/// Decides records again. Throws std::invalid_argument, with the line's number, for what is no
/// record of this policy in this version, or where the policy calls a model whose output the record
/// does not hold.
std::vector<ReplayedRecord> replay_records(const Policy& policy,
                                           std::span<const std::string> lines);

/// What is known before any model has run: the models called first and, from there on, the
/// comparisons that would call for more if each answered as unsure as can be (all classes alike).
/// JSON: `call`, names; `then`, a list of `why` (without a value) and `call`, empty where even such
/// an answer is enough. Where the multiplexer is shown what the first model gives, and nothing is
/// known of that, `awaits` it, and no further step is.
nlohmann::ordered_json plan_decision(const Policy& policy, Evidence evidence);

}  // namespace muxnet
