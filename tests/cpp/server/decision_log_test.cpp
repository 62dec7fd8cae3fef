#include "muxnet/server/decision_log.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>

#include "muxnet/core/error.hpp"
#include "server/log_lines.hpp"
#include "support/temporary_folder.hpp"

namespace muxnet {
namespace {

ServiceAnswer answer_with(std::vector<std::string> records) {
  ServiceAnswer answer;
  answer.version = 1;
  answer.total_ms = 0.5;
  answer.records = std::move(records);
  return answer;
}

std::string content_of(const std::filesystem::path& path) {
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::istringstream content(content_of(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(content, line);) lines.push_back(line);
  return lines;
}

class DecisionLogging : public ::testing::Test {
 protected:
  testing::LogLines lines_;
  testing::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "decisions.jsonl";
};

TEST_F(DecisionLogging, WritesALineForEachImage) {
  {
    DecisionLog log(path_, lines_.log());
    ServiceAnswer answer = answer_with({"{\"x\":1}", "{\"x\":2}"});
    answer.shadow = {1, 6};
    log.write("one", answer, {"small", "middle", "large"});
    log.flush();
    EXPECT_EQ(log.state().recorded, 2);
  }
  const auto lines = lines_of(path_);
  ASSERT_EQ(lines.size(), 2U);
  const auto second = parse_json(lines[1]);
  EXPECT_EQ(second.at("id"), "one");
  EXPECT_EQ(second.at("deployment"), 1);
  EXPECT_EQ(second.at("milliseconds"), 0.5);
  EXPECT_EQ(second.at("shadow"), (std::vector<std::string>{"middle", "large"}));
  EXPECT_EQ(second.at("x"), 2);
}

TEST_F(DecisionLogging, BeginsAFileOfItsNameWhereOneWasMovedOrRemoved) {
  const auto moved = folder_.path() / "decisions.jsonl.1";
  DecisionLog log(path_, lines_.log());
  const auto record = [&](const std::string& text) {
    log.write("one", answer_with({"{\"x\":" + text + "}"}), {});
    log.flush();
  };
  record("1");
  std::filesystem::rename(path_, moved);
  record("2");
  std::filesystem::remove(path_);
  record("3");
  record("4");
  EXPECT_EQ(lines_of(moved).size(), 1U);
  const auto lines = lines_of(path_);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(parse_json(lines[0]).at("x"), 3);
  std::filesystem::rename(path_, moved);
  std::filesystem::create_directory(path_);
  record("5");
  EXPECT_EQ(log.state().lost, 1);
  std::filesystem::remove(path_);
  record("6");
  EXPECT_EQ(log.state().recorded, 5);
}

TEST_F(DecisionLogging, TakesAHalfLineBackAndTheNextRecordsAreWhole) {
  DecisionLog log(path_, lines_.log());
  const std::string record = "{\"x\":\"" + std::string(300, 'a') + "\"}";
  log.write("one", answer_with({record}), {});
  log.flush();
  const auto whole = std::filesystem::file_size(path_);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit narrow{whole * 5 / 2, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &narrow);
  log.write("two", answer_with({record, record, record}), {});
  log.flush();
  setrlimit(RLIMIT_FSIZE, &before);
  (void)std::signal(SIGXFSZ, handler);
  EXPECT_EQ(log.state().recorded, 2);
  EXPECT_EQ(log.state().lost, 2);
  EXPECT_EQ(log.state().failing, "File too large");
  EXPECT_TRUE(content_of(path_).ends_with("\"}\n"));
  log.write("three", answer_with({record}), {});
  log.flush();
  EXPECT_EQ(log.state().recorded, 3);
  EXPECT_EQ(log.state().failing, "");
  for (const auto& line : lines_of(path_)) EXPECT_TRUE(line.ends_with(record.substr(1)));
  EXPECT_EQ(lines_of(path_).size(), 3U);
  EXPECT_EQ(lines_.of("decisions are not recorded").size(), 1U);
  EXPECT_EQ(lines_.of("decisions are recorded again").at(0).at("lost"), 2);
}

TEST_F(DecisionLogging, MendsWhatAKilledProcessLeft) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"{\"time\":1}\n{\"time\":1,\"id", "{\"time\":1}\n"},
      {"{\"time\":1,\"id", ""},
      {"{\"time\":1}\n{\"time\":2}", "{\"time\":1}\n{\"time\":2}\n"},
      {"a note of mine", "a note of mine\n"},
      {"{\"time\":1}\n", "{\"time\":1}\n"}};
  for (const auto& [left, kept] : cases) {
    std::ofstream(path_, std::ios::trunc) << left;
    DecisionLog log(path_, lines_.log());
    log.write("one", answer_with({"{\"x\":1}"}), {});
    log.flush();
    const std::string content = content_of(path_);
    EXPECT_TRUE(content.starts_with(kept + "{\"time\":")) << content;
    EXPECT_TRUE(content.ends_with("\"x\":1}\n")) << content;
    EXPECT_EQ(std::count(content.begin(), content.end(), '\n'),
              std::count(kept.begin(), kept.end(), '\n') + 1);
  }
}

TEST_F(DecisionLogging, LosesWhatFindsNoRoomAndNothingElse) {
  DecisionLog log(path_, lines_.log(), 50);
  for (int i = 0; i < 5; ++i) log.write("\xff", answer_with({"{\"x\":1}"}), {});  // no UTF-8
  EXPECT_GT(log.state().lost, 1);
  log.flush();
  EXPECT_EQ(log.state().recorded + log.state().lost, 5);
  EXPECT_EQ(lines_of(path_).size(), static_cast<std::size_t>(log.state().recorded));
}

TEST_F(DecisionLogging, CountsWhatAFullDiskLoses) {
  DecisionLog log("/dev/full", lines_.log());
  log.write("one", answer_with({"{\"x\":1}"}), {});
  log.flush();
  EXPECT_EQ(log.state().lost, 1);
  EXPECT_EQ(log.state().failing, "No space left on device");
}

TEST_F(DecisionLogging, RefusesWhatCannotBeOpened) {
  EXPECT_THROW(DecisionLog(folder_.path(), lines_.log()), FileError);
  const auto pipe = folder_.path() / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THROW(DecisionLog(pipe, lines_.log()), FileError);  // nobody reads it
  const DecisionLog one(path_, lines_.log());
  EXPECT_THROW(DecisionLog(path_, lines_.log()), FileError);
}

}  // namespace
}  // namespace muxnet
