#include "muxnet/onnx/weights.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/onnx/protobuf.hpp"
#include "muxnet/onnx/tensor_check.hpp"
#include "muxnet/onnx/value_types.hpp"

namespace muxnet {
namespace {

using namespace protobuf;

enum class Message { model, graph, node, attribute, tensor, sparse, function, other };

/// Where tensors are, by the numbers of onnx.proto.
struct Within {
  Message outer;
  std::uint64_t field;
  Message inner;
};
constexpr Within within[] = {
    {Message::model, 7, Message::graph},       {Message::model, 25, Message::function},
    {Message::function, 7, Message::node},     {Message::graph, 1, Message::node},
    {Message::graph, 5, Message::tensor},      {Message::graph, 15, Message::sparse},
    {Message::node, 5, Message::attribute},    {Message::attribute, 5, Message::tensor},
    {Message::attribute, 10, Message::tensor}, {Message::attribute, 6, Message::graph},
    {Message::attribute, 11, Message::graph},  {Message::attribute, 22, Message::sparse},
    {Message::attribute, 23, Message::sparse}, {Message::sparse, 1, Message::tensor},
    {Message::sparse, 2, Message::tensor}};

Message inner_of(Message outer, const Field& field) {
  const auto* found = std::find_if(std::begin(within), std::end(within), [&](const Within& row) {
    return row.outer == outer && field.holds(row.field);
  });
  return found == std::end(within) ? Message::other : found->inner;
}

class Writer {
 public:
  explicit Writer(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::string write(Message kind, std::string_view bytes) {
    if (kind == Message::tensor) return write_tensor(bytes);
    std::string result;
    Fields fields(bytes);
    while (const auto field = fields.next()) {
      const Message inner = inner_of(kind, *field);
      if (inner == Message::other) {
        append(*field, field->bytes, result);
      } else {
        append(*field, write(inner, field->bytes), result);
      }
    }
    return result;
  }

 private:
  std::string write_tensor(std::string_view bytes) {
    constexpr std::uint64_t raw_data = 9, external_data = 13, data_location = 14;
    const ExternalValues place = external_values(bytes);
    if (place.file.empty()) return std::string(bytes);
    std::string result;
    Fields fields(bytes);
    while (const auto field = fields.next()) {
      if (field->number != external_data && field->number != data_location) {
        append(*field, field->bytes, result);
      }
    }
    std::string values(static_cast<std::size_t>(place.bytes), '\0');
    const InputFile file(folder_ / place.file);
    file.read_at(static_cast<std::uint64_t>(place.offset), values.data(), values.size());
    append({raw_data, length_first, 0, {}}, values, result);
    return result;
  }

  std::filesystem::path folder_;
};

/// Bytes of the files that hold values, each counted once for a tensor of it.
std::uint64_t bytes_elsewhere(Message kind, std::string_view bytes) {
  if (kind == Message::tensor) return static_cast<std::uint64_t>(external_values(bytes).bytes);
  std::uint64_t result = 0;
  Fields fields(bytes);
  while (const auto field = fields.next()) {
    const Message inner = inner_of(kind, *field);
    if (inner != Message::other) result += bytes_elsewhere(inner, field->bytes);
  }
  return result;
}

}  // namespace

std::string with_weights(std::string_view model, const std::filesystem::path& folder) {
  constexpr std::uint64_t most = (std::uint64_t{1} << 31U) - (std::uint64_t{1} << 20U);
  const std::uint64_t elsewhere = bytes_elsewhere(Message::model, model);
  if (elsewhere == 0) return std::string(model);
  if (model.size() + elsewhere > most) return {};
  return Writer(folder).write(Message::model, model);
}

std::string with_output(std::string model, const std::string& name) {
  require(!model.empty(), "ONNX", "a file that is read whole", "a larger one");
  const auto message = [](std::uint64_t number, const std::string& bytes) {
    std::string result;
    append({number, length_first, 0, {}}, bytes, result);
    return result;
  };
  std::string element;
  append({1, varints, static_cast<std::uint64_t>(number_of("f32")), {}}, {}, element);
  const std::string type = message(1, element);
  // Messages of one field are read as one: this graph is added to the one that is there.
  return std::move(model) + message(7, message(12, message(1, name) + message(2, type)));
}

}  // namespace muxnet
