#include "muxnet/service/batch_times.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "muxnet/service/service_statistics.hpp"

namespace muxnet {
namespace {

TEST(PayingBatch, IsTheFirstWithinATenthOfTheBest) {
  EXPECT_EQ(paying_batch({4, 4, 4, 4}, 8), 1);
  EXPECT_EQ(paying_batch({8, 4, 2.2, 2}, 8), 4);
  EXPECT_EQ(paying_batch({8, 4, 2.3, 2}, 8), 8);
  EXPECT_EQ(paying_batch({8, 4, 3, 2}, 6), 6);  // the last size is no power of two
  EXPECT_EQ(paying_batch({8, 4, 0, 2}, 8), 8);  // one is not known
  EXPECT_EQ(paying_batch({8}, 1), 1);
  EXPECT_THROW(paying_batch({8, 4}, 8), std::invalid_argument);
  EXPECT_THROW(paying_batch({}, 0), std::invalid_argument);
}

TEST(BatchTimes, AreAsLargeAsTheyMayBeWhereTheyAreToBeFull) {
  for (const bool fill : {false, true}) {
    BatchTimes times(1, 4, fill);
    for (const std::int64_t images : {1, 2, 4}) times.set(0, images, static_cast<double>(images));
    EXPECT_EQ(times.paying(0), fill ? 4 : 1);
  }
}

TEST(Histogram, CountsInDoublingBuckets) {
  Histogram histogram;
  EXPECT_EQ(histogram.quantile_ms(0.5), 0.0);
  for (const double ms : {0.01, 0.9, 1.0, 1e9}) histogram.add(ms);
  EXPECT_EQ(histogram.buckets()[0], 1u);
  EXPECT_EQ(histogram.buckets()[4], 2u);
  EXPECT_EQ(histogram.buckets()[Histogram::bucket_count], 1u);
  EXPECT_EQ(histogram.quantile_ms(0.5), 1.0);
  EXPECT_EQ(histogram.count(), 4u);
}

}  // namespace
}  // namespace muxnet
