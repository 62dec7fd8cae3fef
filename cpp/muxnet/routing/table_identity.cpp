#include "muxnet/routing/table_identity.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "muxnet/core/fingerprint.hpp"

namespace muxnet {
namespace {

using Keys = std::vector<std::int64_t>;

constexpr std::size_t digits = 16;  // of a digest
constexpr double telling = 0.9;     // of rows that differ from all others, where rows tell inputs

/// What a source says of its content, "#" and a digest: a copy under another name is the same data.
/// All of it where it says nothing.
std::string_view content_of(const std::string& source) {
  const auto at = source.rfind('#');
  if (at == std::string::npos || source.size() - at - 1 != digits) return source;
  return std::string_view(source).substr(at);
}

std::uint64_t of_text(std::string_view text) {
  return fingerprint::of_bytes(text.data(), text.size(), text.size());
}

Keys numbers_of(const Tensor& values) {
  const auto from = values.span<std::int64_t>();
  return {from.begin(), from.end()};
}

Keys places_of(const OutcomeFields& fields) {
  if (!fields.indices.empty()) return numbers_of(fields.indices);
  Keys places(static_cast<std::size_t>(fields.predictions.dim(0)));
  std::iota(places.begin(), places.end(), 0);
  return places;
}

/// Without indices the recorded answers themselves tell one collection from another.
std::string source_of(const OutcomeFields& fields) {
  if (!fields.indices.empty()) return fields.source;
  std::uint64_t hash = 0;
  for (const Tensor* all : {&fields.predictions, &fields.probabilities, &fields.answer_scores,
                            &fields.quality, &fields.labels}) {
    hash = fingerprint::of_bytes(all->raw(), all->bytes(), hash);
  }
  return fields.source + '#' + fingerprint::hexadecimal(hash);
}

/// What models said of each row, whatever their order in the table.
Keys said(const OutcomeFields& fields) {
  const auto answers = fields.predictions.span<std::int32_t>();
  const std::size_t models = fields.models.size();
  std::vector<std::uint64_t> names, classes;
  for (const auto& name : fields.models) names.push_back(of_text(name));
  for (const auto& name : fields.class_names) classes.push_back(of_text(name));
  Keys keys(answers.size() / models, 0);
  for (std::size_t cell = 0; cell < answers.size(); ++cell) {
    const auto answer = static_cast<std::size_t>(answers[cell]);
    const std::uint64_t named = answer < classes.size() ? classes[answer] : answer;
    std::uint64_t hash = fingerprint::of_bytes(&named, sizeof named, names[cell % models]);
    for (const Tensor* all : {&fields.answer_scores, &fields.probabilities, &fields.quality}) {
      const std::size_t width = all->bytes() / answers.size();
      const auto* bytes = static_cast<const char*>(all->raw());
      if (width > 0) hash = fingerprint::of_bytes(bytes + cell * width, width, hash);
    }
    std::int64_t& key = keys[cell / models];
    key = static_cast<std::int64_t>(static_cast<std::uint64_t>(key) + hash);
  }
  return keys;
}

constexpr std::int64_t unknown = 0;
constexpr std::int64_t paired = 1;  // like one other row: of an input that is not known either

bool tells(std::int64_t key) { return key != unknown && key != paired; }

/// Rows that are like another say nothing of which input they are; nor do others where such are
/// many.
void keep_telling(Keys& keys) {
  std::unordered_map<std::int64_t, std::size_t> counts;
  for (const std::int64_t key : keys) ++counts[key];
  const auto alone = std::ranges::count_if(counts, [](const auto& met) { return met.second == 1; });
  const bool tell = static_cast<double>(alone) >= telling * static_cast<double>(keys.size());
  for (std::int64_t& key : keys) {
    if (!tell || counts[key] > 1) key = tell && counts[key] == 2 ? paired : unknown;
  }
}

/// How many of so many other rows may be like a row that is alone in a table by chance: of the
/// table's own rows as large a share was until its like came, and three standard deviations.
/// Source: Good, The population frequencies of species, 1953.
std::size_t most_by_chance(const Keys& keys, std::size_t rows) {
  const auto pairs = static_cast<double>(std::ranges::count(keys, paired));
  const double expected = pairs / static_cast<double>(keys.size()) * static_cast<double>(rows);
  return static_cast<std::size_t>(expected + 3 * std::sqrt(expected));
}

Keys keys_of(const OutcomeFields& fields) {
  if (!fields.contents.empty()) return numbers_of(fields.contents);
  if (!fields.indices.empty()) return Keys(fields.indices.span<std::int64_t>().size(), 0);
  Keys keys = said(fields);
  keep_telling(keys);
  return keys;
}

}  // namespace

std::string TableIdentity::digest() const {
  const std::uint64_t start = of_text(content_of(source));
  Keys inputs = keys;
  for (std::size_t row = 0; row < inputs.size(); ++row) {
    if (tells(inputs[row])) continue;
    const auto place = fingerprint::of_bytes(&places[row], sizeof places[row], start);
    inputs[row] = static_cast<std::int64_t>(place);
  }
  std::sort(inputs.begin(), inputs.end());
  return fingerprint::hexadecimal(
      fingerprint::of_bytes(inputs.data(), inputs.size() * sizeof(std::int64_t)));
}

std::vector<std::int64_t> TableIdentity::rows_beyond(const TableIdentity& other) const {
  const bool alike = content_of(source) == content_of(other.source);
  const Keys& own = alike ? places : keys;
  const Keys& others = alike ? other.places : other.keys;
  const std::unordered_set<std::int64_t> held(others.begin(), others.end());
  std::vector<std::int64_t> rows;
  for (std::size_t row = 0; row < own.size(); ++row) {
    const bool known = alike || tells(own[row]);
    if (!known || !held.contains(own[row])) rows.push_back(static_cast<std::int64_t>(row));
  }
  const bool chance = !alike && own.size() - rows.size() <= most_by_chance(others, own.size());
  if (chance) {
    rows.resize(own.size());
    std::iota(rows.begin(), rows.end(), 0);
  }
  return rows;
}

bool TableIdentity::overlaps(const TableIdentity& other) const {
  const std::size_t shared = places.size() - rows_beyond(other).size();
  const bool alike = content_of(source) == content_of(other.source);
  return alike ? shared > 0 : 100 * shared > places.size();
}

TableIdentity identity_of(const OutcomeFields& fields) {
  return {source_of(fields), fields.split, places_of(fields), keys_of(fields)};
}

}  // namespace muxnet
