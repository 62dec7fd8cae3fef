#include "muxnet/protocol/endpoint_calls.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "elsewhere.hpp"
#include "support/errors.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::Elsewhere;
using testing::never_ms;
using testing::rows_of;
using State = CircuitBreaker::State;

TEST(EndpointCalls, ReadTheModelOnceAndAnswerRowsByRow) {
  Elsewhere there;
  there.ask();
  there.ask();
  there.run(2);
  EXPECT_EQ(there.server.asked, 1);
  EXPECT_EQ(there.server.inferred, 2);
  const EndpointAnswer& found = there.told.back();
  ASSERT_EQ(found.answers.shape(), (Shape{2, 3})) << found.message;
  EXPECT_EQ(found.answers.span<float>()[4], 1);
  EXPECT_EQ(there.clock->now, 11);  // 1 for what the model is, then both at a time
}

TEST(EndpointCalls, GoOnWhereTheServerTellsWhatItIsBetweenTwoLooks) {
  Elsewhere there;
  there.server.metadata = [](const HttpRequest&) { return testing::described(0); };
  there.server.looks = 1;
  there.ask();
  there.run(1);
  EXPECT_EQ(there.told[0].fault, Fault::none) << there.told[0].message;
  EXPECT_EQ(there.clock->now, 10);
}

TEST(EndpointCalls, BoundTheRequestsInFlight) {
  Elsewhere there({.in_flight = 2});
  for (int i = 0; i < 5; ++i) there.ask();
  there.calls->step();
  there.clock->now = 5;
  there.calls->step();
  EXPECT_EQ(there.server.inferred, 2);
  EXPECT_EQ(there.calls->statistics().in_flight, 2);
  there.run(5);
  EXPECT_EQ(there.server.inferred, 5);
}

TEST(EndpointCalls, TryAgainWithinTheirTimeAndNoLonger) {
  Elsewhere there;
  int cuts = 1;
  there.server.infer = [&](const HttpRequest& request) {
    return cuts-- > 0 ? testing::fault(Fault::cut) : rows_of(request, {1, 0, 0, 0, 1, 0}, 2);
  };
  there.ask();
  there.run(1);
  EXPECT_EQ(there.told[0].fault, Fault::none) << there.told[0].message;
  EXPECT_EQ(there.calls->statistics().retries, 1);
  cuts = 1;
  there.ask(1.5);  // the first attempt alone takes 1
  there.run(2);
  EXPECT_NE(there.told[1].fault, Fault::none);
}

/// One that has answered, and then did not until its breaker opened: 4 calls are told of.
void let_die(Elsewhere& there) {
  there.ask();
  there.run(1);
  there.server.infer = [](const HttpRequest&) { return testing::fault(Fault::unreachable); };
  there.server.metadata = there.server.infer;
  for (int i = 0; i < 3; ++i) there.ask();
  there.run(4);
}

TEST(EndpointCalls, LeaveADeadServerAlone) {
  Elsewhere there;
  let_die(there);
  EXPECT_EQ(there.state(), State::open);
  EXPECT_TRUE(contains(there.told.back().message, "large, model m at http://cloud:8000"));
  EXPECT_TRUE(contains(there.told.back().message, "unreachable"));
  const int sent = there.server.inferred;
  const double before = there.clock->now;
  there.ask();
  there.run(5);  // at once, and nothing is sent
  EXPECT_EQ(there.server.inferred, sent);
  EXPECT_EQ(there.clock->now, before);
}

TEST(EndpointCalls, TryAServerThatAProbeFindsBack) {
  Elsewhere there;
  const auto well = there.server;
  let_die(there);
  const int sent = there.server.inferred;
  there.server.metadata = well.metadata;
  there.server.infer = well.infer;
  while (there.state() == State::open) there.calls->work();
  there.ask();
  there.ask();
  there.calls->step();
  EXPECT_EQ(there.server.inferred, sent + 1);  // half open, one tries it out
  there.run(6);
  EXPECT_EQ(there.state(), State::closed);
  EXPECT_EQ(there.told.back().fault, Fault::none);
  EXPECT_EQ(there.calls->statistics().trouble, "");
}

TEST(EndpointCalls, WaitForAServerThatComesBackWhereNobodyElseCanAnswer) {
  Elsewhere there;
  const auto well = there.server;
  there.server.metadata = [&](const HttpRequest& request) {
    return there.clock->now < 2000 ? testing::fault(Fault::unreachable) : well.metadata(request);
  };
  const auto ask = [&](double until_ms) {
    there.calls->add({Tensor({2, 1, 2, 2}), until_ms,
                      [&](EndpointAnswer found) { there.told.push_back(std::move(found)); }, true});
  };
  ask(1000);
  there.run(1);
  EXPECT_EQ(there.clock->now, 1000);
  EXPECT_TRUE(contains(there.told[0].message, "unreachable"));
  ask(10'000);
  there.run(2);
  EXPECT_EQ(there.told[1].fault, Fault::none) << there.told[1].message;
}

TEST(EndpointCalls, FailWhereTheServerIsNotThereFromTheBeginning) {
  Elsewhere there;
  there.server.metadata = [](const HttpRequest&) { return testing::fault(Fault::unreachable); };
  there.ask();
  there.run(1);
  EXPECT_EQ(there.state(), State::open);
  EXPECT_TRUE(contains(there.told[0].message, "unreachable"));
}

TEST(EndpointCalls, GiveUpAtTheirTime) {
  Elsewhere there;
  there.server.infer = [](const HttpRequest&) { return testing::status(200, never_ms); };
  there.ask(50);
  there.run(1);
  EXPECT_EQ(there.clock->now, 50);
  EXPECT_EQ(there.told[0].fault, Fault::timed_out);
  EXPECT_EQ(there.server.given_up, 1);
}

TEST(EndpointCalls, SayWhatIsWrongWithAnAnswer) {
  const auto told = [](const std::vector<float>& values, std::int64_t rows) {
    Elsewhere there;
    there.server.infer = [&](const HttpRequest& request) { return rows_of(request, values, rows); };
    there.ask();
    there.run(1);
    EXPECT_EQ(there.told[0].fault, Fault::malformed);
    EXPECT_TRUE(contains(there.told[0].message, "large, model m at http://cloud:8000"));
    return there.told[0].message;
  };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(contains(told({1, 0, nan, 0, 1, 0}, 2), "finite numbers"));
  EXPECT_TRUE(contains(told({1, 0, 0}, 1), "expected shape (2, K), received (1, 3)"));
  Elsewhere there({.classes = 4});
  there.ask();
  there.run(1);
  EXPECT_TRUE(contains(there.told[0].message, "expected shape (2, 4), received (2, 3)"));
}

TEST(EndpointCalls, RefuseImagesThatTheModelDoesNotTake) {
  Elsewhere there;
  there.calls->add({Tensor({1, 3, 8, 8}), 1000,
                    [&](EndpointAnswer found) { there.told.push_back(std::move(found)); }});
  there.run(1);
  EXPECT_TRUE(contains(there.told[0].message, "FP32 or UINT8 (1, 3, 8, 8), received x FP32"));
  EXPECT_EQ(there.server.inferred, 0);
}

TEST(EndpointCalls, TellEveryoneAtTheirEnd) {
  Elsewhere there;
  there.ask();
  there.ask();
  there.calls->step();
  there.calls->fail_all("the end");
  ASSERT_EQ(there.told.size(), 2U);
  EXPECT_TRUE(contains(there.told[0].message, "the end"));
}

TEST(ParseEndpoint, TakesAddressesOfModelsApart) {
  const auto parts = [](const std::string& url) {
    const EndpointPlace place = parse_endpoint(url);
    return place.server + " " + place.model + " " + place.version;
  };
  EXPECT_EQ(parts("http://a:1/v2/models/m"), "http://a:1 m ");
  EXPECT_EQ(parts("https://a/b/v2/models/m%2Fn/versions/2"), "https://a/b m/n 2");
  EXPECT_EQ(parts("grpc://a:1/m"), "grpc://a:1 m ");
  EXPECT_EQ(parts("grpcs://a:1/m/3/"), "grpcs://a:1 m 3");
  EXPECT_EQ(parts("grpc://a:1/m/versions/3"), "grpc://a:1 m 3");
  for (const auto* wrong : {"a:1/m", "http://a:1/m", "grpc://a:1", "grpc://a:1/", "grpc:///m",
                            "http://a/v2/models/", "http://a/v2/models/m/infer", "ftp://a/m"}) {
    testing::expect_error<std::invalid_argument>([&] { parse_endpoint(wrong); },
                                                 {"endpoint", "HOST:PORT", wrong});
  }
}

}  // namespace
}  // namespace muxnet
