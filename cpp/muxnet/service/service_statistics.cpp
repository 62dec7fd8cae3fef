#include "muxnet/service/service_statistics.hpp"

#include <bit>
#include <cmath>

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

void ServiceStatistics::count(const ServiceAnswer& answer, double reference_macs_each) {
  for (std::size_t row = 0; row < answer.called.size(); ++row) {
    ++images;
    for (std::uint64_t rest = answer.called[row]; rest != 0; rest &= rest - 1) {
      ++called[static_cast<std::size_t>(std::countr_zero(rest))];
    }
    if (answer.departures[row] != Departure::none) ++departures[answer.departures[row]];
    macs += answer.macs[row];
    reference_macs += reference_macs_each;
    if (answer.shadow.empty()) continue;
    ++shadow_images;
    if (answer.shadow[row] == answer.wanted[row]) ++shadow_agreed;
  }
}

}  // namespace muxnet
