#include "muxnet/graph/plan.hpp"

#include <cstring>
#include <sstream>
#include <utility>

#include "muxnet/core/error.hpp"
#include "muxnet/core/parallel.hpp"
#include "muxnet/graph/schedule.hpp"
#include "muxnet/graph/transform.hpp"

namespace muxnet {
namespace {

/// sum = a + b, all of elements T.
template <class T>
void add_arrays(const void* a, const void* b, void* sum, std::int64_t size) {
  const T* const left = static_cast<const T*>(a);
  const T* const right = static_cast<const T*>(b);
  T* const result = static_cast<T*>(sum);
#pragma omp parallel for simd schedule(static)
  for (std::int64_t i = 0; i < size; ++i) {
    result[i] = static_cast<Compute<T>>(left[i]) + static_cast<Compute<T>>(right[i]);
  }
}

void add_arrays(DType dtype, const void* a, const void* b, void* sum, std::int64_t size) {
  if (dtype == DType::f64) return add_arrays<double>(a, b, sum, size);
  if (dtype == DType::bf16) return add_arrays<bfloat16>(a, b, sum, size);
  add_arrays<float>(a, b, sum, size);
}

}  // namespace

class Plan::Implementation {
 public:
  /// Of inference.
  Implementation(std::shared_ptr<InferenceWeights> weights, const PlanOptions& options)
      : options_(checked(options)),
        graph_(weights->graph()),
        dtype_(weights->dtype()),
        weights_(std::move(weights)),
        schedule_(compile(graph_, dtype_, options_)) {
    require(!training(), "plan", "mode infer with shared weights", "train");
  }

  /// Of training.
  Implementation(const Graph& graph, Parameters& parameters, const PlanOptions& options)
      : options_(checked(options)),
        graph_(fuse(graph, Mode::train)),
        dtype_(parameters.dtype()),
        parameters_(&parameters),
        schedule_(compile(graph_, dtype_, options_)) {
    bind_parameters(schedule_, parameters, Mode::train);
  }

  std::int64_t batch() const { return options_.batch; }

  void forward(const Tensor& images, std::uint64_t seed) {
    const Slot& input = schedule_.slots.front();
    if (images.shape() != input.shape || images.dtype() != dtype_) {
      refuse("plan.forward", text(name_of(dtype_), " images of shape ", to_string(input.shape)),
             text(name_of(images.dtype()), ' ', to_string(images.shape())));
    }
    input_ = images;  // keeps the memory alive for backward
    if (weights_) follow_weights();
    for (std::size_t index = 0; index < schedule_.steps.size(); ++index) run_forward(index, seed);
    ran_forward_ = true;
  }

  Tensor output(const std::string& name) const {
    const Slot& slot = schedule_.slots[output_slot(name)];
    if (slot.value == graph_.input()) return input_;
    return Tensor::borrow(schedule_.planner.address(slot.buffer), slot.shape, dtype_, nullptr);
  }

  void backward(const std::map<std::string, Tensor>& diff_outputs) {
    require(training(), "plan.backward", "a plan in train mode", "one in infer mode");
    require(std::exchange(ran_forward_, false), "plan.backward", "a forward pass before each",
            "none");
    set_output_gradients(diff_outputs);
    for (const auto& entry : schedule_.backward_steps) run_backward(entry);
  }

  std::size_t memory_bytes() const { return schedule_.planner.total_bytes(); }

  std::string describe() const {
    std::ostringstream out;
    for (const auto& step : schedule_.steps) {
      const Slot& dst = schedule_.slots[step.dst];
      out << (step.kernel ? step.node->name : std::string("reorder")) << "  "
          << (step.kernel ? step.kernel->implementation() : std::string("layout")) << "  "
          << name_of(schedule_.slots[step.src.front()].format.layout) << " -> "
          << name_of(dst.format.layout) << "  " << name_of(dst.format.elements.dtype) << ' '
          << to_string(dst.shape) << '\n';
    }
    out << memory_bytes() << " bytes of buffers\n";
    return std::move(out).str();
  }

 private:
  static const PlanOptions& checked(const PlanOptions& options) {
    require(options.batch > 0, "plan", "a batch of at least 1", text(options.batch));
    require(options.precision != Precision::bf16 || supports_bf16(), "plan",
            "precision fp32, as this CPU (or a build without oneDNN) has no bf16", "bf16");
    if (options.precision != Precision::int8) return options;
    require(options.mode == Mode::infer, "plan", "precision fp32 or bf16 to train", "int8");
    require(supports_int8(), "plan",
            "precision fp32, as this CPU (or a build without oneDNN) has no VNNI", "int8");
    require(!options.ranges.empty(), "plan", "the ranges of activations for int8", "none");
    return options;
  }

  bool training() const { return options_.mode == Mode::train; }

  std::size_t bytes_of(const Slot& slot) const {
    return static_cast<std::size_t>(storage_size(slot.shape, slot.format.layout)) *
           size_of(slot.format.elements.dtype);
  }

  std::size_t output_slot(const std::string& name) const {
    graph_.output(name);  // throws with the list of names
    return schedule_.outputs.at(name);
  }

  void follow_weights() {
    if (folded_ && folded_->version == weights_->version()) return;
    folded_ = weights_->current();
    bind_parameters(schedule_, folded_->values, Mode::infer);
  }

  void run_forward(std::size_t index, std::uint64_t seed) {
    PlanStep& step = schedule_.steps[index];
    for (std::size_t i = 0; i < step.src.size(); ++i) {
      if (step.src[i] == 0) step.arguments.src[i] = input_.raw();
    }
    if (!step.kernel) {
      const Slot& src = schedule_.slots[step.src.front()];
      convert_format(step.arguments.src.front(), src.format, step.arguments.dst,
                     schedule_.slots[step.dst].format, src.shape);
      return;
    }
    step.arguments.parameters_version = folded_ ? folded_->version : parameters_->version();
    step.arguments.forms = folded_ ? &folded_->forms : nullptr;
    step.arguments.seed = seed + index;
    step.arguments.scratch = schedule_.address(step.forward_scratch);
    const ThreadLimit limit(step.on_one_thread ? 1 : threads());
    step.kernel->forward(step.arguments);
  }

  void set_output_gradients(const std::map<std::string, Tensor>& diff_outputs) {
    for (const auto& [index, buffer] : schedule_.output_gradients) {
      std::memset(schedule_.address(buffer), 0, bytes_of(schedule_.slots[index]));
    }
    for (const auto& [name, diff] : diff_outputs) {
      const std::size_t index = output_slot(name);
      const Slot& slot = schedule_.slots[index];
      require(diff.shape() == slot.shape && diff.dtype() == dtype_, "plan.backward",
              text("a gradient of '", name, "' of shape ", to_string(slot.shape)),
              text(name_of(diff.dtype()), ' ', to_string(diff.shape())));
      if (schedule_.output_gradients.count(index) == 0) continue;
      // Two names may stand for one value: their gradients add up.
      void* const total = schedule_.address(schedule_.output_gradients.at(index));
      add_arrays(diff.dtype(), diff.raw(), total, total, diff.size());
    }
  }

  void run_backward(const BackwardStep& entry) {
    if (entry.kind == BackwardStep::Kind::kernel) {
      PlanStep& step = schedule_.steps[entry.step];
      step.arguments.scratch = schedule_.address(step.backward_scratch);
      const ThreadLimit limit(step.on_one_thread ? 1 : threads());
      step.kernel->backward(step.arguments);
    } else if (entry.kind == BackwardStep::Kind::reorder) {
      if (entry.written.front() == no_buffer) return;
      const Slot& src = schedule_.slots[schedule_.steps[entry.step].src.front()];
      const Slot& dst = schedule_.slots[schedule_.steps[entry.step].dst];
      convert_format(schedule_.address(entry.read.front()), dst.format,
                     schedule_.address(entry.written.front()), src.format, src.shape);
    } else {
      run_sum(entry);
    }
  }

  void run_sum(const BackwardStep& entry) const {
    const Slot& slot = schedule_.slots[entry.step];
    add_arrays(slot.format.elements.dtype, schedule_.address(entry.read[0]),
               schedule_.address(entry.read[1]), schedule_.address(entry.written.front()),
               storage_size(slot.shape, slot.format.layout));
  }

  PlanOptions options_;
  Graph graph_;
  DType dtype_;
  std::shared_ptr<InferenceWeights> weights_;         ///< of inference alone
  std::shared_ptr<InferenceWeights::Folded> folded_;  ///< of them, which the kernels read
  Parameters* parameters_ = nullptr;                  ///< of training alone
  Schedule schedule_;
  Tensor input_;
  bool ran_forward_ = false;
};

Plan::Plan(const Graph& graph, Parameters& parameters, const PlanOptions& options)
    : implementation_(options.mode == Mode::train
                          ? std::make_unique<Implementation>(graph, parameters, options)
                          : std::make_unique<Implementation>(
                                std::make_shared<InferenceWeights>(graph, parameters), options)) {}
Plan::Plan(std::shared_ptr<InferenceWeights> weights, const PlanOptions& options)
    : implementation_(std::make_unique<Implementation>(std::move(weights), options)) {}
Plan::~Plan() = default;
Plan::Plan(Plan&&) noexcept = default;
Plan& Plan::operator=(Plan&&) noexcept = default;

std::int64_t Plan::batch() const { return implementation_->batch(); }
void Plan::forward(const Tensor& images, std::uint64_t seed) {
  implementation_->forward(images, seed);
}
Tensor Plan::output(const std::string& name) const { return implementation_->output(name); }
void Plan::backward(const std::map<std::string, Tensor>& diff_outputs) {
  implementation_->backward(diff_outputs);
}
std::size_t Plan::memory_bytes() const { return implementation_->memory_bytes(); }
std::string Plan::describe() const { return implementation_->describe(); }

}  // namespace muxnet
