#include "muxnet/server/command_line.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;

ServeCommand parse(std::vector<std::string> words) {
  std::vector<char*> given;
  for (std::string& word : words) given.push_back(word.data());
  return parse_serve_command(given);
}

TEST(ServeCommandLine, HasDefaultsAndUnits) {
  const ServeCommand plain = parse({"folder"});
  EXPECT_EQ(plain.folder, "folder");
  EXPECT_EQ(plain.server.front.http_port, 8080);
  EXPECT_GE(plain.server.service.workers, 1);
  EXPECT_EQ(plain.server.front.images, plain.server.service.queue_images);
  const ServeCommand command =
      parse({"--port", "0", "folder", "--max-body=0.5", "--stuck", "2.5", "--cheaper-when-full",
             "--allowed-hosts", "a", "--allowed-hosts", "b", "--workers", "3", "--queue", "7"});
  EXPECT_EQ(command.server.front.http_port, 0);
  EXPECT_EQ(command.server.front.body_bytes, 1 << 19);
  EXPECT_EQ(command.server.service.stuck_ms, 2500);
  EXPECT_TRUE(command.server.service.cheaper_when_full);
  EXPECT_EQ(command.server.front.allowed_hosts, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(command.server.service.workers, 3);
  EXPECT_EQ(command.server.front.images, 7);
}

TEST(ServeCommandLine, RefusesWhatItDoesNotKnow) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{}, "expected the folder of a deployment"},
      {{"a", "b"}, "expected one folder"},
      {{"a", "--prot", "1"}, "[--prot] expected an option"},
      {{"a", "--port"}, "expected PORT"},
      {{"a", "--port", "70000"}, "a number from 0 to 65535"},
      {{"a", "--port", "1.5"}, "a whole number"},
      {{"a", "--port", "one"}, "a number from 0"},
      {{"a", "--deadline-ms", "nan"}, "a number from"},
      {{"a", "--host", "0.0.0.0"}, "a token beside 0.0.0.0"},
      {{"a", "--key", "key.pem"}, "both --certificate and --key"}};
  for (const auto& [words, expected] : cases) {
    EXPECT_TRUE(contains(error_of<UsageError>([&] { parse(words); }), expected)) << expected;
  }
}

TEST(ServeCommandLine, ReadsATokenFromAFileOrTheEnvironment) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "token";
  std::ofstream(path) << "secret\n";
  EXPECT_EQ(parse({"a", "--token-file", path}).server.front.token, "secret");
  std::ofstream(path, std::ios::trunc) << "\n";
  EXPECT_THROW(parse({"a", "--token-file", path}), UsageError);
  setenv("MUXNET_TOKEN", "other", 1);
  EXPECT_EQ(parse({"a", "--host", "0.0.0.0"}).server.front.token, "other");
  unsetenv("MUXNET_TOKEN");
}

TEST(ServeCommandLine, TellsItsOptionsWithTheirDefaults) {
  EXPECT_TRUE(parse({"--help"}).help);
  EXPECT_TRUE(contains(serve_help(), "--max-body MIB\n      of one request (default: 64)"));
}

}  // namespace
}  // namespace muxnet
