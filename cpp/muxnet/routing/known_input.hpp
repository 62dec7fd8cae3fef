#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "muxnet/routing/known_answers.hpp"
#include "muxnet/routing/record.hpp"
#include "muxnet/routing/rule.hpp"

namespace muxnet {

// Inputs of which some outputs are known, and the way of a rule through them: for records.

/// The shortest decimals that give back `value`, as JSON would write them for a double.
double shortest(float value);

inline constexpr const char* record_format = "muxnet-decision-1";

/// The rule of one of a policy's operating points, by default of the chosen one. Throws
/// std::invalid_argument for a point that there is not.
std::shared_ptr<const Rule> rule_of(const Policy& policy, std::optional<std::size_t> point);

/// Names of the models of a mask.
std::vector<std::string> names_of(std::uint64_t called, const std::vector<std::string>& models);

/// Evidence that owns what it shows.
struct KnownInput {
  KnownInput(std::size_t models, const AnswerForm& form)
      : answers(1, static_cast<std::int64_t>(models), form) {}

  Evidence evidence() const;

  Evidence rest;
  std::vector<float> weights, scores, features;
  KnownAnswers answers;
  std::uint64_t known = 0;
};

/// What became of an input.
struct Walk {
  std::uint64_t answer_from = 0;
  std::uint64_t wanted = 0;          ///< all that the rule asked for
  std::vector<std::uint64_t> calls;  ///< models called, step by step

  std::vector<std::string> called(const std::vector<std::string>& models) const;
};

/// Steps through an input of which only some outputs are known, as far as a rule that service did
/// not depart from goes. each(evidence, step) sees every step with the evidence it was taken on.
Walk run_known(const Rule& rule, Evidence& evidence, std::uint64_t known,
               const std::optional<Departed>& departed,
               const std::function<void(const Evidence&, const Step&)>& each);

/// Models that the rule had not asked for answer for themselves.
std::int32_t combine(const Rule& rule, const Evidence& evidence, const Walk& walk,
                     std::span<float> joint);

}  // namespace muxnet
