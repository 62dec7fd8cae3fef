#pragma once

#include <span>
#include <string_view>

// What headers say of the names that are bound.
namespace muxnet::python {

/// A `///` comment of a header, as Python shows it.
struct HeaderText {
  std::string_view name;  ///< `Class.member` or `function`
  const char* text;
};

/// All, sorted by name; header_texts.py writes it.
std::span<const HeaderText> header_texts();

/// The text of a name; empty where headers say nothing.
const char* text_of(std::string_view name);

}  // namespace muxnet::python
