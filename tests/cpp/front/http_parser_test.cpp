#include "muxnet/front/http_parser.hpp"

#include <gtest/gtest.h>

#include "muxnet/core/random.hpp"

namespace muxnet {
namespace {

using State = HttpParser::State;

constexpr std::uint64_t most_body_bytes = 1 << 16;

/// What a connection does: hands over what has come, with what was left before it.
struct Reader {
  HttpParser parser{most_body_bytes};
  std::string left{};
  int heads = 0;

  State feed(std::string_view bytes) {
    left += bytes;
    State state = State::more;
    do {
      left.erase(0, parser.take(left, state));
      heads += state == State::head ? 1 : 0;
    } while (state == State::head);
    return state;
  }
};

State read(std::string_view bytes) { return Reader().feed(bytes); }

const std::string chunked =
    "POST /labels?a=b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(HttpParser, ReadsARequestHoweverItIsCut) {
  const std::string sent = chunked + "3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\nGET /";
  for (std::size_t first = 1; first < sent.size() - 5; ++first) {
    Reader reader;
    State state = reader.feed(sent.substr(0, first));
    if (state == State::more) state = reader.feed(sent.substr(first));
    ASSERT_EQ(state, State::whole) << first;
    EXPECT_EQ(reader.heads, 1);
    const ReceivedHttp& request = reader.parser.request();
    EXPECT_EQ(*request.body, "abcde");
    EXPECT_EQ(request.path, "/labels");
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.header("host"), "x");
    EXPECT_TRUE(request.keep_alive);
    EXPECT_FALSE(request.has("trailer"));
    EXPECT_EQ(reader.left, "GET /");
  }
}

TEST(HttpParser, RefusesWhatMayHideASecondRequest) {
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\n";
  const std::string both = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  EXPECT_EQ(read(head + both), State::malformed);
  EXPECT_EQ(read(head + "Transfer-Encoding: chunked, gzip\r\n\r\n"), State::malformed);
  EXPECT_EQ(read(head + "Transfer-Encoding: identity\r\n\r\n"), State::malformed);
  EXPECT_EQ(read(head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), State::malformed);
  EXPECT_EQ(read(head + "Content-Length: -1\r\n\r\n"), State::malformed);
  EXPECT_EQ(read(head + "Content-Length: 99999999999999999999\r\n\r\n"), State::malformed);
  EXPECT_EQ(read(head + "X : y\r\n\r\n"), State::malformed);
  EXPECT_EQ(read("GET / HTTP/2.0\r\n\r\n"), State::malformed);
  EXPECT_EQ(read(chunked + "zz\r\n"), State::malformed);
  EXPECT_EQ(read(chunked + "ffffffffffffffffff\r\n"), State::malformed);
}

TEST(HttpParser, SaysWhatIsMalformed) {
  const auto fault = [](const std::string& bytes) {
    Reader reader;
    EXPECT_EQ(reader.feed(bytes), State::malformed);
    return reader.parser.fault();
  };
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\n";
  EXPECT_EQ(fault(head + "Content-Length: -1\r\n\r\n"), "bad Content-Length");
  EXPECT_EQ(fault(head + "Transfer-Encoding: identity\r\n\r\n"), "bad Transfer-Encoding");
  EXPECT_EQ(fault("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "HTTP/2");
  EXPECT_EQ(fault("\x16\x03\x01\x02"), "TLS, which this port has not");
}

TEST(HttpParser, BoundsHeadsBodiesTrailersAndCrumbs) {
  const std::string more(most_head_bytes, 'x');
  std::string fields = "GET / HTTP/1.1\r\n";
  while (fields.size() <= most_head_bytes) fields += "a: b\r\n";
  EXPECT_EQ(read("GET /" + more), State::head_large);
  EXPECT_EQ(read("GET / HTTP/1.1\r\nX: " + more), State::head_large);
  EXPECT_EQ(read(fields), State::head_large);
  EXPECT_EQ(read(fields + "\r\n"), State::head_large);
  EXPECT_EQ(read(chunked + "20000\r\n" + std::string(0x20000, 'x')), State::body_large);
  EXPECT_EQ(read(chunked + "1;" + more), State::trailers_large);
  EXPECT_EQ(read(chunked + "0\r\nX: " + more), State::trailers_large);
  std::string crumbs = chunked;
  for (int i = 0; i < 8192; ++i) crumbs += "1\r\nx\r\n";
  EXPECT_EQ(read(crumbs), State::malformed);
}

/// Whatever comes, in whatever pieces: it ends, and keeps no more than it may.
TEST(HttpParser, StandsDamage) {
  const std::vector<std::string> whole{
      chunked + "3\r\nabc\r\n0\r\n\r\n",
      "POST /v2/models/m/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: "
      "100-continue\r\n\r\nabc",
      "GET http://x/y HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"};
  constexpr std::string_view spice = "\r\n:; \t0fF\0\x80\xff,-";
  Random random(7);
  std::map<State, int> ends;
  for (int round = 0; round < 20'000; ++round) {
    std::string sent = whole[random.below(whole.size())];
    const std::uint64_t changes = 1 + random.below(4);
    for (std::uint64_t i = 0; i < changes && !sent.empty(); ++i) {
      const std::size_t at = random.below(sent.size());
      const std::uint64_t kind = random.below(4);
      if (kind == 0) sent[at] = spice[random.below(spice.size())];
      if (kind == 1) sent.erase(at, 1 + random.below(5));
      if (kind == 2) sent.insert(at, sent.substr(random.below(sent.size()), random.below(40)));
      if (kind == 3) sent.insert(at, 1, spice[random.below(spice.size())]);
    }
    Reader reader;
    State state = State::more;
    for (std::size_t at = 0; at < sent.size() && state == State::more;) {
      const std::size_t size = 1 + random.below(sent.size());
      state = reader.feed(std::string_view(sent).substr(at, size));
      at += size;
    }
    ++ends[state];
    ASSERT_LE(reader.heads, 1);
    ASSERT_LE(reader.parser.request().body->size(), most_body_bytes);
    if (state == State::whole) {
      ASSERT_EQ(reader.heads, 1);
    }
  }
  for (const State state : {State::more, State::whole, State::malformed}) {
    EXPECT_GT(ends[state], 100) << static_cast<int>(state);
  }
}

}  // namespace
}  // namespace muxnet
