// The small networks against PyTorch: golden.safetensors is what make_golden.py recorded. At its
// parameters and images the input of every ReLU is 1,000 times float32's largest error there away
// from the kink (at least 2e-3), so that no order of summation lets a mask flip; make_golden.py
// prints these margins.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "muxnet/core/safetensors.hpp"
#include "muxnet/graph/plan.hpp"
#include "muxnet/networks/network.hpp"

namespace muxnet {
namespace {

constexpr std::int64_t batch = 8, side = 16, classes = 10;
constexpr double momentum = 0.9;

/// Words of SplitMix64 started at the FNV-1a hash of a name: the rule of make_golden.py.
class Words {
 public:
  explicit Words(const std::string& name) {
    for (const char c : name) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  double uniform() { return static_cast<double>(next() >> 40) / (1 << 23) - 1; }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325ULL;
};

double initial(double uniform, const std::string& name, const Shape& shape) {
  if (shape.size() > 1) {
    const auto fan_in = static_cast<double>(volume(shape) / shape[0]);
    const double value = uniform * std::sqrt(6.0 / fan_in);
    return shape.size() == 2 ? 0.25 * value : value;
  }
  return name.ends_with("weight") ? 1 + 0.25 * uniform : 0.125 * uniform;
}

const SafeTensors& golden() {
  static const SafeTensors file = load_safetensors(MUXNET_GOLDEN_NETWORKS);
  return file;
}

/// How far a dtype may be from the golden values, which are float64.
struct Tolerance {
  double logits, gradients, losses;
};
template <class T>
Tolerance tolerance() {
  if constexpr (std::is_same_v<T, double>) return {1e-11, 1e-9, 1e-10};
  return {1e-4, 1e-3, 1e-3};
}

/// Four dots with vectors of signs, and the L2 norm: every element of `value` counts in each.
template <class T>
std::vector<double> fingerprint(const std::string& name, const Tensor& value) {
  Words words("signs of " + name);
  std::vector<double> result(5);
  for (const T element : value.span<T>()) {
    const std::uint64_t word = words.next();
    const auto x = static_cast<double>(element);
    for (std::size_t k = 0; k < 4; ++k) result[k] += (word >> k & 1) != 0 ? -x : x;
    result[4] += x * x;
  }
  result[4] = std::sqrt(result[4]);
  return result;
}

/// One network on the recorded batch.
template <class T>
class Run {
 public:
  Run(const std::string& name, Backend backend, Precision precision = Precision::full)
      : name_(name),
        graph_(build_network(name, {3, side, side, classes, 0.0})),
        parameters_(graph_, dtype_of<T>()),
        plan_(graph_, parameters_, {batch, Mode::train, backend, precision}),
        images_({batch, 3, side, side}, dtype_of<T>()),
        setting_(recorded("setting")) {
    for (const auto& entry : parameters_.entries()) {
      if (!entry.spec.trainable) continue;
      Words words(entry.name);
      Tensor value = parameters_.value(entry.name);
      for (T& x : value.template span<T>()) {
        x = static_cast<float>(initial(words.uniform(), entry.name, entry.spec.shape));
      }
      take_recorded(entry.name, value);
    }
    parameters_.changed();
    Words words("images " + std::to_string(static_cast<int>(setting_[0])));
    for (T& x : images_.span<T>()) x = static_cast<T>(words.uniform());
  }

  std::vector<double> recorded(const std::string& key) const {
    const auto values = golden().at(name_ + "/" + key).span<double>();
    return {values.begin(), values.end()};
  }

  /// Forward and backward; the mean cross-entropy.
  double pass() {
    plan_.forward(images_);
    Words words("labels");
    const Tensor logits = plan_.output("logits");
    Tensor diff({batch, classes}, dtype_of<T>());
    double loss = 0;
    for (std::int64_t row = 0; row < batch; ++row) {
      const T* x = logits.data<T>() + row * classes;
      double sum = 0;
      for (std::int64_t k = 0; k < classes; ++k) sum += std::exp(static_cast<double>(x[k]));
      const auto label = static_cast<std::int64_t>(words.next() % classes);
      loss += (std::log(sum) - static_cast<double>(x[label])) / batch;
      for (std::int64_t k = 0; k < classes; ++k) {
        const double p = std::exp(static_cast<double>(x[k])) / sum;
        diff.data<T>()[row * classes + k] = static_cast<T>((p - (k == label ? 1 : 0)) / batch);
      }
    }
    plan_.backward({{"logits", diff}});
    return loss;
  }

  /// SGD with momentum, as torch.optim.SGD.
  void update() {
    velocity_.resize(static_cast<std::size_t>(parameters_.trainable_size()));
    const auto gradients = parameters_.gradients().template span<T>();
    const auto values = parameters_.values().template span<T>();
    for (std::size_t i = 0; i < velocity_.size(); ++i) {
      velocity_[i] = static_cast<T>(momentum) * velocity_[i] + gradients[i];
      values[i] -= static_cast<T>(setting_[1]) * velocity_[i];
    }
    parameters_.changed();
  }

  void expect_logits(double allowed = tolerance<T>().logits) const {
    const auto expected = recorded("logits");
    const Tensor received = plan_.output("logits");
    ASSERT_EQ(received.size(), std::ssize(expected));
    double scale = 0;
    for (const double x : expected) scale = std::max(scale, std::abs(x));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(received.span<T>()[i], expected[i], scale * allowed) << i;
    }
  }

  void expect_gradients_and_buffers() const {
    double largest = 0;
    for (const auto& entry : parameters_.entries()) {
      if (entry.spec.trainable) {
        largest = std::max(largest, recorded("gradients/" + entry.name)[4]);
      }
    }
    // Shifts that the next batch norm takes out again have no gradient but rounding: hence the
    // floor.
    const double floor = 1e-3 * largest;
    for (const auto& entry : parameters_.entries()) {
      const bool trainable = entry.spec.trainable;
      const auto expected = recorded((trainable ? "gradients/" : "buffers/") + entry.name);
      const Tensor value =
          trainable ? parameters_.gradient(entry.name) : parameters_.value(entry.name);
      const auto received = fingerprint<T>(entry.name, value);
      const double limit = (expected[4] + (trainable ? floor : 0.0)) * tolerance<T>().gradients;
      for (std::size_t k = 0; k < expected.size(); ++k) {
        EXPECT_NEAR(received[k], expected[k], limit) << entry.name << ", number " << k;
      }
    }
  }

  /// Parameters, buffers, logits, setting, losses and moved biases: nothing recorded is left out.
  std::size_t tensors() const { return parameters_.entries().size() + 3 + moved_; }

 private:
  /// Biases that were moved off the kinks.
  void take_recorded(const std::string& parameter, Tensor& value) {
    const auto found = golden().tensors.find(name_ + "/parameters/" + parameter);
    if (found == golden().tensors.end()) return;
    const auto recorded = found->second.span<float>();
    std::copy(recorded.begin(), recorded.end(), value.template span<T>().begin());
    ++moved_;
  }

  std::string name_;
  Graph graph_;
  Parameters parameters_;
  Plan plan_;
  Tensor images_;
  std::vector<double> setting_;
  std::vector<T> velocity_;
  std::size_t moved_ = 0;
};

template <class T>
void check(const std::string& name, Backend backend, std::size_t steps = 10) {
  Run<T> run(name, backend);
  const auto losses = run.recorded("losses");
  ASSERT_EQ(losses.size(), 10U);
  for (std::size_t step = 0; step < steps; ++step) {
    EXPECT_NEAR(run.pass(), losses[step], losses[step] * tolerance<T>().losses) << "step " << step;
    if (step == 0) {
      run.expect_logits();
      run.expect_gradients_and_buffers();
    }
    run.update();
  }
  const auto of_network = [&name](const auto& item) { return item.first.starts_with(name + "/"); };
  const auto& tensors = golden().tensors;
  EXPECT_EQ(std::count_if(tensors.begin(), tensors.end(), of_network),
            static_cast<std::ptrdiff_t>(run.tensors()));
}

/// Bounds of 8 bits carried through up to 152 layers; ten steps must learn what float64 learns.
void check_bf16(const std::string& name) {
  if (!supports_bf16()) GTEST_SKIP() << "no bf16 on this CPU or in this build";
  Run<float> run(name, Backend::best, Precision::bf16);
  const auto losses = run.recorded("losses");
  for (std::size_t step = 0; step < losses.size(); ++step) {
    EXPECT_NEAR(run.pass(), losses[step], 0.05 * losses[step]) << "step " << step;
    if (step == 0) run.expect_logits(0.1);
    run.update();
  }
}

class Golden : public ::testing::TestWithParam<const char*> {};

TEST_P(Golden, BestKernelsAgreeWithPyTorch) { check<float>(GetParam(), Backend::best); }
TEST_P(Golden, BlasKernelsAgreeWithPyTorch) { check<float>(GetParam(), Backend::blas); }
TEST_P(Golden, Bf16ComesClose) { check_bf16(GetParam()); }
// Reference kernels are one template for both dtypes: float64 is the harder test of it.
TEST_P(Golden, ReferenceKernelsAgreeWithPyTorchInFloat64) {
  check<double>(GetParam(), Backend::reference, 3);
}

INSTANTIATE_TEST_SUITE_P(SmallNetworks, Golden,
                         ::testing::Values("alexnet_small", "mobilenet_v2_small",
                                           "mnasnet1_0_small", "resnet50_small", "resnet152_small",
                                           "resnext101_32x8d_small"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace muxnet
