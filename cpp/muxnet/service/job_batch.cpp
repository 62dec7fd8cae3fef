#include "muxnet/service/job_batch.hpp"

#include <algorithm>

#include "muxnet/routing/model_mask.hpp"

namespace muxnet {

Tensor JobBatch::images() const {
  const CompiledDeployment& deployment = *jobs.front().request->deployment;
  Shape shape = deployment.prepared_shape(stage);
  shape.front() = static_cast<std::int64_t>(jobs.size());
  Tensor result(shape);
  const std::int64_t pixels = result.size() / result.dim(0);
  float* dst = result.data<float>();
  for (const Job& job : jobs) {
    deployment.prepare(stage, job.request->request.images, job.row, dst);
    dst += pixels;
  }
  return result;
}

std::vector<JobBatch> JobBatch::by_request() const {
  std::vector<JobBatch> parts;
  for (const Job& job : jobs) {
    const auto same = [&](const JobBatch& part) {
      return part.jobs.front().request == job.request;
    };
    const auto found = std::find_if(parts.begin(), parts.end(), same);
    if (found == parts.end()) {
      parts.push_back({stage, {job}});
    } else {
      found->jobs.push_back(job);
    }
  }
  return parts;
}

void JobBatch::store(const MultiplexerView& view) const {
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const Job& job = jobs[i];
    if (!job.request->uses_multiplexer()) continue;
    job.request->evidence.store(job.row, view, static_cast<std::int64_t>(i));
  }
}

std::vector<Job> JobBatch::store(const Tensor& answers) const {
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const Job& job = jobs[i];
    job.request->evidence.store(job.row, stage - 1, answers, static_cast<std::int64_t>(i));
  }
  return come_back();
}

std::vector<Job> JobBatch::pass_over() const {
  for (const Job& job : jobs) job.state().failed |= model_bit(stage - 1);
  return come_back();
}

std::vector<Job> JobBatch::come_back() const {
  std::vector<Job> whole;
  for (const Job& job : jobs) {
    RowState& row = job.state();
    if (!row.came(job.step)) continue;
    const std::uint64_t before = row.called;
    row.count_answers();
    if ((row.asked & row.failed) != 0) row.departure = Departure::unreachable;
    const auto& costs = job.request->deployment->costs();
    for (const std::size_t model : models_of(row.called & ~before)) row.cost += costs[model];
    whole.push_back(job);
  }
  return whole;
}

void JobBatch::note(ServiceClock::time_point start, double ms) const {
  const auto images = static_cast<std::int64_t>(jobs.size());
  for (auto job = jobs.begin(); job != jobs.end();) {
    PendingRequest& request = *job->request;
    const auto end = std::find_if(
        job, jobs.end(), [&](const Job& other) { return other.request.get() != &request; });
    const double since = std::chrono::duration<double, std::milli>(start - request.arrived).count();
    request.note({stage, since, since + ms, end - job, images});
    job = end;
  }
}

}  // namespace muxnet
