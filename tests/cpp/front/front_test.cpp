#include "muxnet/front/front.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "muxnet/policies/registry.hpp"
#include "muxnet/protocol/clock.hpp"
#include "muxnet/protocol/transport.hpp"
#include "support/pool.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using boost::asio::ip::tcp;

constexpr double patience_ms = 60'000;

std::shared_ptr<const Policy> always_small() {
  auto policy = make_policy("always");
  policy->fit(OutcomeTable(testing::two_class_fields({{0.1F, 0.2F, 0.9F}, {0.7F, 0.2F, 0.9F}},
                                                     {1, 0}, {48, 384, 1536})));
  return policy;
}

/// A connection, and what comes by it.
class Peer {
 public:
  explicit Peer(int port) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(port)});
    socket_.set_option(tcp::no_delay(true));
  }

  void send(std::string_view bytes) {
    boost::system::error_code ignored;  // the front may have hung up
    boost::asio::write(socket_, boost::asio::buffer(bytes.data(), bytes.size()), ignored);
  }
  /// All until the front hangs up, or `text` has come so many times.
  std::string read(std::string_view text, std::size_t times = 1) {
    std::string found;
    const auto count = [&] {
      std::size_t seen = 0;
      for (auto at = found.find(text); at != found.npos; at = found.find(text, at + 1)) ++seen;
      return seen;
    };
    boost::system::error_code error;
    std::vector<char> piece(1 << 16);
    while (!error && count() < times) {
      const std::size_t size = socket_.read_some(boost::asio::buffer(piece), error);
      found.append(piece.data(), size);
    }
    return found;
  }

 private:
  boost::asio::io_context io_;
  tcp::socket socket_{io_};
};

std::string inference(const std::string& parameters = "") {
  std::string body = R"({"id":"x","inputs":[{"name":"images","datatype":"FP32","shape":[1,1,4,4],)"
                     R"("data":[1,0,1,0,1,0,1,0,1,0,1,0,1,0,1,0]}])" +
                     parameters + "}";
  return "POST /v2/models/router/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}
const std::string live = "GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";

class FrontOfTinyModels : public ::testing::Test {
 protected:
  void open(const FrontOptions& options = {}) {
    policy_ = always_small();
    Deployment deployment{testing::tiny_models(), {}, {policy_->rule()}};
    service_ = std::make_shared<Service>(std::move(deployment), ServiceOptions{});
    front_ = std::make_unique<Front>(options);
    const ImageFormat format{1, testing::side, testing::side};
    auto models = std::make_shared<ServedModels>(ServedModels{"router",
                                                              {"small", "middle", "large"},
                                                              testing::classes,
                                                              {{format}},
                                                              {0, 0, 0, 0},
                                                              policy_});
    front_->open(service_, models);
  }
  std::string ask(std::string_view request) {
    Peer peer(front_->http_port());
    peer.send(request);
    return peer.read("}");
  }

  std::shared_ptr<const Policy> policy_;
  std::shared_ptr<Service> service_;
  std::unique_ptr<Front> front_;
};

TEST_F(FrontOfTinyModels, AnswersPipelinedRequestsInOrder) {
  open();
  Peer peer(front_->http_port());
  peer.send(live + inference() + live + inference());
  const std::string found = peer.read("\"server_ms\"", 2);
  EXPECT_LT(found.find("live"), found.find("\"id\":\"x\""));
  EXPECT_EQ(service_->statistics().images, 2U);
  EXPECT_NE(found.find(R"("policy":"always")"), std::string::npos) << found;
}

TEST_F(FrontOfTinyModels, HandsOverWhatIsItsOwners) {
  FrontOptions options;
  options.handed = {{"GET", "/"}};
  open(options);
  Peer peer(front_->http_port());
  peer.send("GET /?a HTTP/1.1\r\nHost: localhost\r\nAccept: b\r\n\r\n");
  std::vector<FrontEvent> events;
  while (events.empty()) events = front_->take();
  const auto& handed = std::get<HandedRequest>(events.at(0));
  EXPECT_EQ(handed.path, "/");
  front_->answer(handed.ticket, 200, "text/plain", "{page}", {{"x-a", "b"}});
  const std::string found = peer.read("{page}");
  EXPECT_NE(found.find("x-a: b\r\n"), std::string::npos) << found;
  EXPECT_THROW(front_->answer(handed.ticket, 200, "", "", {}), std::invalid_argument);
}

TEST_F(FrontOfTinyModels, AnswersWhatAnotherServerReceived) {
  FrontOptions options;
  options.listens = false;
  open(options);
  EXPECT_EQ(front_->http_port(), 0);
  EXPECT_EQ(front_->grpc_port(), 0);
  const std::string whole = inference();
  const std::string body = whole.substr(whole.find("\r\n\r\n") + 4);
  const auto ticket = front_->ask("POST", "/v2/models/router/infer", {{"host", "localhost"}}, body);
  EXPECT_TRUE(front_->wait_drained(patience_ms));
  const auto events = front_->take();
  ASSERT_EQ(events.size(), 1U);
  const auto& answer = std::get<AskedAnswer>(events[0]);
  EXPECT_EQ(answer.ticket, ticket);
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find(R"("policy":"always")"), std::string::npos) << answer.body;
  front_->drain(patience_ms);
}

TEST_F(FrontOfTinyModels, TellsAnswersToRecordAndKnowsTheirLabels) {
  FrontOptions options;
  options.noted = true;
  open(options);
  ask(inference());
  ask(inference(R"(,"parameters":{"max_cost":-1})"));
  const auto events = front_->take();
  ASSERT_EQ(events.size(), 2U);
  const auto& answered = std::get<AnsweredRequest>(events[0]);
  EXPECT_EQ(answered.id, "x");
  EXPECT_TRUE(answered.routed);
  EXPECT_EQ(answered.error, "");
  EXPECT_LE(answered.began_ns, answered.submitted_ns);
  EXPECT_LE(answered.submitted_ns, answered.ended_ns);
  EXPECT_NE(std::get<AnsweredRequest>(events[1]).error.find("max_cost"), std::string::npos);
  EXPECT_EQ(front_->learn({0, 1}, {answered.answer.answers.at(0), 0}), 1);
  EXPECT_EQ(front_->labels().at(1).right, 1);
}

TEST_F(FrontOfTinyModels, IsReadyUntilItIsDrained) {
  open();
  const std::string ready = "GET /v2/health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n";
  Peer peer(front_->http_port());
  peer.send(ready);
  EXPECT_NE(peer.read("}").find("{\"ready\":true}"), std::string::npos);
  front_->drain(patience_ms);
  peer.send(ready);
  const std::string last = peer.read("}");
  EXPECT_TRUE(last.starts_with("HTTP/1.1 503")) << last;
  EXPECT_NE(last.find("{\"ready\":false}"), std::string::npos) << last;
}

TEST_F(FrontOfTinyModels, TakesTheVersionThatItTells) {
  open();
  const auto get = [&](const std::string& path) {
    return ask("GET /v2/models/small" + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  };
  EXPECT_NE(get("").find(R"("versions":["1"])"), std::string::npos);
  for (const char* path : {"/versions/1", "/versions/1/ready"}) {
    EXPECT_TRUE(get(path).starts_with("HTTP/1.1 200")) << path;
  }
  std::string posted = inference();
  const auto with = [&](const std::string& version) {
    return std::string(posted).insert(posted.find("/infer"), "/versions/" + version);
  };
  EXPECT_NE(ask(with("1")).find(R"("model_version":"1")"), std::string::npos);
  for (const std::string& found : {get("/versions/2"), get("/versions/2/ready"), ask(with("2"))}) {
    EXPECT_TRUE(found.starts_with("HTTP/1.1 404")) << found;
    EXPECT_NE(found.find("[model version] expected 1, received 2"), std::string::npos) << found;
  }
  EXPECT_TRUE(get("/versions").starts_with("HTTP/1.1 404"));
}

TEST_F(FrontOfTinyModels, AnswersHeadAsGetWithoutItsBody) {
  open();
  Peer peer(front_->http_port());
  for (const char* path : {"/v2/health/live", "/v2/health/ready", "/v2", "/v2/models/small"}) {
    peer.send(std::string("HEAD ") + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string found = peer.read("\r\n\r\n");
    EXPECT_TRUE(found.starts_with("HTTP/1.1 200")) << found;
    EXPECT_TRUE(found.ends_with("\r\n\r\n")) << found;
  }
  peer.send("HEAD /v2/models/small/infer HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_NE(peer.read("\r\n\r\n").find("allow: POST\r\n"), std::string::npos);
}

TEST_F(FrontOfTinyModels, TakesTruthsAsTexts) {
  open();
  for (const char* said : {"true", R"("true")"}) {
    const std::string found = ask(inference(text(R"(,"parameters":{"decide_only":)", said, "}")));
    EXPECT_NE(found.find(R"("outputs":[{"name":"called")"), std::string::npos) << found;
  }
  EXPECT_NE(ask(inference(R"(,"parameters":{"decide_only":"false"})")).find("probabilities"),
            std::string::npos);
  EXPECT_TRUE(ask(inference(R"(,"parameters":{"decide_only":"yes"})")).starts_with("HTTP/1.1 400"));
}

/// The same by its gRPC, which another client of ours speaks.
TEST_F(FrontOfTinyModels, AnswersByGrpc) {
  open();
  const std::string url = "grpc://127.0.0.1:" + std::to_string(front_->grpc_port());
  const auto transport = make_transport({url});
  const SteadyClock clock;
  auto described = transport->describe("small", "");
  ASSERT_TRUE(described->wait(clock.now_ms() + patience_ms));
  EXPECT_EQ(described->take().value.inputs.at(0).shape, (Shape{-1, 1, 4, 4}));
  InferInput input;
  input.id = "y";
  input.model = "small";
  input.input = "images";
  input.output = "probabilities";
  input.datatype = "UINT8";
  input.shape = {1, 1, 4, 4};
  input.bytes = std::string(16, '\7');
  auto inferred = transport->infer(input);
  ASSERT_TRUE(inferred->wait(clock.now_ms() + patience_ms));
  const auto reply = inferred->take();
  ASSERT_EQ(reply.fault, Fault::none) << reply.message;
  input.version = "2";
  auto refused = transport->infer(input);
  ASSERT_TRUE(refused->wait(clock.now_ms() + patience_ms));
  EXPECT_NE(refused->take().message.find("[model version] expected 1"), std::string::npos);
  EXPECT_EQ(reply.value.id, "y");
  EXPECT_EQ(reply.value.shape, (Shape{1, 3}));
}

/// Good requests are answered beside whatever others send, and all ends when it is drained.
TEST_F(FrontOfTinyModels, StandsManyPeersOfAllKinds) {
  FrontOptions options;
  options.connections = 64;
  open(options);
  const std::string whole = inference();
  const std::vector<std::string> others{whole.substr(0, 40), whole.substr(0, whole.size() - 1),
                                        "\r\n\r\n\0garbage", whole + whole.substr(0, 70),
                                        "GET / HTTP/1.1\r\nX: " + std::string(1 << 16, 'y')};
  std::atomic<int> right{0};
  std::vector<std::thread> peers;
  for (std::size_t kind = 0; kind < 4; ++kind) {
    peers.emplace_back([&, kind] {
      for (std::size_t i = 0; i < 40; ++i) {
        if (ask(whole).starts_with("HTTP/1.1 200")) ++right;
        Peer(front_->http_port()).send(others[(kind + i) % others.size()]);
      }
    });
  }
  for (std::thread& peer : peers) peer.join();
  EXPECT_EQ(right, 160);
  Peer kept(front_->http_port());
  kept.send(whole);
  kept.read("\"server_ms\"");
  front_->drain(patience_ms);
  kept.send(whole);
  const std::string last = kept.read("\"server_ms\"");
  EXPECT_NE(last.find("connection: close"), std::string::npos) << last;
  EXPECT_TRUE(front_->wait_drained(patience_ms));
  EXPECT_TRUE(service_->close());
}

}  // namespace
}  // namespace muxnet
