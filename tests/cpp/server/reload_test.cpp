#include "muxnet/server/reload.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <stdexcept>

#include "server/log_lines.hpp"
#include "support/temporary_folder.hpp"

namespace muxnet {
namespace {

class Reloading : public ::testing::Test {
 protected:
  void write(const std::string& content) const { std::ofstream(file_) << content; }
  Reloader make(double longest_s = 120) {
    return Reloader([this] { return std::vector{file_}; },
                    [this]() -> nlohmann::ordered_json {
                      if (!problem_.empty()) throw std::invalid_argument(problem_);
                      return {{"version", ++version_}};
                    },
                    lines_.log(), longest_s);
  }

  testing::LogLines lines_;
  testing::TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.path() / "policy.json";
  std::string problem_;
  int version_ = 1;
};

TEST_F(Reloading, ReadsWhatHasChangedOnce) {
  write("one");
  Reloader reloader = make();
  reloader.step();
  EXPECT_EQ(version_, 1);
  write("another");
  reloader.step();
  reloader.step();
  EXPECT_EQ(version_, 2);
  EXPECT_EQ(lines_.of("reloaded").at(0).at("version"), 2);
  std::filesystem::remove(file_);
  reloader.step();
  EXPECT_EQ(version_, 3);
}

TEST_F(Reloading, TellsThoseWhoWantIt) {
  Reloader reloader = make();
  std::vector<bool> told;
  reloader.want([&](bool worked) { told.push_back(worked); });
  reloader.step();
  problem_ = "no policy";
  reloader.want([&](bool worked) { told.push_back(worked); });
  reloader.step();
  EXPECT_EQ(told, (std::vector{true, false}));
  EXPECT_EQ(lines_.of("reload refused").at(0).at("reason"), "no policy");
  const ReloadCounts counts = reloader.counts();
  EXPECT_EQ(counts.done, 1);
  EXPECT_EQ(counts.failed, 1);
  EXPECT_TRUE(counts.failing);
  reloader.want([&](bool worked) { told.push_back(worked); });
  reloader.end();
  EXPECT_EQ(told.size(), 3U);
}

TEST_F(Reloading, SaysWhenItWillTryAgain) {
  Reloader reloader = make();
  problem_ = "half a file";
  for (int i = 0; i < 8; ++i) {
    reloader.want();
    reloader.step();
  }
  std::vector<double> pauses;
  for (const auto& line : lines_.of("reload refused")) pauses.push_back(line.at("again_in"));
  EXPECT_EQ(pauses, (std::vector<double>{1, 2, 4, 8, 16, 32, 60, 60}));
}

TEST_F(Reloading, GivesUpOnOneThatDoesNotEnd) {
  std::vector<bool> told;
  Reloader* running = nullptr;
  Reloader reloader([] { return std::vector<std::filesystem::path>(); },
                    [&]() -> nlohmann::ordered_json {
                      running->give_up();  // as the thread that watches would
                      running->give_up();
                      return {{"version", 2}};
                    },
                    lines_.log(), 0);
  running = &reloader;
  reloader.want([&](bool worked) { told.push_back(worked); });
  reloader.step();
  EXPECT_EQ(told, (std::vector{false}));
  EXPECT_EQ(lines_.of("reload refused").size(), 1U);
  EXPECT_FALSE(reloader.counts().failing);  // it ended, late
}

}  // namespace
}  // namespace muxnet
