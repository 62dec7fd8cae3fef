#include "muxnet/front/origins.hpp"

#include <gtest/gtest.h>

#include "muxnet/front/refused.hpp"

namespace muxnet {
namespace {

ReceivedHttp request(HeaderList headers, std::string method = "POST") {
  ReceivedHttp made;
  made.method = std::move(method);
  made.path = "/status";
  made.headers = std::move(headers);
  return made;
}

TEST(Origins, KnowNamesWithPortsBracketsAndDots) {
  EXPECT_EQ(host_name("Localhost:8080"), "localhost");
  EXPECT_EQ(host_name("[::1]:80"), "::1");
  EXPECT_EQ(host_name("models.example."), "models.example");
  EXPECT_EQ(host_name("a:b"), "a:b");
}

TEST(Origins, RefuseOtherNamesOfThisMachine) {
  const Origins origins("127.0.0.1", {});
  EXPECT_FALSE(origins.refusal(request({{"host", "localhost:8080"}})));
  const auto refused = origins.refusal(request({{"host", "evil.example"}}));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 403);
  EXPECT_EQ(refused->reason, "host");
  EXPECT_TRUE(origins.refusal(request({})));
  ReceivedHttp old = request({});
  old.http_1_1 = false;
  EXPECT_FALSE(origins.refusal(old));
  old.headers = {{"user-agent", "Mozilla/5.0"}};
  EXPECT_TRUE(origins.refusal(old));
}

TEST(Token, IsOfTheSchemeBearerInWhateverCase) {
  for (const char* header : {"Bearer right", "bearer right", "BEARER   right"}) {
    EXPECT_TRUE(token_matches(header, "right")) << header;
  }
  for (const char* header : {"", "right", "Bearer", "Bearer ", "Bearer wrong", "Bearer right ",
                             "Basic right", "Bearerright", "Bearer righ", "bearer Right"}) {
    EXPECT_FALSE(token_matches(header, "right")) << header;
  }
}

TEST(Origins, GoByAnyNameElsewhereUnlessSomeAreGiven) {
  EXPECT_FALSE(Origins("0.0.0.0", {}).refusal(request({{"host", "any"}})));
  const std::vector<std::string> allowed{"models.example"};
  const Origins some("0.0.0.0", allowed);
  EXPECT_TRUE(some.refusal(request({{"host", "any"}})));
  EXPECT_FALSE(some.refusal(request({{"host", "MODELS.example:80"}})));
}

TEST(ContentType, MayBeMissingFromProgramsAlone) {
  EXPECT_FALSE(content_type_refusal(request({})));
  EXPECT_FALSE(content_type_refusal(request({{"content-type", "application/json; charset=x"}})));
  EXPECT_TRUE(content_type_refusal(request({{"content-type", "text/plain"}})));
  EXPECT_TRUE(content_type_refusal(request({{"user-agent", "Mozilla/5.0"}})));
  EXPECT_FALSE(content_type_refusal(request({{"user-agent", "Mozilla/5.0"}}, "GET")));
}

}  // namespace
}  // namespace muxnet
