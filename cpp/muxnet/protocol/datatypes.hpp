#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// The protocol's datatypes of numbers: "FP32", "INT64", ...

/// Whether inputs can be sent as it.
bool is_sent(std::string_view datatype);
/// Whether its numbers may have fractions, as scores do.
bool has_fractions(std::string_view datatype);
/// Whether it has whole numbers alone, as labels are.
bool is_whole(std::string_view datatype);

/// Numbers f32 as a binary tensor; UINT8 is 0 .. 255 for 0 .. 1, or u8 as they are. Refused for
/// what is not sent, and for numbers beyond.
std::string bytes_of(const Tensor& numbers, std::string_view datatype);

/// Refused unless an output of it can be read.
void expect_numbers(std::string_view datatype);
/// The numbers of a binary tensor of one of these.
std::vector<double> numbers_in(std::string_view bytes, std::string_view datatype);

}  // namespace muxnet
