#include "muxnet/policies/registry.hpp"

#include <sstream>

#include "fuzz/targets.hpp"
#include "muxnet/routing/outcome_table.hpp"
#include "muxnet/routing/record.hpp"

namespace muxnet::fuzz {
namespace {

/// A policy's file: what it decides by is made too.
void read_policy_file(std::string_view bytes) {
  const auto policy = load_policy(MemoryFile(bytes).path());
  policy->rule();
  policy->version();
}

/// Lines of records, of the policy in the first line's place.
void read_records(std::string_view bytes) {
  std::istringstream lines{std::string(bytes)};
  std::string policy;
  std::getline(lines, policy);
  const auto decider = load_policy(MemoryFile(policy).path());
  std::vector<std::string> records;
  for (std::string line; std::getline(lines, line);) records.push_back(line);
  replay_records(*decider, records);
}

}  // namespace

void add_policies(Targets& targets) {
  targets["outcomes"] = [](std::string_view bytes) {
    OutcomeTable::load(MemoryFile(bytes).path());
  };
  targets["policy"] = read_policy_file;
  targets["records"] = read_records;
}

}  // namespace muxnet::fuzz
