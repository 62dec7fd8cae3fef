#include "muxnet/front/grpc_methods.hpp"

#include <gtest/gtest.h>

namespace muxnet {
namespace {

bool taken(const std::string& id) {
  InferenceRequest request;
  request.id = id;
  try {
    require_utf8(request);
    return true;
  } catch (const std::invalid_argument&) {
    return false;
  }
}

TEST(GrpcRequests, HaveTextsInUtf8) {
  for (const char* right :
       {"", "a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80z", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(taken(right)) << right;
  }
  // Too long, halves of pairs, beyond the last, cut off, out of place.
  for (const char* wrong : {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                            "\xF5\x80\x80\x80", "\xE2\x82", "a\x80", "\xC3z", "\xE2\x82z"}) {
    EXPECT_FALSE(taken(wrong)) << wrong;
  }
}

TEST(GrpcRequests, AreUtf8InAllTheirTexts) {
  InferenceRequest request;
  request.inputs.emplace_back().parameters["a"] = std::string("\xFF");
  EXPECT_THROW(require_utf8(request), std::invalid_argument);
  request.inputs.clear();
  request.outputs.emplace_back().name = "\xFF";
  EXPECT_THROW(require_utf8(request), std::invalid_argument);
}

}  // namespace
}  // namespace muxnet
