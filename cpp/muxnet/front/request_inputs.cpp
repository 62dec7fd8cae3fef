#include "muxnet/front/request_inputs.hpp"

#include <algorithm>
#include <cstring>

#include "muxnet/core/error.hpp"
#include "muxnet/data/read_images.hpp"
#include "muxnet/front/refused.hpp"

namespace muxnet {
namespace {

constexpr std::size_t quick_bytes = 1 << 20;

std::string upper(std::string written) {
  for (char& c : written) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return written;
}

template <class Names>
std::string listed(const Names& names) {
  std::string result;
  for (const auto& name : names) result += text(result.empty() ? "'" : ", '", name, "'");
  return "[" + result + "]";
}

/// Makes the inputs of one request.
class InputsOf {
 public:
  InputsOf(const ReceivedRequest& received, const ServedModels& served, const WantedInputs& wanted,
           const InputLimits& limits)
      : received_(received), served_(served), wanted_(wanted), limits_(limits) {}

  std::vector<Tensor> all() {
    check_names();
    check_counts();
    std::vector<Tensor> found(served_.formats.size());
    const InputTensor* images = find(images_name);
    if (images != nullptr) make_images(*images, found);
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (!wanted_.made[i] || served_.formats[i].images) continue;
      found[i] = vectors(*find(vectors_name), served_.formats[i].vector_length);
    }
    return found;
  }

 private:
  const InputTensor* find(std::string_view name) const {
    for (const InputTensor& input : received_.request.inputs) {
      if (input.name == name) return &input;
    }
    return nullptr;
  }

  void check_names() const {
    const auto& inputs = received_.request.inputs;
    const bool all = std::all_of(wanted_.tensors.begin(), wanted_.tensors.end(),
                                 [&](auto name) { return find(name) != nullptr; });
    if (all && inputs.size() == wanted_.tensors.size()) return;
    std::string expected =
        wanted_.tensors.size() == 1 ? "one tensor" : text(wanted_.tensors.size(), " tensors");
    for (std::size_t i = 0; i < wanted_.tensors.size(); ++i) {
      expected += text(i == 0 ? " '" : " and '", wanted_.tensors[i], "'");
    }
    std::vector<std::string> names;
    for (const InputTensor& input : inputs) names.push_back(input.name);
    throw bad_request("inputs", expected, listed(names));
  }

  void check_counts() {
    const auto& inputs = received_.request.inputs;
    const auto count_of = [](const InputTensor& input) {
      return input.shape.empty() ? 0 : input.shape[0];
    };
    count_ = count_of(inputs.front());
    const bool same = std::all_of(inputs.begin(), inputs.end(),
                                  [&](const auto& input) { return count_of(input) == count_; });
    if (same && count_ >= 1 && count_ <= limits_.images) return;
    std::string shapes;
    for (const InputTensor& input : inputs) {
      shapes += (shapes.empty() ? "" : " and ") + extents_text(input.shape);
    }
    throw bad_request("shape", text("1 to ", limits_.images, " images"), shapes);
  }

  void make_images(const InputTensor& input, std::vector<Tensor>& found) const {
    const std::string datatype = upper(input.datatype);
    if (datatype == "BYTES") return decode(input, found);
    if (datatype != "UINT8" && datatype != "FP32") {
      throw bad_request("datatype", "UINT8, FP32, BYTES", input.datatype);
    }
    if (wanted_.pixels.size() != 1) {
      auto sizes = wanted_.pixels;
      std::sort(sizes.begin(), sizes.end());
      std::string shapes;
      for (const Shape& size : sizes) {
        shapes += (shapes.empty() ? "" : " and ") + extents_text(size, "'n'");
      }
      throw bad_request("datatype", "BYTES, encoded images: the models want them as " + shapes,
                        input.datatype);
    }
    const Shape& wanted = wanted_.pixels[0];
    if (input.shape.size() != 1 + wanted.size() ||
        !std::equal(wanted.begin(), wanted.end(), input.shape.begin() + 1)) {
      throw bad_request("shape", "images of shape " + extents_text(wanted, "'n'"),
                        extents_text(input.shape));
    }
    const Tensor images = values(input, datatype);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const auto& format = served_.formats[i].images;
      if (!wanted_.made[i] || !format) continue;
      found[i] = format->shape() == wanted ? images : format_images(images, *format);
    }
  }

  Tensor vectors(const InputTensor& input, std::int64_t length) const {
    if (upper(input.datatype) != "FP32") {
      throw bad_request(input.name + ", datatype", "FP32", input.datatype);
    }
    if (input.shape.size() != 2 || input.shape[1] != length) {
      throw bad_request(input.name, "shape " + extents_text({length}, "'n'"),
                        extents_text(input.shape));
    }
    return values(input, "FP32");
  }

  /// The numbers of an input; its bytes are not copied where they lie as numbers do.
  Tensor values(const InputTensor& input, std::string_view datatype) const {
    const DType dtype = datatype == "UINT8" ? DType::u8 : DType::f32;
    const std::int64_t size = volume(input.shape);
    if (input.raw) return raw_values(input, dtype, size);
    input.nesting.check(input.shape, input.name);
    if (static_cast<std::int64_t>(input.numbers.size()) != size) {
      throw bad_request(input.name, text(size, " numbers of ", datatype),
                        text(input.numbers.size()));
    }
    if (dtype == DType::f32) return Tensor::from(input.numbers, input.shape);
    if (!input.whole) throw bad_request(input.name, "numbers of UINT8", "fractions");
    Tensor result(input.shape, DType::u8);
    std::uint8_t* pixel = result.data<std::uint8_t>();
    for (const float number : input.numbers) {
      if (number < 0 || number > 255) {
        throw bad_request(input.name, "numbers from 0 to 255", text(number));
      }
      *pixel++ = static_cast<std::uint8_t>(number);
    }
    return result;
  }

  Tensor raw_values(const InputTensor& input, DType dtype, std::int64_t size) const {
    const auto wanted = static_cast<std::size_t>(size) * size_of(dtype);
    if (input.raw->size != wanted) {
      throw bad_request(input.name, text(wanted, " bytes"), text(input.raw->size));
    }
    char* bytes = received_.body->data() + input.raw->begin;
    if (reinterpret_cast<std::uintptr_t>(bytes) % size_of(dtype) == 0) {
      return Tensor::borrow(bytes, input.shape, dtype, received_.body);
    }
    Tensor result(input.shape, dtype);
    std::memcpy(result.raw(), bytes, wanted);
    return result;
  }

  /// Encoded images: length-prefixed in binary form, base64 in JSON, bytes in gRPC.
  std::vector<std::string> contents(const InputTensor& input) const {
    const bool lists = std::all_of(input.shape.begin() + 1, input.shape.end(),
                                   [](std::int64_t extent) { return extent == 1; });
    if (!lists) {
      throw bad_request("shape", "[n] or [n, 1] encoded images", extents_text(input.shape));
    }
    input.nesting.check(input.shape, input.name);
    std::vector<std::string> found = input.raw ? raw_contents(input) : input.images;
    if (static_cast<std::int64_t>(found.size()) != count_) {
      throw bad_request(input.name, text(count_, " encoded images"), text(found.size()));
    }
    return found;
  }

  std::vector<std::string> raw_contents(const InputTensor& input) const {
    std::string_view left(*received_.body);
    left = left.substr(input.raw->begin, input.raw->size);
    std::vector<std::string> found;
    std::uint32_t length = 0;
    while (left.size() >= sizeof(length) && static_cast<std::int64_t>(found.size()) < count_) {
      std::memcpy(&length, left.data(), sizeof(length));
      if (length > left.size() - sizeof(length)) break;
      found.emplace_back(left.substr(sizeof(length), length));
      left.remove_prefix(sizeof(length) + length);
    }
    if (!left.empty()) {
      throw bad_request(input.name, text(count_, " elements with their lengths"), "truncated ones");
    }
    return found;
  }

  void decode(const InputTensor& input, std::vector<Tensor>& found) const {
    std::vector<ImageFormat> formats;
    for (std::size_t i = 0; i < found.size(); ++i) {
      const auto& format = served_.formats[i].images;
      if (wanted_.made[i] && format) formats.push_back(*format);
    }
    ReadImages read = decode_images(contents(input), formats, {limits_.pixels});
    for (const std::string& error : read.errors) {
      if (!error.empty()) throw RequestRefused(400, error);
    }
    auto next = read.images.begin();
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (wanted_.made[i] && served_.formats[i].images) found[i] = std::move(*next++);
    }
  }

  const ReceivedRequest& received_;
  const ServedModels& served_;
  const WantedInputs& wanted_;
  const InputLimits& limits_;
  std::int64_t count_ = 0;
};

}  // namespace

bool ReceivedRequest::quick() const {
  return body->size() <= quick_bytes &&
         std::none_of(request.inputs.begin(), request.inputs.end(),
                      [](const auto& input) { return upper(input.datatype) == "BYTES"; });
}

std::vector<Tensor> inputs_of(const ReceivedRequest& received, const ServedModels& served,
                              ServedName name, const InputLimits& limits) {
  const WantedInputs wanted = served.wanted_by(name);
  return InputsOf(received, served, wanted, limits).all();
}

}  // namespace muxnet
