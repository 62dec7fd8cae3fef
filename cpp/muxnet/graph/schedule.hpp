#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "muxnet/graph/buffers.hpp"
#include "muxnet/graph/graph.hpp"
#include "muxnet/graph/parameters.hpp"
#include "muxnet/graph/plan.hpp"
#include "muxnet/ops/kernel.hpp"

namespace muxnet {

constexpr BufferPlanner::Id no_buffer = static_cast<BufferPlanner::Id>(-1);

/// One value in one format. A value that is read in several formats has several slots.
struct Slot {
  ValueId value = 0;
  Format format;
  Shape shape;
  BufferPlanner::Id buffer = no_buffer;
  bool needs_gradient = true;
  /// Latest version of the gradient while the backward schedule is being written.
  BufferPlanner::Id gradient = no_buffer;
};

/// A kernel's application, or a change of format where `kernel` is empty.
struct PlanStep {
  const Node* node = nullptr;
  std::unique_ptr<Kernel> kernel;
  std::vector<std::size_t> src;  ///< slots
  std::size_t dst = 0;
  BufferPlanner::Id workspace = no_buffer;
  BufferPlanner::Id forward_scratch = no_buffer;
  BufferPlanner::Id backward_scratch = no_buffer;
  std::vector<const ParameterEntry*> parameters;  ///< of Schedule::parameters
  KernelArguments arguments;
  bool on_one_thread = false;  ///< too little work for two
};

/// One entry of the backward schedule.
struct BackwardStep {
  enum class Kind { kernel, reorder, sum } kind = Kind::kernel;
  std::size_t step = 0;  ///< forward step, for kernel and reorder
  std::vector<BufferPlanner::Id> read;
  std::vector<BufferPlanner::Id> written;
};

/// What a plan does, in order, with its memory: made once by compile(), run many times.
struct Schedule {
  std::vector<ParameterEntry> parameters;  ///< of the graph
  std::vector<Slot> slots;                 ///< the first is the input, whose memory is the caller's
  std::vector<PlanStep> steps;
  std::vector<BackwardStep> backward_steps;
  std::map<std::string, std::size_t> outputs;                 ///< name -> slot, plain layout
  std::map<std::size_t, BufferPlanner::Id> output_gradients;  ///< slot -> its gradient
  BufferPlanner planner;

  void* address(BufferPlanner::Id buffer) const {
    return buffer == no_buffer ? nullptr : planner.address(buffer);
  }
};

/// Chooses kernels, agrees layouts and places buffers for `graph` as it stands, whose parameters
/// are of `dtype`. The schedule refers to the graph, which must outlive it.
Schedule compile(const Graph& graph, DType dtype, const PlanOptions& options);

/// Lets the kernels read these parameters of its graph and, to train, write their gradients. Must
/// come before the first run.
void bind_parameters(Schedule& schedule, Parameters& parameters, Mode mode);

}  // namespace muxnet
