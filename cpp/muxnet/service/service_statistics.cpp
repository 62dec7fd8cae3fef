#include "muxnet/service/service_statistics.hpp"

#include <cmath>

#include "muxnet/routing/model_mask.hpp"

namespace muxnet {

double Histogram::upper_bound_ms(std::size_t bucket) {
  return std::ldexp(1.0, static_cast<int>(bucket) - 4);
}

void Histogram::add(double ms) {
  std::size_t bucket = 0;
  while (bucket < bucket_count && ms > upper_bound_ms(bucket)) ++bucket;
  ++buckets_[bucket];
  ++count_;
  sum_ms_ += ms;
}

double Histogram::quantile_ms(double quantile) const {
  const double wanted = quantile * static_cast<double>(count_);
  double seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += static_cast<double>(buckets_[bucket]);
    if (seen > 0 && seen >= wanted) return upper_bound_ms(bucket);
  }
  return 0;
}

void StageStatistics::count(std::int64_t batch_images, double ms) {
  images += batch_images;
  ++batches;
  run.add(ms);
}

double ServiceStatistics::work_ms() const {
  double sum = 0;
  for (const StageStatistics& stage : stages) {
    if (!stage.elsewhere) sum += stage.run.sum_ms();
  }
  return sum;
}

void ServiceStatistics::count(const ServiceAnswer& answer, double reference_cost_each) {
  for (std::size_t row = 0; row < answer.called.size(); ++row) {
    ++images;
    for (const std::size_t model : models_of(answer.called[row])) ++called[model];
    if (answer.departures[row] != Departure::none) ++departures[answer.departures[row]];
    cost += answer.costs[row];
    reference_cost += reference_cost_each;
    if (answer.shadow.empty()) continue;
    ++shadow_images;
    if (answer.shadow[row] == answer.wanted[row]) ++shadow_agreed;
  }
}

}  // namespace muxnet
