#include "muxnet/front/asked.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace muxnet {
namespace {

ReceivedHttp request(const std::string& path, const std::string& body = "") {
  ReceivedHttp made;
  made.method = "POST";
  made.path = path;
  *made.body = body;
  return made;
}

/// At most 8 bytes and one request; "/no" is refused by its head, "/live" always let in.
struct Asked {
  Asked() {
    HttpHandlers handlers;
    handlers.refusal = [](const ReceivedHttp& received) -> std::optional<HeadRefusal> {
      if (received.path != "/no") return std::nullopt;
      return HeadRefusal{403, "no", "head"};
    };
    handlers.always_let_in = [](const ReceivedHttp& received) { return received.path == "/live"; };
    handlers.handler = [this](const ReceivedHttp&, HttpHandlers::Reply reply) {
      waiting.push_back(std::move(reply));
    };
    asked = std::make_unique<AskedRequests>(8, 1, std::move(handlers), refusals, events);
  }

  std::vector<AskedAnswer> answers() {
    std::vector<AskedAnswer> found;
    for (FrontEvent& event : events.take()) {
      if (auto* answer = std::get_if<AskedAnswer>(&event)) found.push_back(std::move(*answer));
    }
    return found;
  }

  FrontEvents events;
  Refusals refusals{events};
  std::vector<HttpHandlers::Reply> waiting;
  std::unique_ptr<AskedRequests> asked;
};

TEST(AskedRequests, TellsTheAnswerByItsTicket) {
  Asked front;
  const auto ticket = front.asked->ask(request("/a"));
  EXPECT_TRUE(front.answers().empty());
  EXPECT_FALSE(front.asked->wait_answered(0));
  front.waiting.at(0)({200, "body", "text/plain", {{"x-a", "b"}}});
  EXPECT_TRUE(front.asked->wait_answered(0));
  const auto answers = front.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].ticket, ticket);
  EXPECT_EQ(answers[0].body, "body");
  EXPECT_EQ(answers[0].content_type, "text/plain");
  EXPECT_EQ(answers[0].headers, (HeaderList{{"x-a", "b"}}));
  EXPECT_NE(front.asked->ask(request("/a")), ticket);
}

TEST(AskedRequests, RefusesWhatAConnectionRefuses) {
  Asked front;
  front.asked->ask(request("/no"));
  front.asked->ask(request("/a", "123456789"));
  front.asked->ask(request("/a", "12345678"));
  front.asked->ask(request("/b"));     // one is inside
  front.asked->ask(request("/live"));  // which is no matter here
  std::vector<int> status;
  for (const auto& answer : front.answers()) status.push_back(answer.status);
  EXPECT_EQ(status, (std::vector<int>{403, 413, 503}));
  EXPECT_EQ(front.waiting.size(), 2U);
  const std::map<std::string, std::int64_t> counted{{"body_large", 1}, {"busy", 1}, {"head", 1}};
  EXPECT_EQ(front.refusals.counts(), counted);
}

TEST(AskedRequests, WaitsForAnswersOfOtherThreads) {
  Asked front;
  front.asked->ask(request("/a"));
  std::thread answering([&] { front.waiting.at(0)({}); });
  EXPECT_TRUE(front.asked->wait_answered(60'000));
  answering.join();
}

}  // namespace
}  // namespace muxnet
