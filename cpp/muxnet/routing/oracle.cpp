#include <stdexcept>

#include "muxnet/core/error.hpp"
#include "muxnet/routing/policies.hpp"

namespace muxnet {
namespace {

class OracleRule : public Rule {
 public:
  explicit OracleRule(std::vector<std::size_t> by_cost) : by_cost_(std::move(by_cost)) {}

  Step next(const Evidence&) const override {
    throw std::invalid_argument(error_text("oracle", "a table with labels", "an input in service"));
  }

  Decisions replay(const OutcomeTable& table) const override {
    const auto correct = table.correct().span<std::uint8_t>();
    const auto predictions = table.predictions().span<std::int32_t>();
    const auto n = static_cast<std::size_t>(table.size());
    Decisions decisions;
    for (std::size_t row = 0; row < n; ++row) {
      const std::size_t offset = row * by_cost_.size();
      std::size_t chosen = by_cost_.front();
      for (const std::size_t model : by_cost_) {
        if (correct[offset + model] == 0) continue;
        chosen = model;
        break;
      }
      decisions.called.push_back(model_bit(chosen));
      decisions.answers.push_back(predictions[offset + chosen]);
    }
    return decisions;
  }

 private:
  std::vector<std::size_t> by_cost_;
};

class OraclePolicy : public Policy {
 public:
  using Policy::Policy;
  std::string name() const override { return "oracle"; }

 private:
  std::vector<OperatingPoint> search(const OutcomeTable& held_out) override {
    return {measure(held_out, {})};
  }
  std::unique_ptr<Rule> make_rule(const PolicyParameters&) const override {
    return std::make_unique<OracleRule>(by_cost());
  }
};

}  // namespace

std::unique_ptr<Policy> make_oracle(const PolicyOptions& options) {
  return std::make_unique<OraclePolicy>(options);
}

}  // namespace muxnet
