#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace muxnet {

/// Of up to so many classes each one's probability is recorded.
inline constexpr std::size_t most_dense_classes = 64;
/// Of more classes so many are, the likeliest ones, and what is left for the others.
inline constexpr std::size_t kept_classes = 16;

/// Probabilities of one answer over `count` classes. Where `classes` is empty, `values` has all of
/// them in order; else those of `classes`, and the others share what is left evenly. Without values
/// nothing is known.
struct Distribution {
  std::span<const float> values;
  std::span<const std::int32_t> classes;
  std::size_t count = 0;

  bool empty() const { return values.empty(); }
  bool dense() const { return classes.empty(); }
  /// How many classes are not listed.
  std::size_t others() const { return dense() ? 0 : count - values.size(); }
  /// The probability of each class that is not listed.
  float other() const;
  /// The probability of class `k`.
  float at(std::int32_t k) const;
  /// Of all `count` classes.
  void expand(std::span<float> probabilities) const;
};

/// The likeliest of a row of probabilities by falling probability, of equals the first class first;
/// `classes` and `values` receive as many as they have room for.
void keep_likeliest(std::span<const float> row, std::span<std::int32_t> classes,
                    std::span<float> values);

/// A distribution that owns what it shows: of some classes, and of each of the others.
struct Mixture {
  std::vector<std::int32_t> classes;  ///< those that some answer lists; empty: all
  std::vector<float> values;
  float other = 0;        ///< of each class that is not listed
  std::size_t count = 0;  ///< of classes

  /// The likeliest of the listed classes, the first of equals.
  std::size_t top() const;
  std::int32_t class_at(std::size_t place) const {
    return classes.empty() ? static_cast<std::int32_t>(place) : classes[place];
  }
  std::size_t others() const { return classes.empty() ? 0 : count - classes.size(); }
  void expand(std::span<float> probabilities) const;
};

/// The classes that any of the distributions lists, each once and in order; empty where all are.
void list_classes(std::span<const Distribution> distributions, std::vector<std::int32_t>& classes);

/// The probabilities of classes in order, which hold all that `from` lists; of all where there are
/// none.
void values_of(const Distribution& from, std::span<const std::int32_t> classes,
               std::vector<float>& values);

/// The mean of distributions over the same classes.
void mean_of(std::span<const Distribution> distributions, Mixture& mean);

}  // namespace muxnet
