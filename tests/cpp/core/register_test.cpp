#include "muxnet/core/register.hpp"

#include <gtest/gtest.h>

#include "support/errors.hpp"

namespace muxnet {
namespace {

using testing::error_of;

struct Entry {
  std::string name;
  int value;
};
using Entries = Register<Entry>;

void add_two(Entries& entries) {
  entries.add({"late", 1});
  entries.add({"early", 2});
}

TEST(Register, KeepsEntriesInTheirOrderAndPlace) {
  Entries entries("entries", {add_two});
  const Entry& found = entries.find("early");
  entries.add({"more", 3});
  EXPECT_EQ(entries.names(), (std::vector<std::string>{"late", "early", "more"}));
  EXPECT_EQ(&entries.find("early"), &found);
  EXPECT_EQ(entries.entries().back().value, 3);
}

TEST(Register, RefusesANameUsedTwice) {
  Entries entries("entries", {add_two});
  EXPECT_EQ(error_of<std::invalid_argument>([&] {
              entries.add({"late", 4});
            }),
            "[entries] expected a name not used before, received late");
  EXPECT_EQ(entries.names().size(), 2U);
  EXPECT_EQ(entries.find("late").value, 1);
}

TEST(Register, ListsTheNamesForAnUnknownOne) {
  const Entries entries("entries", {add_two});
  EXPECT_EQ(error_of<std::invalid_argument>([&] { entries.find("mine"); }),
            "[entries] expected one of late, early, received mine");
  EXPECT_EQ(error_of<std::invalid_argument>([] { Entries("none yet").find("mine"); }),
            "[none yet] expected one of none, received mine");
}

}  // namespace
}  // namespace muxnet
