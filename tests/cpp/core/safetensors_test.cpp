#include "muxnet/core/safetensors.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <ostream>
#include <stdexcept>
#include <string>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "support/errors.hpp"
#include "support/resources.hpp"
#include "support/temporary_folder.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;

std::string with_size(std::uint64_t header_bytes, const std::string& rest) {
  std::string file(sizeof header_bytes, '\0');
  std::memcpy(file.data(), &header_bytes, sizeof header_bytes);
  return file + rest;
}

std::string file_of(const std::string& header, std::size_t data_bytes = 0) {
  return with_size(header.size(), header + std::string(data_bytes, '\1'));
}

std::string entry(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

class SafeTensorsFile : public ::testing::Test {
 protected:
  testing::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "weights.safetensors";
};

TEST_F(SafeTensorsFile, RoundTripsEveryDtypeAndTheMetadata) {
  SafeTensors content;
  content.tensors["f32"] = Tensor::from<float>({1.5F, -0.0F, 3e38F}, {3});
  content.tensors["f64"] = Tensor::from<double>({1e-300, 2}, {2, 1});
  content.tensors["u8"] = Tensor::from<std::uint8_t>({7, 255, 0}, {1, 3});
  content.tensors["i32"] = Tensor::from<std::int32_t>({-5}, {});
  content.tensors["i64"] = Tensor::from<std::int64_t>({std::int64_t{1} << 62}, {1});
  content.tensors["none \"quoted\" é"] = Tensor({0, 4});
  content.metadata = {{"seed", "7"}, {"note", "two\nlines"}};
  save_safetensors(path_, content);
  const SafeTensors loaded = load_safetensors(path_);
  EXPECT_EQ(loaded.metadata, content.metadata);
  ASSERT_EQ(loaded.tensors.size(), content.tensors.size());
  for (const auto& [name, tensor] : content.tensors) {
    const Tensor& other = loaded.at(name);
    EXPECT_EQ(other.shape(), tensor.shape()) << name;
    ASSERT_EQ(other.dtype(), tensor.dtype()) << name;
    EXPECT_EQ(std::memcmp(other.raw(), tensor.raw(), tensor.bytes()), 0) << name;
  }
}

TEST_F(SafeTensorsFile, WritesTheDocumentedLayout) {
  SafeTensors content;
  content.tensors["a"] = Tensor::from<float>({1.0F}, {1});
  save_safetensors(path_, content);
  const std::string header = R"({"a":{"data_offsets":[0,4],"dtype":"F32","shape":[1]}})";
  const std::string padding((8 - header.size() % 8) % 8, ' ');
  EXPECT_EQ(read_file(path_), with_size(header.size() + padding.size(),
                                        header + padding + std::string("\0\0\x80\x3f", 4)));
}

TEST_F(SafeTensorsFile, AnUnknownNameListsTheKnownOnes) {
  SafeTensors content;
  content.tensors["bias"] = Tensor({1});
  content.tensors["weight"] = Tensor({1});
  EXPECT_EQ(error_of<std::invalid_argument>([&] { content.at("wieght"); }),
            "[safetensors] expected a tensor 'wieght', received bias, weight");
}

TEST_F(SafeTensorsFile, NamesThatTheFormatCannotHoldAreRefused) {
  SafeTensors reserved;
  reserved.tensors["__metadata__"] = Tensor({1});
  EXPECT_THROW(save_safetensors(path_, reserved), std::invalid_argument);
  SafeTensors latin1;
  latin1.tensors["caf\xe9"] = Tensor({1});
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([&] { save_safetensors(path_, latin1); }),
                       "[safetensors] expected names in UTF-8"));
  EXPECT_EQ(folder_.entries(), 0U);
}

TEST_F(SafeTensorsFile, AMissingFileIsAFileError) {
  EXPECT_TRUE(contains(error_of<FileError>([&] { load_safetensors(path_); }), "No such file"));
}

std::string repeated(const std::string& part, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += part;
  return result;
}

struct Attack {
  std::string name;
  std::string bytes;
  std::string message;
};

void PrintTo(const Attack& attack, std::ostream* out) { *out << attack.name; }

std::vector<Attack> attacks() {
  const auto one = [](const std::string& dtype, const std::string& shape,
                      const std::string& offsets, std::size_t data) {
    return file_of("{\"t\":" + entry(dtype, shape, offsets) + "}", data);
  };
  const auto two = [](const std::string& first, const std::string& second, std::size_t data) {
    return file_of(
        "{\"a\":" + entry("U8", "[4]", first) + ",\"b\":" + entry("U8", "[4]", second) + "}", data);
  };
  const std::string deep(1'000'000, '[');
  const std::string huge = "[4294967296,4294967296]";
  return {
      {"Empty", "", "at least 8 bytes, received 0"},
      {"ShorterThanItsSize", "1234567", "at least 8 bytes, received 7"},
      {"HeaderLongerThanFile", with_size(1000, "{}"), "at most 2 bytes, received 1000"},
      {"HeaderOfAllOnes", with_size(~std::uint64_t{0}, "{}"), "at most 2 bytes"},
      {"EmptyHeader", file_of(""), "parse error"},
      {"NotJson", file_of("weights"), "parse error"},
      {"BinaryHeader", file_of(std::string("\x80\x02}q\0", 5)), "parse error"},
      {"CutJson", file_of(R"({"t":{"dtype":"F32")"), "parse error"},
      {"TrailingJson", file_of("{}{}"), "parse error"},
      {"ArrayHeader", file_of("[]"), "a JSON object, received array"},
      {"DeepArrays", file_of("{\"t\":" + deep), "at most 3 levels"},
      {"DeepShape", file_of(R"({"t":{"shape":)" + deep), "at most 3 levels"},
      {"NameTwice",
       file_of("{\"a\":" + entry("U8", "[0]", "[0,0]") + ",\"a\":" + entry("U8", "[0]", "[0,0]") +
               "}"),
       "'a' twice"},
      {"FieldTwice", file_of(R"({"a":{"dtype":"U8","dtype":"F32"}})"), "'dtype' twice"},
      {"NoDtype", file_of(R"({"t":{"shape":[0],"data_offsets":[0,0]}})"), "'dtype' not found"},
      {"NoShape", file_of(R"({"t":{"dtype":"U8","data_offsets":[0,0]}})"), "'shape' not found"},
      {"NoOffsets", file_of(R"({"t":{"dtype":"U8","shape":[0]}})"), "'data_offsets' not found"},
      {"NumberForTensor", file_of(R"({"t":3})"), "tensor 't'"},
      {"UnknownDtype", one("Q7", "[1]", "[0,1]", 1),
       "tensor 't': [dtype] expected F32, F64, U8, I32 or I64, received Q7"},
      {"NegativeShape", one("U8", "[-1]", "[0,1]", 1), "[shape] expected an array of whole"},
      {"FractionalShape", one("U8", "[1.5]", "[0,1]", 1), "received 1.5"},
      {"BooleanShape", one("U8", "[true]", "[0,1]", 1), "received true"},
      {"TextShape", one("U8", "[\"1\"]", "[0,1]", 1), "received \"1\""},
      {"ObjectShape", one("U8", "{}", "[0,1]", 1),
       "whole numbers from 0 to 2^63 - 1, received object"},
      {"ScalarShape", one("U8", "1", "[0,1]", 1), "[shape] expected an array of whole"},
      {"NullShape", one("U8", "null", "[0,1]", 1), "received null"},
      {"ExtentAboveInt64", one("U8", "[18446744073709551615]", "[0,1]", 1), "from 0 to 2^63 - 1"},
      {"OverflowingShape", one("U8", huge, "[0,0]", 0), "a product below 2^63"},
      {"OverflowingBytes", one("F64", "[2305843009213693952]", "[0,0]", 0), "the bytes of"},
      {"ShapeAndBytesDiffer", one("F32", "[3]", "[0,8]", 8), "the bytes of (3) in f32"},
      {"OffsetsBackwards", one("U8", "[4]", "[4,0]", 4), "begin <= end <= 4, received (4, 0)"},
      {"OffsetsBeyondData", one("U8", "[8]", "[0,8]", 4), "begin <= end <= 4, received (0, 8)"},
      {"OneOffset", one("U8", "[4]", "[0]", 4), "received (0)"},
      {"ThreeOffsets", one("U8", "[4]", "[0,4,4]", 4), "received (0, 4, 4)"},
      {"NegativeOffset", one("U8", "[4]", "[-4,0]", 4), "[data_offsets] expected an array"},
      {"Overlap", two("[0,4]", "[2,6]", 6), "from byte 4, received one that begins at 2"},
      {"SameBytesTwice", two("[0,4]", "[0,4]", 4), "from byte 4, received one that begins at 0"},
      {"Hole", two("[0,4]", "[6,10]", 10), "from byte 4, received one that begins at 6"},
      {"LeadingHole", one("U8", "[4]", "[2,6]", 6), "from byte 0, received one that begins at 2"},
      {"TrailingBytes", one("U8", "[4]", "[0,4]", 9), "4 bytes, received 9 bytes"},
      {"TooManyAxes", one("F32", "[0" + repeated(",0", 40'000) + "]", "[0,0]", 0),
       "[shape] expected at most 32 axes, received 40001"},
      {"LongName", file_of("{\"" + std::string(1 << 20, 'n') + "\":{}}"), "'dtype' not found"},
      {"LongDtype", one(std::string(1 << 20, 'd'), "[1]", "[0,1]", 1), "F64, U8, I32 or I64"},
      {"LongText", file_of("{\"" + std::string(1 << 20, 't')), "parse error"},
      {"MetadataNotText", file_of(R"({"__metadata__":{"seed":7}})"), "must be string"},
  };
}

class HostileFile : public ::testing::TestWithParam<Attack> {};

TEST_P(HostileFile, IsRefusedInWords) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "attack.safetensors";
  write_atomically(path, GetParam().bytes);
  const auto message = error_of<FileError>([&] { load_safetensors(path); });
  EXPECT_TRUE(contains(message, path.string() + "] is no valid safetensors file: "));
  EXPECT_TRUE(contains(message, GetParam().message));
  EXPECT_LT(message.size(), 1000U);
}

INSTANTIATE_TEST_SUITE_P(, HostileFile, ::testing::ValuesIn(attacks()),
                         [](const auto& attack) { return attack.param.name; });

TEST_F(SafeTensorsFile, ManyTensorsTakeTimeLinearInTheirNumber) {
  constexpr int count = 100'000;
  std::string header = "{";
  for (int i = 0; i < count; ++i) {
    header +=
        text(i > 0 ? "," : "", "\"", i, "\":", entry("U8", "[1]", text("[", i, ",", i + 1, "]")));
  }
  write_atomically(path_, file_of(header + "}", count));
  const testing::Taken taken;
  EXPECT_EQ(load_safetensors(path_).tensors.size(), static_cast<std::size_t>(count));
  EXPECT_LT(taken.seconds(), 30);
  EXPECT_LT(taken.peak_mib(), 500);
}

TEST_F(SafeTensorsFile, NothingIsReadBeforeTheHeaderFits) {
  write_atomically(path_, file_of("{\"t\":" + entry("U8", "[4]", "[0,4]") + "}", 4));
  std::filesystem::resize_file(path_, std::uintmax_t{1} << 40);  // the rest is a hole
  EXPECT_TRUE(contains(error_of<FileError>([&] { load_safetensors(path_); }),
                       "[data] expected 4 bytes, received"));
  std::filesystem::resize_file(path_, 0);
  std::filesystem::resize_file(path_, std::uintmax_t{1} << 40);
  EXPECT_TRUE(contains(error_of<FileError>([&] { load_safetensors(path_); }), "parse error"));
}

TEST_F(SafeTensorsFile, EveryTruncationIsRefused) {
  SafeTensors content;
  content.tensors["weight"] = Tensor::from<float>({1, 2, 3}, {3});
  save_safetensors(path_, content);
  const std::string whole = read_file(path_);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    write_atomically(path_, whole.substr(0, length));
    EXPECT_THROW(load_safetensors(path_), FileError) << length;
  }
}

}  // namespace
}  // namespace muxnet
