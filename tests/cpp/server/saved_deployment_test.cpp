#include "muxnet/server/saved_deployment.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "muxnet/core/json_values.hpp"
#include "muxnet/networks/network.hpp"
#include "muxnet/policies/registry.hpp"
#include "muxnet/runtime/collect.hpp"
#include "muxnet/runtime/endpoint_model.hpp"
#include "muxnet/service/service.hpp"
#include "support/errors.hpp"
#include "support/hosted_models.hpp"
#include "support/temporary_folder.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;

constexpr std::int64_t side = 32, classes = 5;

std::shared_ptr<Model> network(const std::string& name, std::uint64_t seed) {
  auto model = std::make_shared<Model>(
      name, build_network(name, {.channels = 1, .height = side, .width = side, .classes = classes}),
      seed);
  model->normalization = {{0.25F}, {0.5F}};
  return model;
}

Tensor random_bytes(std::int64_t n, std::uint64_t seed) {
  Tensor images({n, 1, side, side}, DType::u8);
  Random random(seed);
  for (auto& value : images.span<std::uint8_t>()) {
    value = static_cast<std::uint8_t>(random.below(256));
  }
  return images;
}

class SavedDeployment : public ::testing::Test {
 protected:
  void SetUp() override {
    served_.models = {host(network("alexnet_small", 1)), host(network("mobilenet_v2_small", 2))};
    const MultiplexerOptions options = looking();
    auto model = std::make_shared<Model>("multiplexer", build_multiplexer(options), 3);
    model->normalization = {{0.25F}, {0.5F}};
    served_.multiplexer = Multiplexer{
        model, Objective::correctness, {}, {served_.models[0].cost, served_.models[1].cost}};
    const ImageFormat format{.channels = 1, .height = side, .width = side};
    served_.formats = {{format, 0}};
    served_.shown = {0, 0, 0};
    for (HostedModel& hosted : served_.models) hosted.images = format;
    served_.class_names = {"a", "b", "c", "d", "e"};
    served_.cost_kind = "macs";
    served_.policy = fitted("hybrid_single");
    served_.shadow = fitted("cascade");
  }

  static MultiplexerOptions looking() {
    return {.channels = 1, .height = side, .width = side, .filters = 4, .models = 2, .meta_dim = 4};
  }

  std::shared_ptr<Policy> fitted(const std::string& name) const {
    const std::int64_t n = 60;
    CollectOptions options;
    options.split = "held_out";
    options.labels = Tensor({n}, DType::i32);
    Random random(9);
    for (auto& label : options.labels.span<std::int32_t>()) {
      label = static_cast<std::int32_t>(random.below(classes));
    }
    const Tensor images = normalize(random_bytes(n, 4), {{0.25F}, {0.5F}});
    const OutcomeTable blind = collect_outcomes(ModelPool(served_.models), images, {}, options);
    const auto view =
        run_multiplexer(*served_.multiplexer, Predictor(*served_.multiplexer->model), images);
    std::shared_ptr<Policy> policy = make_policy(name);
    policy->fit(with_view(blind, view, {{"macs", cost_of(*served_.multiplexer)}}, ""));
    return policy;
  }

  static ServiceAnswer answer(const Served& served) {
    // A batch's size may change the last bit.
    Service service(deployment_of(served, true), {.max_batch = 1});
    ServiceRequest request;
    request.images = {random_bytes(16, 8)};
    return service.infer(std::move(request));
  }

  Served served_;
  testing::TemporaryFolder folder_;
};

TEST_F(SavedDeployment, AnswersAsTheOneThatWasSaved) {
  served_.monitor = std::make_shared<DriftMonitor>(
      std::map<std::string, std::vector<double>>{
          {"answer", {0.5}}, {"first", {0.5}}, {"multiplexer", {0.5}}},
      served_.policy->version());
  save_deployment(served_, looking(), folder_.path());
  const auto loaded = load_deployment(folder_.path(), 0.5);
  EXPECT_EQ(names_of(*loaded), names_of(served_));
  EXPECT_EQ(loaded->class_names, served_.class_names);
  EXPECT_EQ(loaded->least_accuracy, 0.5);
  EXPECT_NE(loaded->monitor, nullptr);
  const ServiceAnswer expected = answer(served_), found = answer(*loaded);
  ASSERT_EQ(found.status, ServiceStatus::ok) << found.message;
  EXPECT_EQ(found.called, expected.called);
  EXPECT_EQ(found.shadow, expected.shadow);
  EXPECT_EQ(found.records, expected.records);
  EXPECT_EQ(found.costs, expected.costs);
}

TEST_F(SavedDeployment, KeepsOnnxFilesAndEndpoints) {
  const auto file = folder_.path() / "given.onnx";
  std::ofstream(file) << testing::small_as_onnx();
  HostedModel local = testing::outside("local", {});
  local = host_onnx(std::move(local), {file, {}}, AnswerKind::logits);
  HostedModel remote = testing::outside("remote", {});
  RemoteModelOptions options;
  options.server.url = "http://127.0.0.1:1";
  options.server.bearer_token = "secret";
  options.endpoint.model = "large";
  options.in_flight = 7;
  remote = host_endpoint(std::move(remote), options, AnswerKind::scores);
  OutcomeFields fields;
  served_ = {};
  served_.models = {local, remote};
  Tensor probabilities({8, 2, testing::classes});
  for (float& p : probabilities.span<float>()) p = 1.0F / testing::classes;
  fields.models = {"local", "remote"};
  fields.probabilities = probabilities;
  fields.labels = Tensor({8}, DType::i32);
  fields.costs["cost"] = {1, 2};
  fields.split = "held_out";
  PolicyOptions chosen;
  chosen.cost_kind = "cost";
  std::shared_ptr<Policy> policy = make_policy("cascade", chosen);
  policy->fit(OutcomeTable(std::move(fields)));
  served_.policy = policy;
  served_.class_names = {"a", "b", "c"};
  served_.formats = {{ImageFormat{.channels = 1, .height = 4, .width = 4}, 0}};
  served_.shown = {0, 0, 0};
  served_.cost_kind = "cost";
  const auto saved = folder_.path() / "saved";
  save_deployment(served_, {}, saved);
  using std::filesystem::perms;
  const auto token = std::filesystem::status(saved / "models/1/token").permissions();
  EXPECT_EQ(token & (perms::group_all | perms::others_all), perms::none);
  std::filesystem::remove(file);
  const auto loaded = load_deployment(saved);
  EXPECT_EQ(loaded->models[0].answers, AnswerKind::logits);
  const RemoteModelOptions& asked = loaded->models[1].elsewhere->options();
  EXPECT_EQ(asked.server.url, "http://127.0.0.1:1");
  EXPECT_EQ(asked.server.bearer_token, "secret");
  EXPECT_EQ(asked.endpoint.model, "large");
  EXPECT_EQ(asked.in_flight, 7);
}

TEST_F(SavedDeployment, RefusesAModelThatOnlyThisProcessHas) {
  served_.models[0].made_of = {};
  const auto error = error_of([&] { save_deployment(served_, looking(), folder_.path()); });
  EXPECT_TRUE(contains(error, "one that only this process has")) << error;
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / deployment_file));
}

TEST_F(SavedDeployment, RefusesFilesThatDoNotBelongTogether) {
  save_deployment(served_, looking(), folder_.path());
  const auto policy = folder_.path() / "policy.json";
  std::ofstream(policy, std::ios::app) << "\n";
  auto error = error_of([&] { load_deployment(folder_.path()); });
  EXPECT_TRUE(contains(error, "[policy.json] expected the file that was written with it")) << error;
  std::filesystem::remove(policy);
  EXPECT_THROW(load_deployment(folder_.path()), FileError);
}

TEST_F(SavedDeployment, RefusesFilesOutsideOfItsFolder) {
  save_deployment(served_, looking(), folder_.path());
  const auto path = folder_.path() / deployment_file;
  auto said = read_json(path);
  said["models"][0]["network"]["weights"] = "../weights.safetensors";
  std::ofstream(path, std::ios::trunc) << said.dump();
  const auto error = error_of([&] { load_deployment(folder_.path()); });
  EXPECT_TRUE(contains(error, "one in the deployment's folder")) << error;
}

}  // namespace
}  // namespace muxnet
