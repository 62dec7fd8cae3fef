#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace muxnet {

/// The bit of model `index`.
constexpr std::uint64_t model_bit(std::size_t index) { return std::uint64_t{1} << index; }

/// All bits of `models` models.
constexpr std::uint64_t all_models(std::size_t models) {
  return models >= 64 ? ~std::uint64_t{0} : model_bit(models) - 1;
}

/// What models_of() gives; its own iterator.
class ModelRange {
 public:
  constexpr explicit ModelRange(std::uint64_t mask) : rest_(mask) {}

  constexpr ModelRange begin() const { return *this; }
  constexpr ModelRange end() const { return ModelRange(0); }
  constexpr std::size_t operator*() const {
    return static_cast<std::size_t>(std::countr_zero(rest_));
  }
  constexpr ModelRange& operator++() {
    rest_ &= rest_ - 1;
    return *this;
  }
  constexpr bool operator==(const ModelRange&) const = default;

 private:
  std::uint64_t rest_;
};

/// The models whose bits are set, in order.
constexpr ModelRange models_of(std::uint64_t mask) { return ModelRange(mask); }

}  // namespace muxnet
