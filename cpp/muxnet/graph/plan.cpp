#include "muxnet/graph/plan.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "muxnet/core/error.hpp"
#include "muxnet/graph/buffers.hpp"
#include "muxnet/graph/transform.hpp"

namespace muxnet {
namespace {

constexpr BufferPlanner::Id no_buffer = static_cast<BufferPlanner::Id>(-1);

/// One value in one layout. A value that is read in several layouts has several slots.
struct Slot {
  ValueId value = 0;
  Layout layout = Layout::nchw;
  Shape shape;
  BufferPlanner::Id buffer = no_buffer;
  bool needs_gradient = true;
  /// Latest version of the gradient while the backward schedule is being written.
  BufferPlanner::Id gradient = no_buffer;
};

/// A kernel's application, or a change of layout where `kernel` is empty.
struct Step {
  const Node* node = nullptr;
  std::unique_ptr<Kernel> kernel;
  std::vector<std::size_t> src;  ///< slots
  std::size_t dst = 0;
  BufferPlanner::Id workspace = no_buffer;
  KernelArguments arguments;
};

/// One entry of the backward schedule.
struct BackwardStep {
  enum class Kind { kernel, reorder, sum } kind = Kind::kernel;
  std::size_t step = 0;  ///< forward step, for kernel and reorder
  std::vector<BufferPlanner::Id> read;
  std::vector<BufferPlanner::Id> written;
};

template <class T>
void add_arrays(const T* a, const T* b, T* sum, std::int64_t size) {
#pragma omp parallel for simd schedule(static)
  for (std::int64_t i = 0; i < size; ++i) sum[i] = a[i] + b[i];
}

}  // namespace

class Plan::Implementation {
 public:
  Implementation(const Graph& graph, Parameters& parameters, const PlanOptions& options)
      : options_(options),
        original_(graph),
        graph_(options.mode == Mode::infer ? fold_batch_norm(fuse_relu(graph, Mode::infer))
                                           : fuse_relu(graph, Mode::train)),
        source_(parameters) {
    require(options.batch > 0, "plan", "a batch of at least 1", text(options.batch));
    if (training()) {
      parameters_ = &parameters;
    } else {
      folded_.emplace(graph_, parameters.dtype());
      parameters_ = &*folded_;
    }
    for (const auto& entry : parameters_->entries()) offsets_[entry.name] = &entry;
    add_input();
    for (const auto& node : graph_.nodes()) add_node(node);
    add_outputs();
    plan_forward_buffers();
    if (training()) plan_backward();
    planner_.allocate();
    bind_arguments();
  }

  std::int64_t batch() const { return options_.batch; }

  void forward(const Tensor& images, std::uint64_t seed) {
    const Slot& input = slots_.front();
    require(images.shape() == input.shape && images.dtype() == parameters_->dtype(), "plan.forward",
            text(name_of(parameters_->dtype()), " images of shape ", to_string(input.shape)),
            text(name_of(images.dtype()), ' ', to_string(images.shape())));
    input_ = images;  // keeps the memory alive for backward
    refresh_folded();
    for (std::size_t index = 0; index < steps_.size(); ++index) run_forward(index, seed);
    ran_forward_ = true;
  }

  Tensor output(const std::string& name) const {
    const Slot& slot = slots_[output_slot(name)];
    if (slot.value == graph_.input()) return input_;
    return Tensor::borrow(planner_.address(slot.buffer), slot.shape, parameters_->dtype(), nullptr);
  }

  void backward(const std::map<std::string, Tensor>& diff_outputs) {
    require(training(), "plan.backward", "a plan in train mode", "one in infer mode");
    require(ran_forward_, "plan.backward", "a forward pass before it", "none");
    set_output_gradients(diff_outputs);
    for (const auto& entry : backward_steps_) run_backward(entry);
  }

  std::size_t memory_bytes() const { return planner_.total_bytes(); }

  std::string describe() const {
    std::ostringstream out;
    for (const auto& step : steps_) {
      const Slot& dst = slots_[step.dst];
      out << (step.kernel ? step.node->name : std::string("reorder")) << "  "
          << (step.kernel ? step.kernel->implementation() : std::string("layout")) << "  "
          << name_of(slots_[step.src.front()].layout) << " -> " << name_of(dst.layout) << "  "
          << to_string(dst.shape) << '\n';
    }
    out << memory_bytes() << " bytes of buffers\n";
    return std::move(out).str();
  }

 private:
  bool training() const { return options_.mode == Mode::train; }
  std::size_t element_size() const { return size_of(parameters_->dtype()); }

  Shape batched(Shape shape) const {
    shape.front() *= options_.batch;
    return shape;
  }

  std::size_t bytes_of(const Slot& slot) const {
    return static_cast<std::size_t>(storage_size(slot.shape, slot.layout)) * element_size();
  }

  void add_input() {
    Slot slot;
    slot.shape = batched(graph_.shape(graph_.input()));
    slot.needs_gradient = false;
    slots_.push_back(slot);
    primary_.assign(static_cast<std::size_t>(graph_.values()), 0);
  }

  std::size_t add_slot(ValueId value, Layout layout, bool needs_gradient) {
    Slot slot;
    slot.value = value;
    slot.layout = layout;
    slot.shape = batched(graph_.shape(value));
    slot.needs_gradient = needs_gradient;
    slot.buffer = planner_.add(bytes_of(slot));
    slots_.push_back(std::move(slot));
    return slots_.size() - 1;
  }

  /// The slot that holds `value` in `layout`, reordered from its primary slot where it must be.
  std::size_t slot_in(ValueId value, Layout layout) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].value == value && slots_[i].layout == layout) return i;
    }
    const std::size_t from = primary_[static_cast<std::size_t>(value)];
    Step step;
    step.src = {from};
    step.dst = add_slot(value, layout, slots_[from].needs_gradient);
    steps_.push_back(std::move(step));
    return steps_.back().dst;
  }

  void add_node(const Node& node) {
    KernelSpec spec;
    spec.op = node.op;
    spec.attributes = node.attributes;
    spec.dst = batched(graph_.shape(node.dst));
    spec.dtype = parameters_->dtype();
    spec.training = training();
    spec.needs_diff_src = false;
    for (const ValueId value : node.src) {
      const Slot& slot = slots_[primary_[static_cast<std::size_t>(value)]];
      spec.src.push_back(slot.shape);
      spec.src_layouts.push_back(slot.layout);
      spec.needs_diff_src = spec.needs_diff_src || slot.needs_gradient;
    }
    Step step;
    step.node = &node;
    step.kernel = make_kernel(spec, backend_for(spec));
    for (std::size_t i = 0; i < node.src.size(); ++i) {
      step.src.push_back(slot_in(node.src[i], step.kernel->src_layout(i)));
    }
    const auto specs = find_operator(node.op).parameters(graph_.src_shapes(node), node.attributes);
    step.dst = add_slot(node.dst, step.kernel->dst_layout(), spec.needs_diff_src || !specs.empty());
    primary_[static_cast<std::size_t>(node.dst)] = step.dst;
    if (step.kernel->workspace_bytes() > 0) {
      step.workspace = planner_.add(step.kernel->workspace_bytes());
    }
    for (const auto& parameter : specs) bind_parameter(step, node.name + "." + parameter.name);
    steps_.push_back(std::move(step));
  }

  /// The backend asked for where it can do the work, else reference code.
  Backend backend_for(const KernelSpec& spec) const {
    if (options_.backend == Backend::best) return Backend::best;
    const auto able = backends_for(spec);
    const bool found = std::find(able.begin(), able.end(), options_.backend) != able.end();
    return found ? options_.backend : Backend::reference;
  }

  void bind_parameter(Step& step, const std::string& name) {
    const ParameterEntry& entry = *offsets_.at(name);
    const auto at = [&](Tensor& flat) {
      return static_cast<void*>(static_cast<std::byte*>(flat.raw()) +
                                static_cast<std::size_t>(entry.offset) * element_size());
    };
    step.arguments.parameters.push_back(at(parameters_->values()));
    step.arguments.diff_parameters.push_back(entry.spec.trainable ? at(parameters_->gradients())
                                                                  : nullptr);
  }

  void add_outputs() {
    for (const auto& [name, value] : graph_.outputs()) {
      outputs_[name] = slot_in(value, Layout::nchw);
    }
  }

  std::size_t output_slot(const std::string& name) const {
    graph_.output(name);  // throws with the list of names
    return outputs_.at(name);
  }

  void use(BufferPlanner::Id buffer, int time) {
    if (buffer != no_buffer) planner_.use(buffer, time);
  }

  /// Time of step i is i; its backward happens at 2 n - i, outputs' gradients arrive at n.
  int forward_time(std::size_t step) const { return static_cast<int>(step); }
  int backward_time(std::size_t step) const {
    return 2 * static_cast<int>(steps_.size()) - static_cast<int>(step);
  }

  void plan_forward_buffers() {
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const Step& step = steps_[i];
      for (const std::size_t src : step.src) use(slots_[src].buffer, forward_time(i));
      use(slots_[step.dst].buffer, forward_time(i));
      use(step.workspace, forward_time(i));
      if (!training() || !step.kernel) continue;
      use(step.workspace, backward_time(i));
      if (step.kernel->backward_reads_dst()) use(slots_[step.dst].buffer, backward_time(i));
      if (!step.kernel->backward_reads_src()) continue;
      for (const std::size_t src : step.src) use(slots_[src].buffer, backward_time(i));
    }
    for (const auto& [name, slot] : outputs_) {
      if (slots_[slot].buffer != no_buffer) planner_.pin(slots_[slot].buffer);
    }
  }

  BufferPlanner::Id new_gradient(const Slot& slot, int time) {
    const auto buffer = planner_.add(bytes_of(slot));
    use(buffer, time);
    return buffer;
  }

  /// Makes `gradient` (or its sum with what is there) the slot's gradient. Versions are never
  /// changed once read, so that the two inputs of an addition may share one.
  void contribute(std::size_t slot_index, BufferPlanner::Id gradient, int time) {
    Slot& slot = slots_[slot_index];
    if (slot.gradient == no_buffer) {
      slot.gradient = gradient;
      return;
    }
    BackwardStep sum;
    sum.kind = BackwardStep::Kind::sum;
    sum.step = slot_index;
    sum.read = {slot.gradient, gradient};
    use(slot.gradient, time);
    use(gradient, time);
    slot.gradient = new_gradient(slot, time);
    sum.written = {slot.gradient};
    backward_steps_.push_back(std::move(sum));
  }

  void plan_backward() {
    const int start = static_cast<int>(steps_.size());
    for (const auto& [name, index] : outputs_) {
      Slot& slot = slots_[index];
      if (slot.gradient != no_buffer || !slot.needs_gradient) continue;
      slot.gradient = new_gradient(slot, start);
      output_gradients_[index] = slot.gradient;
    }
    for (std::size_t i = steps_.size(); i-- > 0;) plan_backward_of(i);
  }

  void plan_backward_of(std::size_t index) {
    const Step& step = steps_[index];
    const Slot& dst = slots_[step.dst];
    if (dst.gradient == no_buffer) return;  // nothing that is asked for depends on it
    const int time = backward_time(index);
    use(dst.gradient, time);
    if (step.kernel && step.node->op == "add") {
      plan_backward_of_add(index, time);
      return;
    }
    BackwardStep entry;
    entry.kind = step.kernel ? BackwardStep::Kind::kernel : BackwardStep::Kind::reorder;
    entry.step = index;
    entry.read = {dst.gradient};
    for (const std::size_t src : step.src) {
      entry.written.push_back(slots_[src].needs_gradient ? new_gradient(slots_[src], time)
                                                         : no_buffer);
    }
    const auto written = entry.written;
    backward_steps_.push_back(std::move(entry));
    for (std::size_t i = 0; i < written.size(); ++i) {
      if (written[i] != no_buffer) contribute(step.src[i], written[i], time);
    }
  }

  /// Both inputs of an addition have the same gradient: dst's own, masked where ReLU is fused.
  void plan_backward_of_add(std::size_t index, int time) {
    const Step& step = steps_[index];
    BufferPlanner::Id shared = slots_[step.dst].gradient;
    if (step.node->attributes.integer("relu", 0) != 0) {
      BackwardStep entry;
      entry.step = index;
      entry.read = {shared};
      shared = new_gradient(slots_[step.dst], time);
      entry.written = {shared, no_buffer};
      backward_steps_.push_back(std::move(entry));
    }
    for (const std::size_t src : step.src) {
      if (slots_[src].needs_gradient) contribute(src, shared, time);
    }
  }

  void* address(BufferPlanner::Id buffer) const {
    return buffer == no_buffer ? nullptr : planner_.address(buffer);
  }

  void bind_arguments() {
    for (auto& step : steps_) {
      for (const std::size_t src : step.src) {
        step.arguments.src.push_back(address(slots_[src].buffer));
      }
      step.arguments.dst = address(slots_[step.dst].buffer);
      step.arguments.workspace = address(step.workspace);
    }
    for (const auto& entry : backward_steps_) {
      if (entry.kind != BackwardStep::Kind::kernel) continue;
      KernelArguments& arguments = steps_[entry.step].arguments;
      arguments.diff_dst = address(entry.read.front());
      arguments.diff_src.clear();
      for (const auto buffer : entry.written) arguments.diff_src.push_back(address(buffer));
    }
  }

  void refresh_folded() {
    if (!folded_ || folded_version_ == source_.version()) return;
    fold_parameters(fuse_relu(original_, Mode::infer), source_, *folded_);
    folded_version_ = source_.version();
  }

  void run_forward(std::size_t index, std::uint64_t seed) {
    Step& step = steps_[index];
    for (std::size_t i = 0; i < step.src.size(); ++i) {
      if (step.src[i] == 0) step.arguments.src[i] = input_.raw();
    }
    if (!step.kernel) {
      const Slot& src = slots_[step.src.front()];
      convert_layout(step.arguments.src.front(), src.layout, step.arguments.dst,
                     slots_[step.dst].layout, src.shape, parameters_->dtype());
      return;
    }
    step.arguments.parameters_version = parameters_->version();
    step.arguments.seed = seed + index;
    step.kernel->forward(step.arguments);
  }

  void set_output_gradients(const std::map<std::string, Tensor>& diff_outputs) {
    for (const auto& [index, buffer] : output_gradients_) {
      std::memset(address(buffer), 0, bytes_of(slots_[index]));
    }
    for (const auto& [name, diff] : diff_outputs) {
      const std::size_t index = output_slot(name);
      const Slot& slot = slots_[index];
      require(diff.shape() == slot.shape && diff.dtype() == parameters_->dtype(), "plan.backward",
              text("a gradient of '", name, "' of shape ", to_string(slot.shape)),
              text(name_of(diff.dtype()), ' ', to_string(diff.shape())));
      if (output_gradients_.count(index) == 0) continue;
      add_output_gradient(diff, address(output_gradients_.at(index)));
    }
  }

  /// Two names may stand for one value: their gradients add up.
  void add_output_gradient(const Tensor& diff, void* total) const {
    if (diff.dtype() == DType::f64) {
      add_arrays(diff.data<double>(), static_cast<double*>(total), static_cast<double*>(total),
                 diff.size());
    } else {
      add_arrays(diff.data<float>(), static_cast<float*>(total), static_cast<float*>(total),
                 diff.size());
    }
  }

  void run_backward(const BackwardStep& entry) {
    if (entry.kind == BackwardStep::Kind::kernel) {
      steps_[entry.step].kernel->backward(steps_[entry.step].arguments);
    } else if (entry.kind == BackwardStep::Kind::reorder) {
      if (entry.written.front() == no_buffer) return;
      const Slot& src = slots_[steps_[entry.step].src.front()];
      const Slot& dst = slots_[steps_[entry.step].dst];
      convert_layout(address(entry.read.front()), dst.layout, address(entry.written.front()),
                     src.layout, src.shape, parameters_->dtype());
    } else {
      run_sum(entry);
    }
  }

  void run_sum(const BackwardStep& entry) const {
    const Slot& slot = slots_[entry.step];
    const std::int64_t size = storage_size(slot.shape, slot.layout);
    const void* a = address(entry.read[0]);
    const void* b = address(entry.read[1]);
    void* sum = address(entry.written.front());
    if (parameters_->dtype() == DType::f64) {
      add_arrays(static_cast<const double*>(a), static_cast<const double*>(b),
                 static_cast<double*>(sum), size);
    } else {
      add_arrays(static_cast<const float*>(a), static_cast<const float*>(b),
                 static_cast<float*>(sum), size);
    }
  }

  PlanOptions options_;
  Graph original_;
  Graph graph_;
  Parameters& source_;
  std::optional<Parameters> folded_;
  std::uint64_t folded_version_ = 0;
  Parameters* parameters_ = nullptr;
  std::map<std::string, const ParameterEntry*> offsets_;

  BufferPlanner planner_;
  std::vector<Slot> slots_;
  std::vector<std::size_t> primary_;  ///< slot in the layout of its producer, by value
  std::vector<Step> steps_;
  std::vector<BackwardStep> backward_steps_;
  std::map<std::string, std::size_t> outputs_;
  std::map<std::size_t, BufferPlanner::Id> output_gradients_;
  Tensor input_;
  bool ran_forward_ = false;
};

Plan::Plan(const Graph& graph, Parameters& parameters, const PlanOptions& options)
    : implementation_(std::make_unique<Implementation>(graph, parameters, options)) {}
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
