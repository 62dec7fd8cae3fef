#pragma once

#include "muxnet/core/error.hpp"
#include "muxnet/protocol/inference_request.hpp"

// The checks that both readers of requests share.
namespace muxnet {

/// The head of what a client wrote, fit to be shown.
inline std::string excerpt(std::string_view written) {
  constexpr std::size_t most = 80;
  return std::string(written.substr(0, most)) + (written.size() > most ? "..." : "");
}

/// Throws where a list or text would become longer than `most`; no text is made while it does not.
inline void require_at_most(std::size_t count, std::size_t most, std::string_view where,
                            std::string_view of_what) {
  if (count > most) {
    throw std::invalid_argument(error_text(where, text("at most ", most, " ", of_what), "more"));
  }
}

/// A parameter by its name, within the limits; a later one of the same name replaces it.
template <class Value>
void add_parameter(RequestParameters& parameters, const std::string& name, Value value,
                   const RequestLimits& limits) {
  parameters.insert_or_assign(name, std::move(value));
  require_at_most(parameters.size(), limits.parameters, "parameters", "parameters");
}

/// A further input or output, within the limit.
template <class Entry>
Entry& add_entry(std::vector<Entry>& entries, std::size_t most, std::string_view where) {
  require_at_most(entries.size() + 1, most, where, "tensors");
  return entries.emplace_back();
}

}  // namespace muxnet
