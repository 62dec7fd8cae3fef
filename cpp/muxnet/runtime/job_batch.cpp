#include "muxnet/runtime/job_batch.hpp"

#include <algorithm>

namespace muxnet {

Tensor JobBatch::images() const {
  const CompiledDeployment& deployment = *jobs.front().request->deployment;
  Shape shape = deployment.input_shape();
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

}  // namespace muxnet
