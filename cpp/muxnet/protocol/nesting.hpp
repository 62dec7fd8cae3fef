#pragma once

#include <string>
#include <string_view>

#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// "[1, 3, 32, 32]"; with `first` before them.
std::string extents_text(const Shape& shape, std::string_view first = {});

/// The extents of JSON's lists within lists, told by what comes of them; nothing is kept of their
/// elements.
class Nesting {
 public:
  void open();     ///< a list begins
  void element();  ///< a number or a text
  void close();    ///< the list begun last ends

  /// Throws std::invalid_argument unless lists that lie within lists have the extents of `shape`,
  /// the innermost perhaps all elements of the axes that are left. Axes of one element, which
  /// change no order, do not count. How long one flat list is, others say.
  void check(const Shape& shape, std::string_view where) const;

 private:
  Shape counts_;          ///< of what has come of each list that is open
  Shape extents_;         ///< by depth
  bool even_ = true;      ///< all lists of a depth are alike
  std::size_t leaf_ = 0;  ///< the elements' depth; 0: none has come
};

}  // namespace muxnet
