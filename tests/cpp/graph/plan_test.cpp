#include "muxnet/graph/plan.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "graphs.hpp"
#include "support/errors.hpp"
#include "support/gradient_check.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;
using testing::fill_normal;
using testing::Int;
using testing::residual_graph;

/// dot(outputs, fixed cotangents) of a plan in train mode, its running statistics left alone.
class Scalar {
 public:
  Scalar(const Graph& graph, DType dtype, Backend backend, Int batch,
         Precision precision = Precision::full)
      : parameters_(graph, dtype),
        plan_(graph, parameters_,
              {.batch = batch, .mode = Mode::train, .backend = backend, .precision = precision}),
        images_({batch, 3, 8, 8}, dtype) {
    parameters_.initialize(1);
    for (const auto& [name, value] : graph.outputs()) {
      Shape shape = graph.shape(value);
      shape.front() = batch;
      cotangents_[name] = Tensor(shape, dtype);
    }
  }

  template <class T>
  void draw() {
    fill_normal<T>(images_, 5);
    std::uint64_t seed = 6;
    for (auto& [name, tensor] : cotangents_) fill_normal<T>(tensor, seed++);
  }

  template <class T>
  double operator()() {
    parameters_.changed();
    plan_.forward(images_);
    double sum = 0;
    for (const auto& [name, cotangent] : cotangents_) {
      Tensor output = plan_.output(name);
      const std::span<T> values = output.span<T>();
      const Tensor& weights = cotangent;
      sum += std::inner_product(values.begin(), values.end(), weights.data<T>(), 0.0);
    }
    return sum;
  }

  void backward() { plan_.backward(cotangents_); }
  Parameters& parameters() { return parameters_; }
  Plan& plan() { return plan_; }
  const std::map<std::string, Tensor>& cotangents() const { return cotangents_; }

 private:
  Parameters parameters_;
  Plan plan_;
  Tensor images_;
  std::map<std::string, Tensor> cotangents_;
};

TEST(Plan, GradientOfAWholeNetworkIsRight) {
  Scalar f(residual_graph(4), DType::f64, Backend::reference, 2);
  f.draw<double>();
  f.operator()<double>();
  for (double& value : f.parameters().gradients().span<double>()) value = NAN;
  f.backward();
  const Tensor analytic = f.parameters().gradients().clone();
  Tensor values = f.parameters().values();
  const auto trainable = static_cast<std::size_t>(f.parameters().trainable_size());
  // Kinks of ReLU and max pool lie close to some activations: the smallest steps stay clear.
  testing::GradientCheckOptions options;
  options.rtol = 2e-5;
  options.atol = 1e-8;
  EXPECT_TRUE(testing::gradients_match([&] { return f.operator()<double>(); },
                                       values.span<double>().first(trainable),
                                       analytic.span<double>(), options));
}

/// One forward and backward pass of a plan in float against reference kernels in float64: outputs
/// within `allowed`, gradients within `of_gradients` in the relative L2 norm.
void expect_trains_as_reference(Backend backend, Precision precision, double allowed,
                                double of_gradients) {
  const Graph graph = residual_graph(16);
  Scalar reference(graph, DType::f64, Backend::reference, 4);
  Scalar fast(graph, DType::f32, backend, 4, precision);
  reference.draw<double>();
  fast.draw<float>();
  for (Int i = 0; i < reference.parameters().values().size(); ++i) {
    reference.parameters().values().data<double>()[i] = fast.parameters().values().data<float>()[i];
  }
  EXPECT_NEAR(fast.operator()<float>(), reference.operator()<double>(), allowed);
  reference.backward();
  fast.backward();
  double difference = 0, norm = 0;
  for (Int i = 0; i < reference.parameters().trainable_size(); ++i) {
    const double wanted = reference.parameters().gradients().data<double>()[i];
    const double got = fast.parameters().gradients().data<float>()[i];
    difference += (wanted - got) * (wanted - got);
    norm += wanted * wanted;
  }
  EXPECT_LT(std::sqrt(difference / norm), of_gradients);
}

class FastBackend : public ::testing::TestWithParam<Backend> {};

TEST_P(FastBackend, TrainsAsTheReferenceDoes) {
  expect_trains_as_reference(GetParam(), Precision::full, 1e-3, 1e-4);
}

TEST(Plan, TrainsInBf16NearlyAsTheReferenceDoes) {
  if (!supports_bf16()) GTEST_SKIP() << "no bf16 on this CPU or in this build";
  // Where rounding moves a value across a kink of ReLU, a gradient appears or goes.
  expect_trains_as_reference(Backend::best, Precision::bf16, 0.3, 0.15);
}

TEST(Plan, Bf16IsAnErrorWhereThereIsNone) {
  if (supports_bf16()) GTEST_SKIP() << "this CPU has bf16";
  const Graph graph = residual_graph();
  Parameters parameters(graph);
  EXPECT_TRUE(contains(error_of<std::invalid_argument>(
                           [&] { Plan(graph, parameters, {.precision = Precision::bf16}); }),
                       "[plan] expected precision fp32"));
}

INSTANTIATE_TEST_SUITE_P(Backends, FastBackend,
                         ::testing::Values(Backend::best, Backend::blas, Backend::onednn),
                         [](const auto& backend) { return std::string(name_of(backend.param)); });

TEST(Plan, InferenceFoldsWithoutChangingAnswers) {
  const Graph graph = residual_graph(16, false);
  Parameters parameters(graph);
  parameters.initialize(2);
  testing::set_statistics(parameters);
  Parameters exact(graph, DType::f64);
  for (Int i = 0; i < exact.values().size(); ++i) {
    exact.values().data<double>()[i] = parameters.values().data<float>()[i];
  }
  Tensor images({3, 3, 8, 8}), exact_images({3, 3, 8, 8}, DType::f64);
  fill_normal<float>(images, 1);
  for (Int i = 0; i < images.size(); ++i) {
    exact_images.data<double>()[i] = images.data<float>()[i];
  }
  Plan fast(graph, parameters, {.batch = 3});
  Plan reference(graph, exact, {.batch = 3, .backend = Backend::reference});
  EXPECT_EQ(fast.describe().find("batch_norm"), std::string::npos);
  fast.forward(images);
  reference.forward(exact_images);
  for (const char* name : {"logits", "embedding", "unit"}) {
    const Tensor got = fast.output(name), wanted = reference.output(name);
    for (Int i = 0; i < got.size(); ++i) {
      EXPECT_NEAR(got.data<float>()[i], wanted.data<double>()[i], 2e-5) << name;
    }
  }
}

TEST(Plan, InferenceSeesNewWeights) {
  const Graph graph = residual_graph();
  Parameters parameters(graph);
  Plan plan(graph, parameters, {.batch = 1});
  Tensor images({1, 3, 8, 8});
  fill_normal<float>(images, 1);
  plan.forward(images);
  const float before = plan.output("logits").data<float>()[0];
  Tensor bias = parameters.value("fc.bias");
  bias.data<float>()[0] += 1;
  parameters.changed();
  plan.forward(images);
  EXPECT_NEAR(plan.output("logits").data<float>()[0], before + 1, 1e-6);
}

TEST(Plan, RepeatsToTheSameBits) {
  Scalar f(residual_graph(), DType::f32, Backend::best, 8);
  f.draw<float>();
  f.operator()<float>();
  f.backward();
  const Tensor first = f.parameters().gradients().clone();
  f.operator()<float>();
  f.backward();
  for (Int i = 0; i < first.size(); ++i) {
    ASSERT_EQ(first.data<float>()[i], f.parameters().gradients().data<float>()[i]) << i;
  }
}

TEST(Plan, OutputsLeftOutCountAsZero) {
  Scalar f(residual_graph(), DType::f32, Backend::best, 2);
  f.draw<float>();
  f.operator()<float>();
  auto zero = f.cotangents();
  zero["unit"] = Tensor(zero["unit"].shape());
  f.plan().backward(zero);
  const Tensor wanted = f.parameters().gradients().clone();
  zero.erase("unit");
  EXPECT_THROW(f.plan().backward(zero), std::invalid_argument) << "activations are gone";
  f.operator()<float>();
  f.plan().backward(zero);
  for (Int i = 0; i < wanted.size(); ++i) {
    ASSERT_EQ(wanted.data<float>()[i], f.parameters().gradients().data<float>()[i]);
  }
}

TEST(Plan, SharesMemoryAmongBuffersThatDoNotMeet) {
  const Graph graph = residual_graph(16);
  Parameters parameters(graph);
  const Plan train(graph, parameters, {.batch = 8, .mode = Mode::train});
  const Plan infer(graph, parameters, {.batch = 8});
  const std::size_t activation = 8 * 16 * 8 * 8 * sizeof(float);
  EXPECT_LT(infer.memory_bytes(), 5 * activation);
  EXPECT_LT(infer.memory_bytes(), train.memory_bytes() / 2);
}

TEST(Plan, SaysWhatDoesNotFit) {
  const Graph graph = residual_graph();
  Parameters parameters(graph);
  Plan plan(graph, parameters, {.batch = 2});
  const auto text = error_of<std::invalid_argument>([&] { plan.forward(Tensor({3, 3, 8, 8})); });
  EXPECT_TRUE(contains(text, "(2, 3, 8, 8)"));
  EXPECT_TRUE(contains(text, "(3, 3, 8, 8)"));
  EXPECT_THROW(plan.output("scores"), std::invalid_argument);
  plan.forward(Tensor({2, 3, 8, 8}));
  EXPECT_THROW(plan.backward({}), std::invalid_argument);
  Plan train(graph, parameters, {.batch = 2, .mode = Mode::train});
  EXPECT_THROW(train.backward({}), std::invalid_argument);
  train.forward(Tensor({2, 3, 8, 8}));
  EXPECT_THROW(train.backward({{"logits", Tensor({2, 4})}}), std::invalid_argument);
  EXPECT_THROW(Plan(graph, parameters, {.batch = 0}), std::invalid_argument);
}

}  // namespace
}  // namespace muxnet
