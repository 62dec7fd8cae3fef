#include "muxnet/service/batch_times.hpp"

#include <algorithm>
#include <bit>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr double newest_share = 0.2;  // of a batch's time in the running mean
constexpr double saving = 0.1;  // of an image's time: what makes a larger batch worth waiting for

std::size_t size_class(std::int64_t images) {
  return static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(images - 1)));
}

}  // namespace

std::int64_t paying_batch(const std::vector<double>& image_ms, std::int64_t most) {
  require(most > 0, "batch", "at least 1 image", text(most));
  require(image_ms.size() == size_class(most) + 1, "batch",
          text("times of ", size_class(most) + 1, " sizes"), text(image_ms.size()));
  const double best = *std::min_element(image_ms.begin(), image_ms.end());
  if (best == 0) return most;  // not known at all sizes
  const auto first = std::find_if(image_ms.begin(), image_ms.end(),
                                  [&](double ms) { return (1 - saving) * ms <= best; });
  return std::min(std::int64_t{1} << (first - image_ms.begin()), most);
}

BatchTimes::BatchTimes(std::size_t stages, std::int64_t max_batch, bool fill)
    : max_batch_(max_batch),
      fill_(fill),
      image_ms_(stages, std::vector<double>(size_class(max_batch) + 1)) {}

void BatchTimes::set(Stage stage, std::int64_t images, double ms) {
  image_ms_[stage][size_class(images)] = ms / static_cast<double>(images);
}

void BatchTimes::add(Stage stage, std::int64_t images, double ms) {
  const double newest = ms / static_cast<double>(images);
  double& mean = image_ms_[stage][size_class(images)];
  mean = mean == 0 ? newest : (1 - newest_share) * mean + newest_share * newest;
}

double BatchTimes::of(Stage stage, std::int64_t images) const {
  return static_cast<double>(images) * image_ms_[stage][size_class(images)];
}

std::int64_t BatchTimes::paying(Stage stage) const {
  return fill_ ? max_batch_ : paying_batch(image_ms_[stage], max_batch_);
}

double BatchTimes::largest(Stage stage, std::int64_t images) const {
  return of(stage, std::min(images, paying(stage)));
}

double BatchTimes::queue(Stage stage, std::int64_t images) const {
  if (images == 0) return 0;
  const std::int64_t most = paying(stage);
  const std::int64_t whole = (images - 1) / most;
  return static_cast<double>(whole) * of(stage, most) + of(stage, images - whole * most);
}

}  // namespace muxnet
