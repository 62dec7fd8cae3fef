// Two threads on one object of every kind that threads may share: each has the answer that one
// alone gets, or is refused. ThreadSanitizer runs it too.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstring>

#include "muxnet/core/error.hpp"
#include "muxnet/data/loader.hpp"
#include "muxnet/networks/weights.hpp"
#include "muxnet/policies/registry.hpp"
#include "muxnet/routing/drift.hpp"
#include "muxnet/routing/policy.hpp"
#include "muxnet/runtime/collect.hpp"
#include "muxnet/service/service.hpp"
#include "support/onnx_file.hpp"
#include "support/pool.hpp"
#include "support/temporary_folder.hpp"
#include "support/together.hpp"

namespace muxnet {
namespace {

using testing::random_images;
using testing::together;

constexpr int threads = 2, rounds = 40;

bool equal(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

/// Each thread's own images, of which it must get its own answers.
template <class Answer>
void expect_answers_as_alone(const Answer& answer) {
  const std::array<Tensor, threads> images = {random_images(5, 1), random_images(9, 2)};
  std::array<Tensor, threads> alone;
  for (std::size_t i = 0; i < threads; ++i) alone[i] = answer(images[i]).clone();
  std::atomic<int> wrong = 0;
  together(threads, [&](int thread) {
    const auto mine = static_cast<std::size_t>(thread);
    for (int i = 0; i < rounds; ++i) wrong += equal(answer(images[mine]), alone[mine]) ? 0 : 1;
  });
  EXPECT_EQ(wrong, 0);
}

OutcomeTable table_of(const ModelPool& pool, const std::string& split, std::uint64_t seed) {
  CollectOptions options;
  options.labels = testing::random_labels(60, seed + 1);
  options.split = split;
  return collect_outcomes(pool, random_images(60, seed), testing::tiny_multiplexer(3), options);
}

TEST(TwoThreads, OnAPredictor) {
  const auto model = testing::tiny_model("middle", 2, 2);
  const Predictor predictor(*model, 4);
  expect_answers_as_alone([&](const Tensor& images) { return predictor.probabilities(images); });
}

TEST(TwoThreads, OnAModelPool) {
  const auto pool = testing::tiny_pool();
  expect_answers_as_alone([&](const Tensor& images) { return pool->probabilities(1, images); });
}

TEST(TwoThreads, OnAnOnnxFile) {
  const std::int64_t features = testing::side * testing::side;
  const Tensor weight = random_images(testing::classes).reshaped({features, testing::classes});
  const Tensor bias({testing::classes});
  const testing::TemporaryFile file(
      "threads.onnx", testing::linear_onnx({1, 1, testing::side, testing::side}, weight, bias));
  const auto classifier = load_onnx(file.path());
  expect_answers_as_alone([&](const Tensor& images) { return classifier->answer(images); });
}

TEST(TwoThreads, OnARouter) {
  const auto pool = testing::tiny_pool();
  const auto policy = make_policy("hybrid_single");
  policy->fit(table_of(*pool, "held_out", 3));
  const Router router(pool, testing::tiny_multiplexer(3), policy->rule());
  expect_answers_as_alone([&](const Tensor& images) { return router.route(images).probabilities; });
}

TEST(TwoThreads, OnAPolicyThatIsRead) {
  const auto pool = testing::tiny_pool();
  const OutcomeTable table = table_of(*pool, "held_out", 3);
  for (const auto& name : policies().names()) {
    if (name == "offload" || name == "knn") continue;  // want other tables
    const auto policy = make_policy(name);
    policy->fit(table);
    const auto alone = policy->decide(table);
    const auto version = policy->version();
    together(threads, [&](int) {
      for (int i = 0; i < 5; ++i) {
        ASSERT_EQ(policy->decide(table).called, alone.called) << name;
        ASSERT_EQ(policy->version(), version) << name;
      }
    });
  }
}

TEST(TwoThreads, OnAPolicyThatIsFitted) {
  const auto pool = testing::tiny_pool();
  const OutcomeTable table = table_of(*pool, "held_out", 3);
  const auto policy = make_policy("cascade", {.bins = 20});
  policy->fit(table);
  const auto alone = policy->decide(table);
  std::atomic<int> fitted = 0, read = 0;
  together(2 * threads, [&](int thread) {
    for (int i = 0; i < 20; ++i) {
      try {
        if (thread == 0) {
          policy->fit(table);
          ++fitted;
        } else {
          ASSERT_EQ(policy->decide(table).called, alone.called);
          ++read;
        }
      } catch (const BusyError&) {
      }
    }
  });
  EXPECT_GT(fitted + read, 0);
}

TEST(TwoThreads, OnAModelThatIsLoaded) {
  const testing::TemporaryFolder folder;
  const std::array<std::shared_ptr<Model>, 2> models = {testing::tiny_model("a", 2, 2),
                                                        testing::tiny_model("a", 2, 9)};
  std::array<std::filesystem::path, 2> files;
  std::array<Tensor, 2> wanted;
  const Tensor images = random_images(5);
  for (std::size_t i = 0; i < 2; ++i) {
    files[i] = folder.path() / ("model" + std::to_string(i));
    save_weights(*models[i], files[i]);
    wanted[i] = host(models[i]).open()->answer(images);
  }
  const auto classifier = host(models[0]).open();
  std::atomic<int> mixed = 0;
  together(threads, [&](int thread) {
    for (int i = 0; i < rounds; ++i) {
      try {
        if (thread == 0) {
          load_weights(*models[0], files[static_cast<std::size_t>(i % 2)]);
        } else {
          const Tensor answer = classifier->answer(images);
          mixed += equal(answer, wanted[0]) || equal(answer, wanted[1]) ? 0 : 1;
        }
      } catch (const BusyError&) {
      }
    }
  });
  EXPECT_EQ(mixed, 0);
}

TEST(TwoThreads, OnALoaderTheSecondIsRefused) {
  Dataset data = make_dataset("noise", random_images(64), testing::random_labels(64),
                              {"left", "middle", "right"});
  Loader loader(data, {{0.0F}, {1.0F}}, {.batch_size = 4, .shuffle = false});
  std::atomic<int> refused = 0, wrong = 0;
  together(threads, [&](int) {
    for (int epoch = 0; epoch < 5; ++epoch) {
      try {
        loader.start_epoch(epoch);
        Batch batch;
        for (std::int64_t first = 0; loader.next(batch); first += 4) {
          wrong += batch.indices.front() == first ? 0 : 1;
        }
      } catch (const BusyError&) {
        ++refused;
      }
    }
  });
  EXPECT_EQ(wrong, 0);
  EXPECT_LT(refused, 10);  // the last one to begin an epoch comes to its end
}

TEST(TwoThreads, OnADriftMonitor) {
  DriftMonitor monitor({{"answer", {0.2, 0.4, 0.6, 0.8}}}, "version");
  together(threads, [&](int) {
    for (int i = 0; i < rounds; ++i) {
      monitor.observe({{"answer", 0.5}});
      ASSERT_GT(monitor.e_value(), 0);
    }
  });
  EXPECT_EQ(monitor.observed(), threads * rounds);
}

TEST(TwoThreads, OnAService) {
  const auto pool = testing::tiny_pool();
  const auto policy = make_policy("cascade");
  policy->fit(table_of(*pool, "held_out", 3));
  const Deployment deployment{testing::tiny_models(), {}, {policy->rule()}, 0, nullptr, 2};
  Service service(deployment, {.workers = 2, .max_batch = 1});  // alike, whoever runs beside
  expect_answers_as_alone([&](const Tensor& images) {
    ServiceRequest request;
    request.images = {images};
    return service.infer(std::move(request)).probabilities;
  });
}

}  // namespace
}  // namespace muxnet
