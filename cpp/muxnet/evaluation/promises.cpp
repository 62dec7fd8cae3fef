#include "muxnet/evaluation/promises.hpp"

#include <map>
#include <numeric>
#include <vector>

#include "muxnet/evaluation/guarantee.hpp"
#include "muxnet/routing/division.hpp"

namespace muxnet {
namespace {

constexpr std::uint64_t promise_stream = 0x70726F6D;

/// What answers are worth at operating points less the same of the best single model, per input.
class Differences {
 public:
  Differences(const Policy& policy, const OutcomeTable& table) : policy_(policy), table_(table) {}

  const std::vector<double>& at(const OperatingPoint& point) {
    auto& known = known_[point.parameters];
    if (known.empty()) known = lost_against(policy_, point, table_);
    return known;
  }

 private:
  const Policy& policy_;
  const OutcomeTable& table_;
  std::map<PolicyParameters, std::vector<double>> known_;
};

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double mean(const std::vector<double>& values, const std::vector<std::int64_t>& rows) {
  double sum = 0;
  for (const std::int64_t row : rows) sum += values[static_cast<std::size_t>(row)];
  return sum / static_cast<double>(rows.size());
}

}  // namespace

KeptPromise count_kept(const Policy& policy, const OutcomeTable& recorded,
                       const PromiseOptions& options) {
  const OutcomeTable table = recorded.complete();
  const InputGroups groups(table);
  Differences differences(policy, table);
  Random random(options.seed, promise_stream);
  KeptPromise kept;
  double costs = 0;
  bool shares = true;  // of something
  for (std::int64_t division = 0; division < options.divisions; ++division) {
    const auto parts = draw_parts(groups, options.fraction, random);
    const auto found = certify(policy, table.subset(parts.first, "calibration"),
                               {.drop = options.drop,
                                .delta = options.delta,
                                .seed = static_cast<std::uint64_t>(division)});
    if (found.point) {
      const auto& lost = differences.at(*found.point);
      ++kept.promised;
      if (mean(lost) < -options.drop) ++kept.broken;
      if (mean(lost, parts.second) < -options.drop) ++kept.broken_elsewhere;
      const auto share = cost_share(found.point->cost, found.reference_cost);
      shares = shares && share.has_value();
      costs += share.value_or(0);
    }
    if (options.progress) options.progress();
  }
  if (kept.promised > 0 && shares) kept.cost_share = costs / static_cast<double>(kept.promised);
  return kept;
}

}  // namespace muxnet
