#include "muxnet/protocol/nesting.hpp"

#include <algorithm>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

/// The extents that say where an element lies.
Shape counting(const Shape& shape) {
  Shape left;
  std::copy_if(shape.begin(), shape.end(), std::back_inserter(left),
               [](std::int64_t extent) { return extent != 1; });
  return left;
}

/// Whether the last of `extents` are all elements of the axes from there on.
bool divides(const Shape& extents, const Shape& shape) {
  if (extents.size() > shape.size()) return false;
  const auto last = static_cast<std::ptrdiff_t>(extents.size()) - 1;
  std::int64_t rest = 1;
  for (auto extent = shape.begin() + last; extent != shape.end(); ++extent) {
    if (__builtin_mul_overflow(rest, *extent, &rest)) return false;
  }
  return std::equal(extents.begin(), extents.begin() + last, shape.begin()) &&
         extents.back() == rest;
}

}  // namespace

std::string extents_text(const Shape& shape, std::string_view first) {
  std::string result(first);
  for (const std::int64_t extent : shape) {
    result += text(result.empty() ? "" : ", ", extent);
  }
  return "[" + result + "]";
}

void Nesting::open() {
  if (!counts_.empty()) ++counts_.back();
  counts_.push_back(0);
}

void Nesting::element() {
  if (leaf_ == 0) leaf_ = counts_.size();
  even_ = even_ && leaf_ == counts_.size();
  ++counts_.back();
}

void Nesting::close() {
  const std::size_t depth = counts_.size();
  constexpr std::int64_t unknown = -1;
  if (extents_.size() < depth) extents_.resize(depth, unknown);
  std::int64_t& extent = extents_[depth - 1];
  even_ = even_ && (extent == unknown || extent == counts_.back());
  extent = counts_.back();
  counts_.pop_back();
}

void Nesting::check(const Shape& shape, std::string_view where) const {
  const bool even = even_ && (leaf_ == 0 || leaf_ == extents_.size());
  const Shape extents = counting(extents_);
  if (even && (extents.size() < 2 || divides(extents, counting(shape)))) return;
  throw std::invalid_argument(
      error_text(where, "data nested as their shape, " + extents_text(shape),
                 even ? extents_text(extents_) : "lists that are not alike"));
}

}  // namespace muxnet
