#include "muxnet/graph/schedule.hpp"

#include <algorithm>
#include <optional>

#include "muxnet/core/parallel.hpp"

namespace muxnet {
namespace {

/// Multiply-accumulates and elements that one thread does in the microseconds which a second one
/// takes to join in.
constexpr std::int64_t worth_two_threads = 65536;

class Compiler {
 public:
  Compiler(const Graph& graph, DType dtype, const PlanOptions& options)
      : options_(options), graph_(graph), dtype_(dtype), readers_(count_readers(graph)) {
    schedule_.parameters = parameter_entries(graph);
    for (const auto& entry : schedule_.parameters) entries_[entry.name] = &entry;
    if (options.precision == Precision::int8) integers_ = int8_elements(graph, options.ranges);
  }

  Schedule run() && {
    add_input();
    for (const auto& node : graph_.nodes()) add_node(node);
    add_outputs();
    plan_forward_buffers();
    if (training()) plan_backward();
    schedule_.planner.allocate();
    bind_arguments();
    return std::move(schedule_);
  }

 private:
  bool training() const { return options_.mode == Mode::train; }

  Shape batched(Shape shape) const {
    shape.front() *= options_.batch;
    return shape;
  }

  std::size_t bytes_of(const Slot& slot) const {
    return static_cast<std::size_t>(storage_size(slot.shape, slot.format.layout)) *
           size_of(slot.format.elements.dtype);
  }

  void add_input() {
    Slot slot;
    slot.format.elements.dtype = dtype_;
    slot.shape = batched(graph_.shape(graph_.input()));
    slot.needs_gradient = false;
    schedule_.slots.push_back(slot);
    primary_.assign(static_cast<std::size_t>(graph_.values()), 0);
  }

  std::size_t add_slot(ValueId value, Format format, bool needs_gradient) {
    Slot slot;
    slot.value = value;
    slot.format = format;
    slot.shape = batched(graph_.shape(value));
    slot.needs_gradient = needs_gradient;
    slot.buffer = schedule_.planner.add(bytes_of(slot));
    schedule_.slots.push_back(std::move(slot));
    return schedule_.slots.size() - 1;
  }

  /// The slot that holds `value` in `format`, converted from its primary slot where it must be.
  std::size_t slot_in(ValueId value, Format format) {
    for (std::size_t i = 0; i < schedule_.slots.size(); ++i) {
      if (schedule_.slots[i].value == value && schedule_.slots[i].format == format) return i;
    }
    return converted(primary_[static_cast<std::size_t>(value)], format);
  }

  /// A new slot with what slot `from` holds.
  std::size_t converted(std::size_t from, Format format) {
    PlanStep step;
    step.src = {from};
    step.dst = add_slot(schedule_.slots[from].value, format, schedule_.slots[from].needs_gradient);
    schedule_.steps.push_back(std::move(step));
    return schedule_.steps.back().dst;
  }

  void add_node(const Node& node) {
    KernelSpec spec;
    spec.op = node.op;
    spec.attributes = node.attributes;
    spec.dst = batched(graph_.shape(node.dst));
    spec.dtype = dtype_;
    spec.training = training();
    spec.needs_diff_src = false;
    for (const ValueId value : node.src) {
      const Slot& slot = schedule_.slots[primary_[static_cast<std::size_t>(value)]];
      spec.src.push_back(slot.shape);
      spec.src_layouts.push_back(slot.format.layout);
      spec.needs_diff_src = spec.needs_diff_src || slot.needs_gradient;
    }
    PlanStep step;
    step.node = &node;
    step.on_one_thread = is_small(spec);
    {
      const ThreadLimit limit(step.on_one_thread ? 1 : threads());  // oneDNN divides work here
      step.kernel = kernel_for(node, spec);
    }
    step.on_one_thread = step.on_one_thread && step.kernel->heeds_thread_limit();
    for (std::size_t i = 0; i < node.src.size(); ++i) {
      step.src.push_back(slot_in(node.src[i], {step.kernel->src_layout(i), src_elements(spec, i)}));
      --readers_[static_cast<std::size_t>(node.src[i])];
    }
    const auto specs = find_operator(node.op).parameters(graph_.src_shapes(node), node.attributes);
    step.dst = add_slot(node.dst, {step.kernel->dst_layout(), dst_elements(spec)},
                        spec.needs_diff_src || !specs.empty());
    if (step.kernel->in_place_src()) share_memory(step, *step.kernel->in_place_src());
    primary_[static_cast<std::size_t>(node.dst)] = step.dst;
    step.workspace = new_buffer(step.kernel->workspace_bytes());
    step.forward_scratch = new_buffer(step.kernel->forward_scratch_bytes());
    if (training()) step.backward_scratch = new_buffer(step.kernel->backward_scratch_bytes());
    for (const auto& parameter : specs) {
      step.parameters.push_back(entries_.at(node.name + "." + parameter.name));
    }
    schedule_.steps.push_back(std::move(step));
  }

  BufferPlanner::Id new_buffer(std::size_t bytes) {
    return bytes > 0 ? schedule_.planner.add(bytes) : no_buffer;
  }

  /// Of the backend asked for where it can do the work, else reference code; in bf16 or int8 where
  /// asked for and possible, which `spec` then says.
  std::unique_ptr<Kernel> kernel_for(const Node& node, KernelSpec& spec) const {
    const bool less = options_.precision == Precision::bf16 || set_integers(node, spec);
    if (less) {
      spec.dtype = options_.precision == Precision::bf16 ? DType::bf16 : DType::s8;
      if (auto kernel = find_kernel(spec, options_.backend)) return kernel;
      spec.dtype = dtype_;
    }
    if (auto kernel = find_kernel(spec, options_.backend)) return kernel;
    return make_kernel(spec, Backend::reference);
  }

  /// Says in what integers the node would read and write; false where it would not.
  bool set_integers(const Node& node, KernelSpec& spec) const {
    if (integers_.empty() || !computes_int8(node)) return false;
    const auto& dst = integers_[static_cast<std::size_t>(node.dst)];
    spec.dst_elements = dst.value_or(Elements{dtype_});
    for (std::size_t i = 0; i < node.src.size(); ++i) {
      // A second input is added where dst is: elements of one size.
      const auto& src = integers_[static_cast<std::size_t>(node.src[i])];
      if (!src) return false;
      spec.src_elements.push_back(i == 0 || dst ? *src : spec.dst_elements);
    }
    return true;
  }

  static Elements src_elements(const KernelSpec& spec, std::size_t index) {
    return spec.dtype == DType::s8 ? spec.src_elements[index] : Elements{spec.dtype};
  }
  static Elements dst_elements(const KernelSpec& spec) {
    return spec.dtype == DType::s8 ? spec.dst_elements : Elements{spec.dtype};
  }

  /// By what there is to do, not by a clock: another number of threads may give other last bits.
  static bool is_small(const KernelSpec& spec) {
    std::int64_t work = find_operator(spec.op).macs(spec.src, spec.attributes) + volume(spec.dst);
    for (const Shape& src : spec.src) work += volume(src);
    return work < worth_two_threads;
  }

  /// Lets dst begin as input `index`: in its memory where nobody reads that any more, else in that
  /// of a copy.
  void share_memory(PlanStep& step, std::size_t index) {
    std::size_t& src = step.src[index];
    const Slot& slot = schedule_.slots[src];
    const bool read_again = readers_[static_cast<std::size_t>(slot.value)] > 0 ||
                            std::count(step.src.begin(), step.src.end(), src) > 1;
    if (read_again || slot.buffer == no_buffer) src = converted(src, slot.format);
    schedule_.slots[step.dst].buffer = schedule_.slots[src].buffer;
  }

  void add_outputs() {
    for (const auto& [name, value] : graph_.outputs()) {
      schedule_.outputs[name] = slot_in(value, {Layout::nchw, {dtype_}});
    }
  }

  void use(BufferPlanner::Id buffer, int time) {
    if (buffer != no_buffer) schedule_.planner.use(buffer, time);
  }

  /// Time of step i is i; its backward happens at 2 n - i, outputs' gradients arrive at n.
  int forward_time(std::size_t step) const { return static_cast<int>(step); }
  int backward_time(std::size_t step) const {
    return 2 * static_cast<int>(schedule_.steps.size()) - static_cast<int>(step);
  }

  void plan_forward_buffers() {
    for (std::size_t i = 0; i < schedule_.steps.size(); ++i) {
      const PlanStep& step = schedule_.steps[i];
      for (const std::size_t src : step.src) use(schedule_.slots[src].buffer, forward_time(i));
      use(schedule_.slots[step.dst].buffer, forward_time(i));
      use(step.workspace, forward_time(i));
      use(step.forward_scratch, forward_time(i));
      use(step.backward_scratch, backward_time(i));
      if (!training() || !step.kernel) continue;
      use(step.workspace, backward_time(i));
      if (step.kernel->backward_reads_dst())
        use(schedule_.slots[step.dst].buffer, backward_time(i));
      if (!step.kernel->backward_reads_src()) continue;
      for (const std::size_t src : step.src) use(schedule_.slots[src].buffer, backward_time(i));
    }
    for (const auto& [name, slot] : schedule_.outputs) {
      if (schedule_.slots[slot].buffer != no_buffer)
        schedule_.planner.pin(schedule_.slots[slot].buffer);
    }
  }

  BufferPlanner::Id new_gradient(const Slot& slot, int time) {
    const auto buffer = schedule_.planner.add(bytes_of(slot));
    use(buffer, time);
    return buffer;
  }

  /// Makes `gradient` (or its sum with what is there) the slot's gradient. Versions are never
  /// changed once read, so that the two inputs of an addition may share one.
  void contribute(std::size_t slot_index, BufferPlanner::Id gradient, int time) {
    Slot& slot = schedule_.slots[slot_index];
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
    schedule_.backward_steps.push_back(std::move(sum));
  }

  void plan_backward() {
    const int start = static_cast<int>(schedule_.steps.size());
    for (const auto& [name, index] : schedule_.outputs) {
      Slot& slot = schedule_.slots[index];
      if (slot.gradient != no_buffer || !slot.needs_gradient) continue;
      slot.gradient = new_gradient(slot, start);
      schedule_.output_gradients[index] = slot.gradient;
    }
    for (std::size_t i = schedule_.steps.size(); i-- > 0;) plan_backward_of(i);
  }

  void plan_backward_of(std::size_t index) {
    const PlanStep& step = schedule_.steps[index];
    const Slot& dst = schedule_.slots[step.dst];
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
      entry.written.push_back(schedule_.slots[src].needs_gradient
                                  ? new_gradient(schedule_.slots[src], time)
                                  : no_buffer);
    }
    const auto written = entry.written;
    schedule_.backward_steps.push_back(std::move(entry));
    for (std::size_t i = 0; i < written.size(); ++i) {
      if (written[i] != no_buffer) contribute(step.src[i], written[i], time);
    }
  }

  /// Both inputs of an addition have the same gradient: dst's own, masked where ReLU is fused.
  void plan_backward_of_add(std::size_t index, int time) {
    const PlanStep& step = schedule_.steps[index];
    BufferPlanner::Id shared = schedule_.slots[step.dst].gradient;
    if (step.node->attributes.integer("relu", 0) != 0) {
      BackwardStep entry;
      entry.step = index;
      entry.read = {shared};
      shared = new_gradient(schedule_.slots[step.dst], time);
      entry.written = {shared, no_buffer};
      schedule_.backward_steps.push_back(std::move(entry));
    }
    for (const std::size_t src : step.src) {
      if (schedule_.slots[src].needs_gradient) contribute(src, shared, time);
    }
  }

  void bind_arguments() {
    for (auto& step : schedule_.steps) {
      for (const std::size_t src : step.src) {
        step.arguments.src.push_back(schedule_.address(schedule_.slots[src].buffer));
      }
      step.arguments.dst = schedule_.address(schedule_.slots[step.dst].buffer);
      step.arguments.workspace = schedule_.address(step.workspace);
    }
    for (const auto& entry : schedule_.backward_steps) {
      if (entry.kind != BackwardStep::Kind::kernel) continue;
      KernelArguments& arguments = schedule_.steps[entry.step].arguments;
      arguments.diff_dst = schedule_.address(entry.read.front());
      arguments.diff_src.clear();
      for (const auto buffer : entry.written)
        arguments.diff_src.push_back(schedule_.address(buffer));
    }
  }

  const PlanOptions& options_;
  const Graph& graph_;
  DType dtype_;
  std::map<std::string, const ParameterEntry*> entries_;
  std::vector<std::size_t> primary_;               ///< slot in the format of its producer, by value
  std::vector<int> readers_;                       ///< still to come, by value
  std::vector<std::optional<Elements>> integers_;  ///< of int8, by value
  Schedule schedule_;
};

}  // namespace

Schedule compile(const Graph& graph, DType dtype, const PlanOptions& options) {
  return Compiler(graph, dtype, options).run();
}

void bind_parameters(Schedule& schedule, Parameters& parameters, Mode mode) {
  for (PlanStep& step : schedule.steps) {
    step.arguments.parameters.clear();
    step.arguments.diff_parameters.clear();
    for (const ParameterEntry* entry : step.parameters) {
      const auto at = [entry](Tensor& flat) -> void* {
        return static_cast<std::byte*>(flat.raw()) +
               static_cast<std::size_t>(entry->offset) * size_of(flat.dtype());
      };
      step.arguments.parameters.push_back(at(parameters.values()));
      const bool wanted = mode == Mode::train && entry->spec.trainable;
      step.arguments.diff_parameters.push_back(wanted ? at(parameters.gradients()) : nullptr);
    }
  }
}

}  // namespace muxnet
