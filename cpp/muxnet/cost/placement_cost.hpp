#pragma once

#include <span>

#include "muxnet/cost/quantity.hpp"

namespace muxnet {

/// The paper's four placements (Figure 2). Latency and device energy of one answer, the mean
/// over inputs where a share is given. Source: arXiv 2001.05870v2, Eq. 9 to 14.

/// Eq. 9: C = C_mobile-compute.
Cost mobile_only(const Cost& mobile);

/// Eq. 10: C = C_upload + C_cloud-compute + C_download.
Cost cloud_only(const Cost& upload, const Cost& cloud, const Cost& download);

/// Eq. 13 with Eq. 11 and 12: C = local (C_mux + C_mobile) + (1 - local) (C_mux + C_cloud-only).
/// local: share of the inputs answered on the device. Throws std::invalid_argument unless in [0,1].
Cost hybrid(double local, const Cost& multiplexer, const Cost& mobile, const Cost& cloud);

/// Eq. 14, with the multiplexer that the paper leaves out: C = C_mux + sum_i called_i C_i. Pass
/// no_cost() for the equation as printed. called: shares of the inputs, each in [0, 1]; they sum to
/// one where one model answers, to more for an ensemble. Throws std::invalid_argument.
Cost multiplexed(std::span<const double> called, std::span<const Cost> models,
                 const Cost& multiplexer);

}  // namespace muxnet
