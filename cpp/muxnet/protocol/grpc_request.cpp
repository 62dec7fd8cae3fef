#include <cstring>

#include "muxnet/protocol/request_limits.hpp"

namespace muxnet {
namespace {

[[noreturn]] void malformed() {
  throw std::invalid_argument(error_text("request", "a ModelInferRequest", "other bytes"));
}

/// Protocol Buffers on the wire: the fields of one message, without a copy.
class Fields {
 public:
  explicit Fields(std::string_view message) : left_(message) {}

  /// Goes to the next field; false at the end.
  bool next() {
    if (left_.empty()) return false;
    const std::uint64_t tag = take_varint();
    number = static_cast<unsigned>(tag >> 3U);
    switch (tag & 7U) {
      case 0:
        varint = take_varint();
        kind = Kind::varint;
        break;
      case 1:
        bytes = take(8);
        kind = Kind::fixed64;
        break;
      case 2:
        bytes = take(take_varint());
        kind = Kind::bytes;
        break;
      case 5:
        bytes = take(4);
        kind = Kind::fixed32;
        break;
      default:
        malformed();
    }
    return true;
  }

  std::uint64_t take_varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (left_.empty()) break;
      const auto byte = static_cast<unsigned char>(left_.front());
      left_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80U) return value;
    }
    malformed();
  }
  bool empty() const { return left_.empty(); }

  std::string_view text(std::string_view where, std::size_t most) const {
    if (kind != Kind::bytes) malformed();
    require_at_most(bytes.size(), most, where, "bytes");
    return bytes;
  }

  enum class Kind { varint, fixed32, fixed64, bytes };
  unsigned number = 0;
  Kind kind = Kind::varint;
  std::uint64_t varint = 0;
  std::string_view bytes;

 private:
  std::string_view take(std::uint64_t size) {
    if (size > left_.size()) malformed();
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }

  std::string_view left_;
};

template <class Number>
Number number_in(std::string_view bytes) {
  Number number{};
  std::memcpy(&number, bytes.data(), sizeof(number));
  return number;
}

void read_parameter(std::string_view entry, RequestParameters& parameters,
                    const RequestLimits& limits) {
  std::string name;
  RequestParameters::mapped_type value = false;
  for (Fields field(entry); field.next();) {
    if (field.number == 1) name = field.text("parameters", limits.name_bytes);
    if (field.number != 2) continue;
    if (field.kind != Fields::Kind::bytes) malformed();
    for (Fields choice(field.bytes); choice.next();) {
      using Kind = Fields::Kind;
      if (choice.number == 1 && choice.kind == Kind::varint) value = choice.varint != 0;
      if ((choice.number == 2 || choice.number == 5) && choice.kind == Kind::varint) {
        value = static_cast<std::int64_t>(choice.varint);
      }
      if (choice.number == 3) value = std::string(choice.text("parameters", limits.text_bytes));
      if (choice.number == 4 && choice.kind == Kind::fixed64) {
        value = number_in<double>(choice.bytes);
      }
    }
  }
  add_parameter(parameters, name, std::move(value), limits);
}

void add_extent(std::uint64_t extent, std::vector<std::int64_t>& shape,
                const RequestLimits& limits) {
  require_at_most(shape.size() + 1, limits.axes, "shape", "axes");
  shape.push_back(static_cast<std::int64_t>(extent));
}

void read_contents(std::string_view contents, InputTensor& input, const RequestLimits& limits) {
  using Kind = Fields::Kind;
  for (Fields field(contents); field.next();) {
    if (field.number == 4 && field.kind == Kind::varint) {
      input.numbers.push_back(static_cast<float>(field.varint));
    } else if (field.number == 4 && field.kind == Kind::bytes) {
      for (Fields packed(field.bytes); !packed.empty();) {
        input.numbers.push_back(static_cast<float>(packed.take_varint()));
      }
    } else if (field.number == 6 && field.kind == Kind::fixed32) {
      input.numbers.push_back(number_in<float>(field.bytes));
      input.whole = false;
    } else if (field.number == 6 && field.kind == Kind::bytes) {
      if (field.bytes.size() % sizeof(float) != 0) malformed();
      const std::size_t before = input.numbers.size(), more = field.bytes.size() / sizeof(float);
      input.numbers.resize(before + more);
      if (more > 0) std::memcpy(&input.numbers[before], field.bytes.data(), field.bytes.size());
      input.whole = false;
    } else if (field.number == 8 && field.kind == Kind::bytes) {
      require_at_most(input.images.size() + 1, limits.images, "images", "encoded ones");
      input.images.emplace_back(field.bytes);
    } else {
      throw std::invalid_argument(
          error_text("contents", "uint_contents, fp32_contents or bytes_contents", "others"));
    }
  }
}

void read_input(std::string_view message, InputTensor& input, bool& has_contents,
                const RequestLimits& limits) {
  for (Fields field(message); field.next();) {
    switch (field.number) {
      case 1:
        input.name = field.text("name", limits.name_bytes);
        break;
      case 2:
        input.datatype = field.text("datatype", limits.name_bytes);
        break;
      case 3:
        if (field.kind == Fields::Kind::varint) {
          add_extent(field.varint, input.shape, limits);
        } else {
          for (Fields packed(field.text("shape", 10 * limits.axes)); !packed.empty();) {
            add_extent(packed.take_varint(), input.shape, limits);
          }
        }
        break;
      case 4:
        read_parameter(field.text("parameters", 2 * limits.text_bytes), input.parameters, limits);
        break;
      case 5:
        read_contents(field.text("contents", message.size()), input, limits);
        has_contents = true;
        break;
      default:
        break;
    }
  }
}

void read_output(std::string_view message, RequestedTensor& output, const RequestLimits& limits) {
  for (Fields field(message); field.next();) {
    if (field.number == 1) output.name = field.text("name", limits.name_bytes);
    if (field.number == 2) {
      read_parameter(field.text("parameters", 2 * limits.text_bytes), output.parameters, limits);
    }
  }
}

}  // namespace

InferenceRequest read_grpc_request(std::string_view message, const RequestLimits& limits) {
  InferenceRequest request;
  std::vector<ByteRange> raw;
  bool has_contents = false;
  for (Fields field(message); field.next();) {
    switch (field.number) {
      case 1:
        request.model_name = field.text("model_name", limits.name_bytes);
        break;
      case 2:
        request.model_version = field.text("model_version", limits.name_bytes);
        break;
      case 3:
        request.id = field.text("id", limits.text_bytes);
        break;
      case 4:
        read_parameter(field.text("parameters", 2 * limits.text_bytes), request.parameters, limits);
        break;
      case 5:
        read_input(field.text("inputs", message.size()),
                   add_entry(request.inputs, limits.inputs, "inputs"), has_contents, limits);
        break;
      case 6:
        read_output(field.text("outputs", message.size()),
                    add_entry(request.outputs, limits.outputs, "outputs"), limits);
        break;
      case 7: {
        const std::string_view bytes = field.text("raw_input_contents", message.size());
        auto& range = add_entry(raw, limits.inputs, "raw_input_contents");
        range = {static_cast<std::size_t>(bytes.data() - message.data()), bytes.size()};
        break;
      }
      default:
        break;
    }
  }
  require(raw.empty() || !has_contents, "inputs", "contents or raw_input_contents", "both");
  require(raw.empty() || raw.size() == request.inputs.size(), "raw_input_contents",
          text(request.inputs.size(), " entries, as there are inputs"), std::to_string(raw.size()));
  for (std::size_t i = 0; i < raw.size(); ++i) request.inputs[i].raw = raw[i];
  return request;
}

}  // namespace muxnet
