#include "muxnet/ops/attributes.hpp"

#include "muxnet/core/error.hpp"
#include "muxnet/core/tensor.hpp"

namespace muxnet {
namespace {

std::string describe(const Attribute& value) {
  if (const auto* number = std::get_if<double>(&value)) return text("the number ", *number);
  if (const auto* integer = std::get_if<std::int64_t>(&value))
    return text("the integer ", *integer);
  return text("a list ", to_string(std::get<std::vector<std::int64_t>>(value)));
}

}  // namespace

Attributes& Attributes::set(const std::string& name, Attribute value) {
  values_.insert_or_assign(name, std::move(value));
  return *this;
}

std::int64_t Attributes::integer(const std::string& name, std::int64_t otherwise) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return otherwise;
  const auto* value = std::get_if<std::int64_t>(&found->second);
  require(value != nullptr, text("attribute ", name), "an integer", describe(found->second));
  return *value;
}

double Attributes::number(const std::string& name, double otherwise) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return otherwise;
  if (const auto* value = std::get_if<std::int64_t>(&found->second)) {
    return static_cast<double>(*value);
  }
  const auto* value = std::get_if<double>(&found->second);
  require(value != nullptr, text("attribute ", name), "a number", describe(found->second));
  return *value;
}

std::pair<std::int64_t, std::int64_t> Attributes::pair(const std::string& name,
                                                       std::int64_t otherwise) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return {otherwise, otherwise};
  if (const auto* value = std::get_if<std::int64_t>(&found->second)) return {*value, *value};
  const auto* list = std::get_if<std::vector<std::int64_t>>(&found->second);
  require(list != nullptr && list->size() == 2, text("attribute ", name),
          "an integer or two of them (height, width)", describe(found->second));
  return {list->front(), list->back()};
}

}  // namespace muxnet
