#include <gtest/gtest.h>

#include <set>

#include "fuzz/targets.hpp"
#include "muxnet/core/file.hpp"

namespace muxnet::fuzz {
namespace {

namespace fs = std::filesystem;

/// tests/hostile/TARGET: "whole-NAME", which are read; files that lie; what libFuzzer has found.
const fs::path hostile = MUXNET_HOSTILE;

std::set<std::string> folders() {
  std::set<std::string> names;
  for (const auto& folder : fs::directory_iterator(hostile)) names.insert(folder.path().filename());
  return names;
}

TEST(Fuzz, EveryTargetHasSeeds) {
  for (const auto& [name, reader] : targets()) EXPECT_TRUE(folders().contains(name)) << name;
}

class Replay : public ::testing::TestWithParam<std::string> {};

TEST_P(Replay, IsReadOrRefused) {
  const auto target = targets().find(GetParam());
  if (target == targets().end()) GTEST_SKIP() << "built without what reads it";
  int whole = 0;
  for (const auto& seed : fs::directory_iterator(hostile / GetParam())) {
    SCOPED_TRACE(seed.path());
    bool taken = false;
    EXPECT_NO_THROW(taken = takes(target->second, read_file(seed.path())));
    if (!seed.path().filename().string().starts_with("whole-")) continue;
    EXPECT_TRUE(taken) << "tests/python/make_hostile_seeds.py renews it";
    ++whole;
  }
  EXPECT_GT(whole, 0);
}

INSTANTIATE_TEST_SUITE_P(Hostile, Replay, ::testing::ValuesIn(folders()),
                         [](const auto& target) { return target.param; });

}  // namespace
}  // namespace muxnet::fuzz
