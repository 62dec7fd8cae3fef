#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "muxnet/routing/outcome_fields.hpp"

namespace muxnet {

/// Which inputs a table holds, to tell whether two tables share some: inputs of one source by their
/// places in it, those of several by what they hold.
struct TableIdentity {
  std::string source;
  std::string split;
  std::vector<std::int64_t> places;  ///< of each row, in the source
  std::vector<std::int64_t> keys;    ///< of each row, what its input holds; 0, 1: not known
  /// Some inputs are held by the other too; of another source more than one in a hundred, as some
  /// answers are alike by chance, and some images are in data twice.
  bool overlaps(const TableIdentity& other) const;
  /// The rows whose inputs the other does not hold; all where as many are alike by chance.
  std::vector<std::int64_t> rows_beyond(const TableIdentity& other) const;
  /// Names the inputs, of whatever part and in any order.
  std::string digest() const;
};

/// What an input holds is what was recorded of it; where nothing was, what the models said of it,
/// of tables whose rows nearly all differ and of rows that differ from all others: such a row is
/// known in a file that has grown or was shuffled.
TableIdentity identity_of(const OutcomeFields& fields);

}  // namespace muxnet
