#pragma once

#include "muxnet/routing/outcome_fields.hpp"

namespace muxnet {

// What an OutcomeTable wants of its fields; each throws std::invalid_argument that names the field,
// row and model at fault.

/// n, by what was recorded of them.
std::int64_t inputs_of(const OutcomeFields& fields);
/// No answer was recorded in a cell of (n, N).
bool missing(const OutcomeFields& fields, std::size_t cell);

/// Names, shapes and probabilities: before what follows from them is filled in.
void check_shapes(const OutcomeFields& fields);
/// All the rest.
void check_values(const OutcomeFields& fields);

}  // namespace muxnet
