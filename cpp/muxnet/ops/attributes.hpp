#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace muxnet {

using Attribute = std::variant<std::int64_t, double, std::vector<std::int64_t>>;

/// Named settings of an operator. Reading one of another type throws std::invalid_argument.
class Attributes {
 public:
  Attributes() = default;
  Attributes(std::initializer_list<std::pair<const std::string, Attribute>> values)
      : values_(values) {}

  Attributes& set(const std::string& name, Attribute value);
  bool has(const std::string& name) const { return values_.count(name) > 0; }

  /// Getters return `otherwise` where the attribute is not set.
  std::int64_t integer(const std::string& name, std::int64_t otherwise) const;
  /// An integer counts as a number.
  double number(const std::string& name, double otherwise) const;
  /// (height, width) of a spatial setting; one integer stands for both.
  std::pair<std::int64_t, std::int64_t> pair(const std::string& name, std::int64_t otherwise) const;

  const std::map<std::string, Attribute>& values() const { return values_; }
  bool operator==(const Attributes&) const = default;

 private:
  std::map<std::string, Attribute> values_;
};

}  // namespace muxnet
