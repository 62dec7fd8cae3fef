#pragma once

#include <cstdint>
#include <string_view>

namespace muxnet {

/// A type of a tensor's elements.
struct ElementType {
  std::string_view name;  ///< "f32", "u8", ...
  std::int64_t bits;      ///< of an element in raw_data; 0: it has none
  std::uint64_t field;    ///< of TensorProto, that has the elements where they are not raw
};

/// By the number of the type in onnx.proto; null for one that is not known.
const ElementType* element_type(std::int64_t number);

/// The number of a type in onnx.proto, by name; 0 for one that is not known.
int number_of(std::string_view name);

/// Bytes of an element of a type that has whole ones, by name; else 0.
std::int64_t element_bytes(std::string_view name);

}  // namespace muxnet
