#include "muxnet/core/error.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <sstream>

#include "support/errors.hpp"

namespace muxnet {
namespace {

using testing::error_of;

template <class Part>
std::string written(const Part& part) {
  std::ostringstream out;
  out << part;
  return out.str();
}

TEST(Text, IsWhatAStreamWrites) {
  for (const double number :
       {0.0, -0.0, 1.0, 0.1, -2.5, 1e5, 123456.0, 1234567.0, 1e-5, 1.0 / 3, 1e300, 5e-324,
        std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
        std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(text(number), written(number));
    EXPECT_EQ(text(static_cast<float>(number)), written(static_cast<float>(number)));
  }
  for (const std::int64_t number : {std::int64_t{0}, std::int64_t{-7}, INT64_MIN, INT64_MAX}) {
    EXPECT_EQ(text(number), written(number));
    EXPECT_EQ(text(static_cast<std::uint64_t>(number)),
              written(static_cast<std::uint64_t>(number)));
  }
  EXPECT_EQ(text(true, false, 'c', static_cast<std::uint8_t>('u'), std::int16_t{-3}), "10cu-3");
  EXPECT_EQ(text("array", ' ', std::string("string"), std::string_view(" view")),
            "array string view");
  const std::filesystem::path path("a folder/file");
  EXPECT_EQ(text(path), written(path));
}

TEST(Refuse, SaysWhereWhatWasExpectedAndWhatCame) {
  EXPECT_EQ(error_of<std::invalid_argument>([] { refuse("batch", "at least 1", text(0)); }),
            "[batch] expected at least 1, received 0");
  EXPECT_NO_THROW(require(true, "batch", "at least 1", "1"));
  EXPECT_EQ(error_of<std::invalid_argument>([] { require(false, "a", "b", "c"); }),
            "[a] expected b, received c");
}

}  // namespace
}  // namespace muxnet
