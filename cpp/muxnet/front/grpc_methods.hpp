#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "muxnet/front/front.hpp"
#include "muxnet/front/inference.hpp"

namespace muxnet {

/// Health, which needs no token.
bool is_open_method(std::string_view method);

/// The message that answers one of the methods beside ModelInfer; none where `load` is given the
/// answer for when all has been read anew. Throws RequestRefused.
std::optional<std::string> answer_method(std::string_view method, const std::string& message,
                                         const FrontOptions& options, const Inference& inference,
                                         const std::function<void(const std::string&)>& load);

/// Throws std::invalid_argument where some text of a request is no UTF-8.
void require_utf8(const InferenceRequest& request);

}  // namespace muxnet
