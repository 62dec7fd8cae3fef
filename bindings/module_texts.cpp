#include "texts.hpp"

#include <algorithm>

namespace muxnet::python {

const char* text_of(std::string_view name) {
  const auto all = header_texts();
  const auto found = std::ranges::lower_bound(all, name, {}, &HeaderText::name);
  return found != all.end() && found->name == name ? found->text : "";
}

}  // namespace muxnet::python
