#include "muxnet/core/fingerprint.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;

TEST(Fingerprint, OfATensorLooksAtShapeDTypeAndEveryByte) {
  Tensor tensor({2, 3});
  const auto zeros = fingerprint::digest(tensor);
  EXPECT_EQ(zeros.size(), 16U);
  EXPECT_NE(fingerprint::digest(Tensor({3, 2})), zeros);
  EXPECT_NE(fingerprint::digest(Tensor({2, 3}, DType::i32)), zeros);
  for (auto& value : tensor.span<float>()) {
    value = 1;
    EXPECT_NE(fingerprint::digest(tensor), zeros);
    value = 0;
  }
  EXPECT_EQ(fingerprint::digest(tensor), zeros);
}

TEST(Fingerprint, OfAFileLooksAtEveryByteAndNotAtItsName) {
  const testing::TemporaryFolder folder;
  std::string bytes((1 << 20) + 5, 'a');  // more than is read at a time
  const auto of = [&](const char* name) {
    write_atomically(folder.path() / name, bytes);
    return fingerprint::digest_file(folder.path() / name);
  };
  const auto whole = of("one");
  EXPECT_EQ(of("two"), whole);
  for (const std::size_t at : {std::size_t{0}, std::size_t{1} << 20, bytes.size() - 1}) {
    bytes[at] = 'b';
    EXPECT_NE(of("one"), whole) << at;
    bytes[at] = 'a';
  }
  bytes += '\0';
  EXPECT_NE(of("one"), whole);
  EXPECT_TRUE(contains(error_of<FileError>([&] { fingerprint::digest_file(folder.path()); }),
                       "expected a file"));
}

TEST(Fingerprint, ListsWhatDiffers) {
  const auto error = error_of<std::invalid_argument>([] {
    fingerprint::require_same(R"({"a":{"b":1},"c":2})", R"({"a":{"b":3},"c":2})", "resume",
                              "the same", "before");
  });
  EXPECT_EQ(error, "[resume] expected the same, received a/b: 1 before, 3 now");
  EXPECT_NO_THROW(fingerprint::require_same("{}", "{}", "resume", "the same", "before"));
}

}  // namespace
}  // namespace muxnet
