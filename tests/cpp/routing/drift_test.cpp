#include "muxnet/routing/drift.hpp"

#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "muxnet/policies/registry.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;

/// Confidences as models have them: many near 1; `shift` lowers their log-odds.
double confidence(Random& random, double shift = 0) {
  return 1 / (1 + std::exp(-(2 - shift + 2 * random.normal())));
}

std::vector<double> sample(Random& random, std::size_t count) {
  std::vector<double> values(count);
  for (double& value : values) value = confidence(random);
  return values;
}

TEST(Drift, RaisesFalseAlarmsInAtMostAlphaOfManyStreams) {
  constexpr int streams = 400, length = 1000;
  constexpr double alpha = 0.2;
  int alarms = 0;
  for (int stream = 0; stream < streams; ++stream) {
    Random random(21, static_cast<std::uint64_t>(stream));
    DriftMonitor monitor({{"a", sample(random, 100)}, {"b", sample(random, 100)}}, "v",
                         {.alpha = alpha, .seed = static_cast<std::uint64_t>(stream)});
    bool alarm = false;
    for (int i = 0; i < length; ++i) {
      // The second is the first on every other input: they need not be independent.
      const double value = confidence(random);
      alarm = monitor.observe({{"a", value}, {"b", i % 2 == 0 ? value : confidence(random)}});
    }
    alarms += alarm ? 1 : 0;
  }
  EXPECT_LE(alarms, alpha * streams);
  EXPECT_GT(alarms, 0);  // else the test would not see a monitor that never bets
}

TEST(Drift, PValuesAreUniformEvenWhereAllValuesAreAlike) {
  // Nothing but ties: the draws alone decide, and bets win nothing.
  DriftMonitor monitor({{"a", std::vector<double>(50, 1.0)}}, "v", {.alpha = 0.05});
  for (int i = 0; i < 3000; ++i) ASSERT_FALSE(monitor.observe({{"a", 1.0}}));
}

TEST(Drift, DetectsAShiftEitherWay) {
  for (const double shift : {1.0, -1.5}) {
    for (std::uint64_t stream = 0; stream < 20; ++stream) {
      Random random(22, stream);
      DriftMonitor monitor({{"first", sample(random, 1000)}, {"other", sample(random, 1000)}}, "v",
                           {.alpha = 0.01, .seed = stream});
      for (int i = 0; i < 200; ++i) {
        ASSERT_FALSE(
            monitor.observe({{"first", confidence(random)}, {"other", confidence(random)}}));
      }
      for (int i = 0; i < 400 && !monitor.alarm(); ++i) {
        monitor.observe({{"first", confidence(random, shift)}, {"other", confidence(random)}});
      }
      EXPECT_TRUE(monitor.alarm()) << shift << ", stream " << stream;
      EXPECT_EQ(monitor.cause(), "first");
      EXPECT_GE(monitor.e_value(), 100);
    }
  }
}

TEST(Drift, AnAlarmStays) {
  DriftMonitor monitor({{"a", std::vector<double>(100, 0.25)}}, "v", {.alpha = 0.1});
  for (int i = 0; i < 60; ++i) monitor.observe({{"a", 0.75}});
  ASSERT_TRUE(monitor.alarm());
  for (int i = 0; i < 300; ++i) EXPECT_TRUE(monitor.observe({{"a", 0.5}}));
}

TEST(Drift, EvidenceStaysANumber) {
  DriftMonitor monitor({{"a", std::vector<double>(50000, 0.5)}}, "v");
  for (int i = 0; i < 4000; ++i) monitor.observe({{"a", 0.99}});
  EXPECT_GT(monitor.e_value(), 1e300);
  EXPECT_TRUE(std::isfinite(monitor.e_value()));
}

TEST(Drift, GoesOnFromItsFileAsIfItHadNotStopped) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("muxnet-drift-" + std::to_string(::getpid()) + ".json");
  Random random(23);
  DriftMonitor whole({{"a", sample(random, 200)}}, "version", {.alpha = 0.01, .seed = 4});
  DriftMonitor parts = whole;
  for (int i = 0; i < 150; ++i) {
    const double value = confidence(random, 0.3);
    whole.observe({{"a", value}});
    parts.observe({{"a", value}});
    if (i % 50 != 20) continue;
    parts.save(path);
    parts = DriftMonitor::load(path);
  }
  std::filesystem::remove(path);
  EXPECT_EQ(parts.e_value(), whole.e_value());
  EXPECT_EQ(parts.observed(), 150);
  EXPECT_EQ(parts.calibrated_on(), 200);
  EXPECT_EQ(parts.version(), "version");
}

TEST(Drift, RefusesWhatItCannotWatch) {
  const auto made = [](const std::map<std::string, std::vector<double>>& values, double alpha) {
    return error_of([&] { DriftMonitor(values, "v", {.alpha = alpha}); });
  };
  expect_text(made({}, 0.1), {"at least one value"});
  expect_text(made({{"a", {}}}, 0.1), {"a sample of 'a'"});
  expect_text(made({{"a", {0.5}}}, 1.0), {"alpha in (0, 1)", "1"});
  expect_text(made({{"a", {1.5}}}, 0.1), {"'a' in [0, 1]", "1.5"});
  DriftMonitor monitor({{"a", {0.5}}, {"b", {0.5}}}, "v");
  expect_text(error_of([&] { monitor.observe({{"a", 0.5}}); }), {"a, b", "received a"});
  expect_text(error_of([&] { monitor.observe({{"a", 0.5}, {"b", std::nan("")}}); }), {"'b'"});
  EXPECT_EQ(monitor.observed(), 0);
  const auto path = std::filesystem::temp_directory_path() /
                    ("muxnet-no-drift-" + std::to_string(::getpid()) + ".json");
  const auto loaded = [&](const std::string& content) {
    std::ofstream(path) << content;
    return error_of([&] { DriftMonitor::load(path); });
  };
  expect_text(loaded("[]"), {"a drift monitor", path.string()});
  expect_text(loaded(R"({"format": "other"})"), {"muxnet-drift-1"});
  std::filesystem::remove(path);
}

/// Every registered policy; a new one is tested without touching this.
class Monitored : public ::testing::TestWithParam<std::string> {};

TEST_P(Monitored, reads_only_what_is_known_in_service) {
  const auto policy = make_policy(GetParam());
  policy->fit(random_table(11, {.models = 2}));
  const OutcomeTable test = random_table(12, {.models = 2, .split = "test"});
  const auto values = monitored_values(*policy, test);
  EXPECT_EQ(values.count("multiplexer"), policy->uses_multiplexer() ? 1U : 0U);
  for (const auto& [name, column] : values) {
    ASSERT_EQ(column.size(), 400U);
    for (const double value : column) ASSERT_TRUE(value >= 0 && value <= 1) << name;
  }
  const Decisions decisions = policy->decide(test);
  for (std::size_t row = 0; row < 400; ++row) {
    if (decisions.called[row] != 1 && decisions.called[row] != 2) continue;
    const std::size_t cell = 2 * row + (decisions.called[row] == 2 ? 1 : 0);
    EXPECT_FLOAT_EQ(static_cast<float>(values.at("first")[row]),
                    test.confidences().data<float>()[cell]);
    EXPECT_EQ(values.at("answer")[row], values.at("first")[row]);
  }
}

INSTANTIATE_TEST_SUITE_P(Routing, Monitored, ::testing::ValuesIn(policies().names()),
                         [](const auto& entry) { return entry.param; });

}  // namespace
}  // namespace muxnet
