#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "muxnet/runtime/batch_evidence.hpp"

namespace muxnet {

/// No request waits for longer, whatever it names.
constexpr double longest_deadline_ms = 3.6e6;

/// Images for a service, and what their answers may cost.
struct ServiceRequest {
  /// Each u8 or f32 (n, c, h, w), not normalised: the same n images once for each size and
  /// preparation that the deployment's stages are shown; vectors f32 (n, d) where some are shown
  /// such. Empty those that `model` is not shown.
  std::vector<Tensor> images;
  std::optional<std::size_t> model;  ///< this one and no rule
  std::optional<std::size_t> point;  ///< a rule of the deployment; default: its own
  /// From submit() on; infinity: the service's own.
  double deadline_ms = std::numeric_limits<double>::infinity();
  double max_cost =
      std::numeric_limits<double>::infinity();  ///< of one image, multiplexer included; MACs
                                                ///< of networks of ours
  bool decide_only = false;                     ///< the first decision; calls no model
  /// n.
  std::int64_t rows() const {
    for (const Tensor& tensor : images) {
      if (!tensor.empty()) return tensor.dim(0);
    }
    return 0;
  }
  std::optional<std::int64_t> first_input;  ///< number of the first image, which names random draws
};

enum class ServiceStatus : std::uint8_t {
  ok,
  full,        ///< a queue has no room: come back later
  late,        ///< no answer is possible, or was, before the deadline
  cost,        ///< no model costs as little as max_cost
  closing,     ///< the service takes no more requests
  failed,      ///< a model failed
  stuck,       ///< a model has not come back from earlier images
  unreachable  ///< models elsewhere gave no answer
};

const char* name_of(ServiceStatus status);

/// Why other models were called than the rule wanted.
enum class Departure : std::uint8_t { none, deadline, cost, full, stuck, unreachable };
const char* name_of(Departure departure);

/// A batch of a model, or of the multiplexer, that ran on some of a request's images.
struct CallSpan {
  std::size_t stage = 0;    ///< 0: the multiplexer, i + 1: model i
  double start_ms = 0;      ///< since submit()
  double end_ms = 0;        ///< since submit()
  std::int64_t images = 0;  ///< of this request
  std::int64_t batch = 0;   ///< images of all requests
};

/// What became of a request, row by row; empty but for status and message unless `ok`.
struct ServiceAnswer {
  ServiceStatus status = ServiceStatus::ok;  ///< whether there is an answer
  std::string message;                       ///< why there is none
  double retry_after_ms = 0;          ///< of `full`: when the queue will have been worked off
  std::uint64_t version = 0;          ///< of the deployment
  Tensor probabilities;               ///< f32 (n, K); empty when only decided
  std::vector<std::int32_t> answers;  ///< (n)
  std::vector<std::uint64_t> called;  ///< (n), bit i: model i was run
  std::vector<std::uint64_t> answered_from;  ///< (n), those that the answer is made of
  std::vector<std::uint64_t> wanted;         ///< (n), those that the rule asked for
  std::vector<std::uint64_t> shadow;         ///< (n), those that the shadow rule asks for
  std::vector<Departure> departures;         ///< (n)
  std::vector<double> confidences;           ///< (n), where the rule abstains: of the answers
  std::vector<std::uint8_t> abstained;       ///< (n), the same: the answer is left to a person
  std::vector<double> costs;                 ///< (n), of called models and multiplexer
  std::int64_t first_input = 0;  ///< number of the first image, counted since the service began
  MultiplexerView view;
  std::vector<CallSpan> calls;       ///< in order of their ends
  std::vector<std::string> records;  ///< (n) decisions as JSON, where the deployment records
  double total_ms = 0;               ///< from submit() to the answer
};

}  // namespace muxnet
