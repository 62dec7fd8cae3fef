#include "muxnet/front/events.hpp"

#include <gtest/gtest.h>
#include <poll.h>

namespace muxnet {
namespace {

bool readable(int descriptor) {
  pollfd asked{descriptor, POLLIN, 0};
  return ::poll(&asked, 1, 0) == 1;
}

TEST(FrontEvents, WaitUntilTheyAreTaken) {
  FrontEvents events;
  EXPECT_FALSE(readable(events.descriptor()));
  events.add(FailureTold{"a", "b"});
  events.add(HandedRequest{});
  EXPECT_TRUE(readable(events.descriptor()));
  const auto taken = events.take();
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(std::get<FailureTold>(taken[0]).reason, "b");
  EXPECT_TRUE(std::holds_alternative<HandedRequest>(taken[1]));
  EXPECT_FALSE(readable(events.descriptor()));
}

TEST(FrontEvents, LoseRecordsThatNobodyTakes) {
  FrontEvents events;
  AnsweredRequest answered;
  answered.answer.records = {"{}", "{}"};
  for (int i = 0; i < 10'000; ++i) events.add(answered);
  auto taken = events.take();
  const auto lost = std::get<RecordsLost>(taken.back()).count;
  EXPECT_EQ(lost, 2 * (10'000 - static_cast<std::int64_t>(taken.size() - 1)));
  EXPECT_GT(lost, 0);
  events.add(answered);
  EXPECT_EQ(events.take().size(), 1U);
}

TEST(Refusals, AreToldAtOnceAndThenSeldom) {
  FrontEvents events;
  Refusals refusals(events);
  for (int i = 0; i < 5; ++i) refusals.add("token", "1.2.3.4");
  refusals.add("busy");
  refusals.tell();
  const auto taken = events.take();
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(std::get<RefusalsTold>(taken[0]).client, "1.2.3.4");
  EXPECT_EQ(std::get<RefusalsTold>(taken[0]).count, 1);
  EXPECT_EQ(refusals.counts().at("token"), 5);
  EXPECT_EQ(refusals.counts().at("busy"), 1);
}

}  // namespace
}  // namespace muxnet
