#pragma once

namespace muxnet {

/// The status page, page.html.
extern const char* const page_text;

}  // namespace muxnet
