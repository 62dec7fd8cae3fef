#include "muxnet/offload/offload_client.hpp"

#include <gtest/gtest.h>

#include "scene.hpp"

namespace muxnet {
namespace {

using testing::fault;
using testing::HttpReply;
using testing::image_of;
using testing::never_ms;
using testing::right_answer;
using testing::Scene;
using testing::status;

constexpr double deadline_ms = 100;

TEST(OffloadClient, SendsHardInputsAndAnswersEasyOnesItself) {
  Scene scene;
  ASSERT_EQ(scene.client->connect(1000), "");
  const auto easy = scene.client->answer(image_of(0.1, 2));
  EXPECT_EQ(easy.reason, OffloadReason::easy);
  EXPECT_EQ(easy.answer, 0);
  EXPECT_EQ(easy.latency_ms, 6);
  EXPECT_EQ(easy.sent_bytes, 0);
  const auto hard = scene.client->answer(image_of(0.9, 2));
  EXPECT_EQ(hard.reason, OffloadReason::offloaded);
  EXPECT_EQ(hard.answer, 2);
  EXPECT_NEAR(hard.score.value(), 0.9, 0.01);
  EXPECT_EQ(hard.latency_ms, 11);  // the look, and the cloud's ten
  EXPECT_EQ(hard.server_ms, 2.0);
  EXPECT_GT(hard.sent_bytes, 16 + 100);
  const auto account = scene.client->account();
  EXPECT_EQ(account.of(Route::local), 1);
  EXPECT_EQ(account.of(Route::offloaded), 1);
  EXPECT_EQ(account.sent_bytes, hard.sent_bytes);
  EXPECT_EQ(account.late, 0);
}

TEST(OffloadClient, LearnsTheEndpointAsideWithoutMakingAnybodyWait) {
  Scene scene;
  const auto first = scene.hard();
  EXPECT_EQ(first.reason, OffloadReason::link_down);
  EXPECT_EQ(first.latency_ms, 5);
  EXPECT_FALSE(first.score.has_value());
  EXPECT_EQ(scene.hard().reason, OffloadReason::offloaded);
  EXPECT_EQ(scene.client->state(), CircuitBreaker::State::closed);
}

TEST(OffloadClient, AHungServerIsGivenUpInTimeForTheLocalModel) {
  Scene scene;
  ASSERT_EQ(scene.client->connect(1000), "");
  scene.server.infer = [](const HttpRequest&) { return HttpReply{never_ms, {}}; };
  const auto answer = scene.hard();
  EXPECT_EQ(answer.reason, OffloadReason::timed_out);
  EXPECT_EQ(answer.answer, 0);
  EXPECT_EQ(answer.lateness_ms, 0);
  EXPECT_LE(answer.latency_ms, deadline_ms);
  EXPECT_GT(answer.latency_ms, 0.7 * deadline_ms);
  EXPECT_EQ(scene.server.given_up, 1);
}

TEST(OffloadClient, TakesAnAnswerThatComesWhileTheLocalModelRuns) {
  Scene scene;
  ASSERT_EQ(scene.client->connect(1000), "");
  double fall_back = 0;
  scene.server.infer = [](const HttpRequest&) { return HttpReply{never_ms, {}}; };
  fall_back = scene.hard().latency_ms - scene.local->local_ms;
  // One millisecond after the small model has begun; it takes five.
  scene.server.infer = [&](const HttpRequest& request) {
    return right_answer(request, fall_back - scene.local->multiplexer_ms + 3);
  };
  const auto answer = scene.hard();
  EXPECT_EQ(answer.reason, OffloadReason::offloaded);
  EXPECT_EQ(answer.answer, 2);
  EXPECT_EQ(answer.lateness_ms, 0);
  EXPECT_EQ(scene.client->account().hedged, 1);
}

TEST(OffloadClient, SaysWhyItFellBack) {
  const std::vector<std::pair<OffloadReason, HttpReply>> cases = {
      {OffloadReason::unresolved, fault(Fault::unresolved)},
      {OffloadReason::unreachable, fault(Fault::unreachable)},
      {OffloadReason::cut, fault(Fault::cut)},
      {OffloadReason::invalid, fault(Fault::too_large)},
      {OffloadReason::failed, fault(Fault::untrusted)},
      {OffloadReason::refused, status(500, 1, R"({"error": "out of order"})")},
      {OffloadReason::refused, status(404)},
      {OffloadReason::invalid, status(200, 1, "<html>")},
      {OffloadReason::invalid, status(200, 1, R"({"outputs": []})")},
  };
  for (const auto& [reason, reply] : cases) {
    Scene scene;
    ASSERT_EQ(scene.client->connect(1000), "");
    scene.server.infer = [&reply = reply](const HttpRequest&) { return reply; };
    const auto answer = scene.hard();
    EXPECT_EQ(answer.reason, reason) << name_of(reason);
    EXPECT_EQ(answer.answer, 0);
    EXPECT_FALSE(answer.detail.empty());
    EXPECT_LE(answer.latency_ms, deadline_ms);
    EXPECT_EQ(scene.client->account().of(Route::fell_back), 1);
  }
}

TEST(OffloadClient, TriesAgainWhatMayPass) {
  Scene scene;
  ASSERT_EQ(scene.client->connect(1000), "");
  int failures = 1;
  scene.server.infer = [&](const HttpRequest& request) {
    return failures-- > 0 ? fault(Fault::cut) : right_answer(request);
  };
  const auto answer = scene.hard();
  EXPECT_EQ(answer.reason, OffloadReason::offloaded);
  EXPECT_EQ(answer.attempts, 2);
  EXPECT_EQ(scene.client->account().retries, 1);
  failures = 1;
  scene.server.infer = [&](const HttpRequest& request) {
    return failures-- > 0 ? status(500) : right_answer(request);
  };
  EXPECT_EQ(scene.hard().reason, OffloadReason::refused);  // the server has answered: no
}

TEST(OffloadClient, RetriesStayAShareOfTheRequests) {
  OffloadOptions options;
  options.breaker.failures = 1'000'000;
  Scene scene(options);
  ASSERT_EQ(scene.client->connect(1000), "");
  scene.server.infer = [](const HttpRequest&) { return fault(Fault::cut); };
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(scene.hard().reason, OffloadReason::cut);
  EXPECT_LE(scene.server.inferred, 1000 * 1.1 + 10);
  EXPECT_GT(scene.server.inferred, 1050);
}

TEST(OffloadClient, ADeadLinkCostsNothingButTheProbes) {
  Scene scene;
  ASSERT_EQ(scene.client->connect(1000), "");
  scene.server.infer = [](const HttpRequest&) { return fault(Fault::unreachable); };
  scene.server.metadata = [](const HttpRequest&) { return fault(Fault::unreachable); };
  while (scene.client->state() != CircuitBreaker::State::open) scene.hard();
  const int inferred = scene.server.inferred, looks = scene.local->looks;
  for (int i = 0; i < 10'000; ++i) {
    const auto answer = scene.hard();
    ASSERT_EQ(answer.reason, OffloadReason::link_down);
    ASSERT_NEAR(answer.latency_ms, scene.local->local_ms, 1e-6);
  }
  EXPECT_EQ(scene.server.inferred, inferred);
  EXPECT_EQ(scene.local->looks, looks);
  // 50 s with cool-downs of 0.5, 1, 2, ... s, each times 0.5 to 1.5.
  EXPECT_GE(scene.client->account().probes, 5);
  EXPECT_LE(scene.client->account().probes, 10);
}

TEST(OffloadClient, ComesBackByItself) {
  Scene scene;
  ASSERT_EQ(scene.client->connect(1000), "");
  scene.server.infer = [](const HttpRequest&) { return HttpReply{never_ms, {}}; };
  scene.server.metadata = [](const HttpRequest&) { return HttpReply{never_ms, {}}; };
  for (int i = 0; i < 2000; ++i) EXPECT_EQ(scene.hard().lateness_ms, 0);
  EXPECT_EQ(scene.client->state(), CircuitBreaker::State::open);
  EXPECT_LE(scene.server.inferred, 3);
  scene.server = {};
  int waited = 0;
  while (scene.hard().reason != OffloadReason::offloaded)
    ASSERT_LT(++waited, 30'000 * 1.5 / 5 + 500);
  EXPECT_EQ(scene.client->state(), CircuitBreaker::State::closed);
  EXPECT_EQ(scene.hard().reason, OffloadReason::offloaded);
}

TEST(OffloadClient, LeavesAServerAloneAsLongAsItAsks) {
  Scene scene;
  ASSERT_EQ(scene.client->connect(1000), "");
  auto busy = status(503);
  busy.response.headers["retry-after"] = "3";
  scene.server.infer = [&](const HttpRequest&) { return busy; };
  const double start = scene.clock->now;
  EXPECT_EQ(scene.hard().reason, OffloadReason::refused);
  EXPECT_EQ(scene.server.inferred, 1);
  scene.server.infer = [](const HttpRequest& request) { return right_answer(request); };
  while (scene.hard().reason == OffloadReason::link_down) {
  }
  EXPECT_GE(scene.clock->now - start, 3000);
  EXPECT_LE(scene.clock->now - start, 3200);
}

TEST(OffloadClient, ConfidentialInputsStay) {
  Scene scene;
  ASSERT_EQ(scene.client->connect(1000), "");
  const auto answer =
      scene.client->answer(image_of(1, 2), {.deadline_ms = {}, .placement = Placement::device});
  EXPECT_EQ(answer.reason, OffloadReason::confidential);
  EXPECT_EQ(scene.server.inferred, 0);
  EXPECT_EQ(answer.latency_ms, scene.local->local_ms);
}

TEST(OffloadClient, ASlowLinkIsFoundOutAndTriedAgainLater) {
  OffloadOptions options;
  options.breaker.failures = 1'000'000;
  options.refresh_ms = 5000;
  Scene scene(options);
  ASSERT_EQ(scene.client->connect(1000), "");
  ASSERT_EQ(scene.hard().reason, OffloadReason::offloaded);
  scene.server.infer = [](const HttpRequest& request) { return right_answer(request, 1000); };
  int sent = 0;
  while (scene.hard().reason != OffloadReason::too_slow) ASSERT_LT(++sent, 20);
  scene.server.infer = [](const HttpRequest& request) { return right_answer(request, 10); };
  int waited = 0;
  while (scene.hard().reason == OffloadReason::too_slow) ++waited;
  EXPECT_GT(waited, 500);
  EXPECT_LT(waited, 1000);  // 5 s of 6 ms each
}

TEST(OffloadClient, ALocalModelThatCannotMakeItIsAccountedAsLate) {
  Scene scene;
  ASSERT_EQ(scene.client->connect(1000), "");
  const auto answer =
      scene.client->answer(image_of(1, 2), {.deadline_ms = 3.0, .placement = Placement::decide});
  EXPECT_EQ(answer.reason, OffloadReason::too_slow);
  EXPECT_EQ(answer.lateness_ms, 2);
  EXPECT_EQ(scene.client->account().late, 1);
  EXPECT_EQ(scene.client->account().worst_lateness_ms, 2);
  EXPECT_EQ(scene.server.inferred, 0);
  EXPECT_THROW(scene.client->answer(image_of(1, 2), {.deadline_ms = 0.0}), std::invalid_argument);
}

TEST(OffloadClient, TenThousandRequestsThroughEveryFaultAreEachAnsweredOnceInTime) {
  OffloadOptions options;
  options.breaker.max_cooldown_ms = 500;
  Scene scene(options);
  ASSERT_EQ(scene.client->connect(1000), "");
  Random random(3);
  scene.server.infer = [&](const HttpRequest& request) -> HttpReply {
    switch (random.below(15)) {
      case 0:
        return fault(Fault::cut, random.uniform() * 200);
      case 1:
        return {never_ms, {}};
      case 2:
        return status(static_cast<int>(400 + random.below(200)), random.uniform() * 200);
      case 3:
        return status(200, 5, std::string(random.below(300), '['));
      case 4: {
        auto reply = right_answer(request, random.uniform() * 150);
        reply.response.body.resize(random.below(reply.response.body.size()));
        return reply;
      }
      case 5: {
        auto reply = right_answer(request, 8);
        reply.response.body[random.below(reply.response.body.size())] ^= 0x55;
        return reply;
      }
      default:
        return right_answer(request, random.uniform() * 90);
    }
  };
  constexpr int requests = 10'000;
  int from_cloud = 0;
  for (int i = 0; i < requests; ++i) {
    const int label = 1 + i % 2;
    const auto answer = scene.hard(label);
    ASSERT_EQ(answer.lateness_ms, 0) << i;
    ASSERT_EQ(answer.probabilities.shape(), (Shape{1, 3}));
    ASSERT_TRUE(route_of(answer.reason) == Route::offloaded || answer.answer == 0);
    from_cloud += answer.answer == label ? 1 : 0;
  }
  const auto account = scene.client->account();
  EXPECT_EQ(account.answers(), requests);
  EXPECT_EQ(account.late, 0);
  EXPECT_GT(from_cloud, 300);
  EXPECT_NEAR(static_cast<double>(account.of(Route::offloaded)), from_cloud, 5);
}

TEST(OffloadClient, EnergyHasToBeKnownToBeMinded) {
  OffloadOptions options;
  options.objective.per_mj = 0.1;
  EXPECT_THROW(Scene{options}, std::invalid_argument);
  const auto known = [](double value) { return Quantity(value, Origin::modelled); };
  options.link = {"radio",    known(10),  known(10),  known(4),  known(300),
                  known(100), known(100), known(200), known(500)};
  EXPECT_THROW(Scene{options}, std::invalid_argument);
  options.small.energy_mj = known(2);
  options.multiplexer_cost.energy_mj = known(1);
  Scene scene(options);
  ASSERT_EQ(scene.client->connect(1000), "");
  // The radio's tail alone, 200 ms at 500 mW, is 100 mJ.
  const auto answer = scene.hard();
  EXPECT_EQ(answer.reason, OffloadReason::too_dear);
  EXPECT_EQ(answer.energy_mj.value(), 3);
  options.objective.per_mj = 0;
  Scene free(options);
  ASSERT_EQ(free.client->connect(1000), "");
  const auto sent = free.hard();
  EXPECT_EQ(sent.reason, OffloadReason::offloaded);
  EXPECT_GT(sent.energy_mj.value(), 100);
  EXPECT_LT(sent.energy_mj.value(), 110);
}

TEST(OffloadClient, TheCloudsModelMayHaveAnOrderOfClassesOfItsOwn) {
  OffloadOptions options;
  options.cloud = testing::FakeLocal(nullptr).small();
  options.cloud->places = {2, 0, 1};
  Scene scene(options);
  ASSERT_EQ(scene.client->connect(1000), "");
  EXPECT_EQ(scene.client->payload(), "raw");
  EXPECT_EQ(scene.hard(2).answer, 1);
  EXPECT_EQ(scene.hard(0).answer, 2);
  options.cloud->classes = 4;
  EXPECT_THROW(Scene{options}, std::invalid_argument);
}

TEST(OffloadClient, AServerOfOursAnswersInTheOrderOfTheData) {
  OffloadOptions options;
  options.cloud = testing::FakeLocal(nullptr).small();
  options.cloud->places = {2, 0, 1};
  Scene scene(options);
  scene.server.metadata = [](const HttpRequest&) {
    HttpReply reply = testing::described();
    auto said = nlohmann::json::parse(reply.response.body);
    said["platform"] = "muxnet: images";
    reply.response.body = said.dump();
    return reply;
  };
  ASSERT_EQ(scene.client->connect(1000), "");
  EXPECT_EQ(scene.hard(2).answer, 2);
  EXPECT_EQ(scene.hard(0).answer, 0);
}

TEST(OffloadClient, AnEndpointThatDoesNotFitIsNotUsed) {
  Scene scene;
  scene.server.metadata = [](const HttpRequest&) { return testing::described(1, "BYTES"); };
  EXPECT_EQ(scene.client->connect(1000),
            "[server, model ] expected an input FP32 or UINT8 (1, 1, 2, 2), received x BYTES "
            "(-1)");
  EXPECT_EQ(scene.hard().reason, OffloadReason::link_down);
  OffloadOptions larger;
  larger.cloud = testing::FakeLocal(nullptr).small();
  larger.cloud->image_shape = {1, 1, 4, 4};
  EXPECT_EQ(Scene(larger).client->connect(1000),
            "[server, model ] expected an input FP32 or UINT8 (1, 1, 4, 4), received x FP32 "
            "(-1, 1, 2, 2)");
  scene.server.metadata = [](const HttpRequest&) { return HttpReply{never_ms, {}}; };
  EXPECT_EQ(scene.client->connect(50), "[server] no answer within 50 ms");
}

}  // namespace
}  // namespace muxnet
