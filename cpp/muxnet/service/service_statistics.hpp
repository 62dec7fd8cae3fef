#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "muxnet/service/deployment.hpp"
#include "muxnet/service/gears.hpp"
#include "muxnet/service/service_request.hpp"
#include "muxnet/service/workers.hpp"

namespace muxnet {

/// Counts of times in buckets whose upper bounds, in ms, double from 0.0625.
class Histogram {
 public:
  static constexpr std::size_t bucket_count = 20;
  static double upper_bound_ms(std::size_t bucket);

  void add(double ms);
  const std::array<std::uint64_t, bucket_count + 1>& buckets() const {
    return buckets_;
  }                                               ///< counts, the last one above all bounds
  std::uint64_t count() const { return count_; }  ///< of all times
  double sum_ms() const { return sum_ms_; }       ///< of all times
  /// Upper bound of the bucket that holds the quantile; 0 when nothing was counted.
  double quantile_ms(double quantile) const;

 private:
  std::array<std::uint64_t, bucket_count + 1> buckets_{};  ///< the last one: above all bounds
  std::uint64_t count_ = 0;
  double sum_ms_ = 0;
};

/// Of one model, or of the multiplexer's pass.
struct StageStatistics {
  std::string name;                               ///< of the model
  std::int64_t images = 0;                        ///< that it ran on
  std::int64_t batches = 0;                       ///< that it ran
  std::int64_t waiting = 0;                       ///< images in the queue now
  Histogram run;                                  ///< of batches, while they run
  std::optional<EndpointStatistics> elsewhere{};  ///< of a model that another process runs

  void count(std::int64_t batch_images, double ms);
};

/// All since the service began.
struct ServiceStatistics {
  std::uint64_t version = 0;                        ///< of the deployment in place
  std::vector<StageStatistics> stages;              ///< the multiplexer, then the models
  std::map<ServiceStatus, std::uint64_t> requests;  ///< by what became of them
  std::uint64_t images = 0;                         ///< answered by a rule
  std::vector<std::uint64_t> called;                ///< of those, by model: it was run on them
  std::map<Departure, std::uint64_t>
      departures;                       ///< images by why the rule's wish was not followed
  std::uint64_t shadow_images = 0;      ///< that the shadow rule saw
  std::uint64_t shadow_agreed = 0;      ///< images for which the shadow asks for the same models
  double cost = 0;                      ///< spent on images answered by a rule
  double reference_cost = 0;            ///< that always-best would have spent
  Histogram total;                      ///< of requests, from submit() to the answer
  std::optional<DriftReading> drift{};  ///< of the deployment in place, where it has a monitor
  WorkersState workers{};               ///< threads that run models
  std::optional<GearState> gears{};     ///< where operating points are chosen by load

  /// That workers spent on batches, those of models elsewhere left out, in ms.
  double work_ms() const;

  /// An answer by a rule.
  void count(const ServiceAnswer& answer, double reference_cost_each);
};

}  // namespace muxnet
