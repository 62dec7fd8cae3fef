#define ZLIB_CONST
#include "muxnet/front/packed_body.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include "muxnet/core/random.hpp"
#include "muxnet/front/refused.hpp"
#include "support/damage.hpp"
#include "support/resources.hpp"

namespace muxnet {
namespace {

constexpr std::uint64_t most = 1 << 20, held = 3 << 19;

Packing packing(const std::string& name) {
  ReceivedHttp request;
  request.headers = {{"content-encoding", name}};
  return packing_of(request).value();
}

std::string packed(const std::string& bytes, const std::string& name) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, packing(name).window, 8, Z_DEFAULT_STRATEGY);
  std::string result(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<const Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

/// The status and text by which a body is refused.
std::string refusal(const PackedBodies& bodies, const std::string& body, const std::string& name) {
  try {
    bodies.unpacked(body, packing(name));
  } catch (const RequestRefused& refused) {
    return std::to_string(refused.status) + " " + refused.what();
  }
  return "none";
}

TEST(PackedBodies, AreUnpackedWhole) {
  const PackedBodies bodies(most, held);
  for (const char* name : {"gzip", "x-gzip", "deflate", "GZip"}) {
    for (const std::string& body : {std::string(), std::string("{}"), std::string(most, 'x')}) {
      EXPECT_EQ(*bodies.unpacked(packed(body, name), packing(name)), body) << name;
    }
  }
  EXPECT_EQ(*bodies.unpacked(packed("one", "gzip") + packed("two", "gzip"), packing("gzip")),
            "onetwo");
  EXPECT_EQ(packing("").window, 0);
  EXPECT_EQ(packing("identity").window, 0);
}

TEST(PackedBodies, OtherPackingsAreRefusedByName) {
  ReceivedHttp request;
  EXPECT_FALSE(packing_refusal(request));
  for (const char* name : {"br", "zstd", "gzip, gzip", "compress"}) {
    request.headers = {{"content-encoding", name}};
    const auto refused = packing_refusal(request);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 415);
    EXPECT_EQ(refused->text, std::string("[content-encoding] expected gzip, deflate or none, ") +
                                 "received " + name);
  }
}

TEST(PackedBodies, BombsAreRefusedBeforeMemoryIsTaken) {
  const PackedBodies bodies(most, held);
  const std::string bomb = packed(std::string(64 << 20, '\0'), "gzip");
  const testing::Taken taken;
  EXPECT_EQ(refusal(bodies, bomb, "gzip"),
            "413 [body] expected at most 1048576 bytes, received more");
  EXPECT_LT(taken.peak_mib(), 8);
}

TEST(PackedBodies, AreBoundedTogetherAsLongAsTheyAreHeld) {
  const PackedBodies bodies(most, held);
  const std::string body = packed(std::string(most, 'x'), "gzip");
  auto first = bodies.unpacked(body, packing("gzip"));
  EXPECT_EQ(refusal(bodies, body, "gzip").substr(0, 3), "503");
  first.reset();
  EXPECT_EQ(refusal(bodies, body, "gzip"), "none");
}

TEST(PackedBodies, DamagedOnesAreRefused) {
  const PackedBodies bodies(most, held);
  const std::string body = packed(std::string(1000, 'x') + "some more", "gzip");
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_EQ(refusal(bodies, body.substr(0, size), "gzip"),
              "400 [body] expected whole gzip, received a truncated one");
  }
  EXPECT_EQ(refusal(bodies, body + "x", "gzip").substr(0, 3), "400");
  EXPECT_EQ(refusal(bodies, body, "deflate"),
            "400 [body] expected whole deflate, received other bytes");
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    refusal(bodies, testing::damaged_or_cut(body, random), "gzip");  // no other exception
  }
}

}  // namespace
}  // namespace muxnet
