#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json.hpp"

// The JSON library, included here alone: as everybody has to see it, or none.

/// Whole numbers as they are written. The library would cut 2.5 to 2 and make anything of 1e43 or
/// of 70000 for 16 bits; here what the type cannot be is a JsonError. 2.0 is 2.
template <std::integral Whole>
requires(!std::same_as<Whole, bool>) struct nlohmann::adl_serializer<Whole, void> {
  template <class Json>
  static void from_json(const Json& json, Whole& value) {
    if (!fits(json)) {
      using Limits = std::numeric_limits<Whole>;
      const auto expected =
          muxnet::text("a whole number of ", +Limits::min(), " .. ", +Limits::max());
      throw muxnet::JsonError(muxnet::error_text("JSON", expected, json.dump()));
    }
    nlohmann::from_json(json, value);  // refuses what is no number
  }

  template <class Json>
  static void to_json(Json& json, Whole value) {
    nlohmann::to_json(json, value);
  }

 private:
  template <class Json>
  static bool fits(const Json& json) {
    if (json.is_number_unsigned())
      return std::in_range<Whole>(json.template get_ref<const std::uint64_t&>());
    if (json.is_number_integer())
      return std::in_range<Whole>(json.template get_ref<const std::int64_t&>());
    if (!json.is_number_float()) return true;
    const double number = json.template get_ref<const double&>();
    return std::trunc(number) == number && std::abs(number) < 0x1p63 &&
           std::in_range<Whole>(static_cast<std::int64_t>(number));
  }
};
