#include "muxnet/front/routes.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <charconv>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/core/names.hpp"
#include "muxnet/front/answer_messages.hpp"
#include "muxnet/front/repository.hpp"

namespace muxnet {
namespace {

using Json = nlohmann::json;

constexpr std::string_view live_path = "/v2/health/live", ready_path = "/v2/health/ready";
constexpr const char* length_header = "inference-header-content-length";
// What is read, checked and written in less than it takes to ask another thread.
constexpr std::size_t quick_text_bytes = 16 << 10, quick_bytes = 1 << 20;
constexpr std::int64_t quick_values = 1 << 14;
constexpr std::size_t most_length_digits = 18;

HttpReply json_reply(const Json& content) {
  return {200, content.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

HttpReply unknown_path() {
  return refusal_reply(404, "[path] expected one of the protocol's, received another");
}

HttpReply wrong_method(std::string_view method) {
  const std::string_view allowed = method == "GET" ? "GET, HEAD" : method;
  HttpReply reply = refusal_reply(405, error_text("method", allowed, "another"));
  reply.headers.emplace_back("allow", allowed);
  return reply;
}

Json specs_json(const std::vector<TensorSpec>& specs) {
  Json found = Json::array();
  for (const TensorSpec& spec : specs) {
    found.push_back({{"name", spec.name}, {"datatype", spec.datatype}, {"shape", spec.shape}});
  }
  return found;
}

/// How many bytes of a REST body are JSON, by the header of the binary extension.
std::size_t json_length_of(const ReceivedHttp& request) {
  const std::size_t size = request.body->size();
  if (!request.has(length_header)) return size;
  const std::string_view written = request.header(length_header);
  constexpr std::string_view where = "Inference-Header-Content-Length";
  if (written.empty() || written.find_first_not_of("0123456789") != written.npos) {
    throw bad_request(where, "a number", written);
  }
  std::size_t length = 0;
  std::from_chars(written.data(), written.data() + written.size(), length);
  if (written.size() > most_length_digits || length > size) {
    throw bad_request(where, text("at most the ", size, " bytes of the body"), written);
  }
  return length;
}

/// Takes "versions/VERSION" out of the path of a model; empty: it is not there.
std::string take_version(std::vector<std::string>& parts) {
  const bool there =
      parts.size() > 4 && parts[0] == "v2" && parts[1] == "models" && parts[3] == "versions";
  if (!there) return "";
  std::string version = std::move(parts[4]);
  parts.erase(parts.begin() + 3, parts.begin() + 5);
  return version;
}

HttpReply reply_of(const RequestRefused& refused) {
  return refusal_reply(refused.status, refused.what(), refused.retry_after_s);
}

/// Whether a request for the index wants models alone that are ready.
bool only_ready(std::string_view body) {
  if (trimmed(body).empty()) return false;
  try {
    const Json asked = parse_json(body, {.bytes = 4096, .depth = 8, .values = 64});
    if (asked.is_object()) return asked.value("ready", false);
  } catch (const JsonError&) {
  } catch (const Json::type_error&) {
  }
  throw bad_request("index", "{\"ready\": true}, {\"ready\": false} or nothing", body);
}

Json index_json(const Inference& inference, std::string_view body) {
  Json found = Json::array();
  for (const ListedModel& model : listed_models(inference, only_ready(body))) {
    found.push_back({{"name", model.name},
                     {"version", model.version},
                     {"state", model.state},
                     {"reason", model.reason}});
  }
  return found;
}

HttpReply reply_of(const InferenceOutcome& outcome) {
  if (outcome.refused) return reply_of(*outcome.refused);
  try {
    RestAnswer answer = rest_answer(outcome);
    HttpReply reply{200, std::move(answer.body)};
    if (answer.json_length > 0) {
      reply.content_type = "application/octet-stream";
      reply.headers.emplace_back(length_header, std::to_string(answer.json_length));
    }
    return reply;
  } catch (const RequestRefused& refused) {
    return reply_of(refused);
  }
}

HeaderList trace_headers(const ReceivedHttp& request) {
  HeaderList found;
  for (const auto& header : request.headers) {
    const bool wanted =
        header.first == "traceparent" || header.first == "tracestate" || header.first == "baggage";
    if (wanted) found.push_back(header);
  }
  return found;
}

}  // namespace

Routes::Routes(const FrontOptions& options, Inference& inference, Handed& handed,
               boost::asio::thread_pool& slow)
    : options_(options),
      origins_(options.host, options.allowed_hosts),
      bodies_(static_cast<std::uint64_t>(options.body_bytes),
              static_cast<std::uint64_t>(std::max(options.held_bytes, options.body_bytes))),
      inference_(inference),
      handed_(handed),
      slow_(slow) {}

bool Routes::is_health(const ReceivedHttp& request) {
  return request.path == live_path || request.path == ready_path;
}

std::optional<HeadRefusal> Routes::refusal(const ReceivedHttp& request) const {
  if (!is_health(request)) {
    if (auto refused = origins_.refusal(request)) return refused;
    // The page holds nothing, and asks with the token that it is told.
    const bool open = options_.token.empty() || request.path == "/";
    if (!open && !token_matches(request.header("authorization"), options_.token)) {
      return HeadRefusal{401, std::string(token_error), "token"};
    }
    if (auto refused = content_type_refusal(request)) return refused;
    if (auto refused = packing_refusal(request)) return refused;
  }
  const std::string_view length = request.header("content-length");
  std::uint64_t bytes = 0;
  const auto read = std::from_chars(length.data(), length.data() + length.size(), bytes);
  const auto most = static_cast<std::uint64_t>(options_.body_bytes);
  const bool too_large = read.ec == std::errc::result_out_of_range || bytes > most;
  if (!too_large) return std::nullopt;
  return HeadRefusal{413, too_large_text(most), "body_large"};
}

void Routes::answer(ReceivedHttp request, HttpHandlers::Reply reply) {
  // Whoever sends the answer leaves out its body.
  if (request.method == "HEAD") request.method = "GET";
  if (request.path == live_path && request.method == "GET") {
    return reply({200, "{\"live\":true}"});
  }
  if (!inference_.is_open()) return reply(refusal_reply(503, "[server] not ready yet", 1));
  const auto packing = packing_of(request);
  if (packing && packing->window != 0 && !request.body->empty()) {
    return unpack(std::move(request), *packing, reply);
  }
  Parts parts = request.parts();
  const std::string version = take_version(parts);
  const bool posted = request.method == "POST";
  const bool inference = parts.size() == 4 && parts[1] == "models" && parts[3] == "infer";
  if (inference && parts[0] == "v2") {
    if (!posted) return reply(wrong_method("POST"));
    return infer(std::move(request), parts[2], version, reply);
  }
  if (options_.handed.contains({request.method, request.path})) {
    return hand(std::move(request), reply);
  }
  for (const auto& [method, path] : options_.handed) {
    if (path == request.path) return reply(wrong_method(method));
  }
  if (parts.size() > 2 && parts[0] == "v2" && parts[1] == "repository") {
    return repository(std::move(request), parts, reply);
  }
  reply(plain(request, parts, version));
}

void Routes::unpack(ReceivedHttp request, const Packing& packing,
                    const HttpHandlers::Reply& reply) {
  const auto kept = std::make_shared<ReceivedHttp>(std::move(request));
  boost::asio::post(slow_, [this, kept, packing, reply] {
    try {
      kept->body = bodies_.unpacked(*kept->body, packing);
    } catch (const RequestRefused& refused) {
      return reply(reply_of(refused));
    } catch (const std::bad_alloc&) {
      return reply(refusal_reply(503, full_error, 1));
    }
    std::erase_if(kept->headers, [](const auto& header) { return header.first == packing_header; });
    answer(std::move(*kept), reply);
  });
}

HttpReply Routes::plain(const ReceivedHttp& request, const Parts& parts,
                        const std::string& version) const {
  if (parts.empty() || parts[0] != "v2") return unknown_path();
  if (parts.size() >= 3 && parts[1] == "models") return model(request, parts, version);
  const bool models = parts.size() == 2 && parts[1] == "models";
  if (parts.size() != 1 && !models && !is_health(request)) return unknown_path();
  if (request.method != "GET") return wrong_method("GET");
  if (parts.size() == 1) return server_metadata();
  if (request.path == ready_path) return readiness();
  const auto served = inference_.served();
  Json names{served->router};
  for (const std::string& name : served->models) names.push_back(name);
  return json_reply({{"models", names}});
}

/// Of /v2/models/NAME and what is below.
HttpReply Routes::model(const ReceivedHttp& request, const Parts& parts,
                        const std::string& version) const {
  const bool ready = parts.size() == 4 && parts[3] == "ready";
  if (parts.size() > 3 && !ready) return unknown_path();
  if (request.method != "GET") return wrong_method("GET");
  const auto name = inference_.served()->find(parts[2]);
  if (!name) return refusal_reply(404, error_text("model", "a served one", shown(parts[2])));
  if (const auto refused = version_refusal(version, inference_.version())) {
    return reply_of(*refused);
  }
  if (!ready) return model_metadata(parts[2], *name);
  if (!is_ready(inference_, *name)) {
    return refusal_reply(503, error_text("model", "one that is ready", shown(parts[2])), 1);
  }
  return json_reply({{"name", parts[2]}, {"ready", true}});
}

/// For owners who know no more of it.
HttpReply Routes::readiness() const {
  const bool ready = is_ready(inference_);
  HttpReply reply = json_reply({{"ready", ready}});
  if (!ready) reply.status = 503;
  return reply;
}

HttpReply Routes::server_metadata() const {
  return json_reply({{"name", "muxnet"},
                     {"version", options_.version},
                     {"extensions", {"model_repository_extension"}}});
}

HttpReply Routes::model_metadata(const std::string& name, ServedName served) const {
  const auto models = inference_.served();
  return json_reply({{"name", name},
                     {"versions", {std::to_string(inference_.version())}},
                     {"platform", platform_text},
                     {"inputs", specs_json(models->inputs_of(served))},
                     {"outputs", specs_json(models->outputs_of(served))}});
}

void Routes::infer(ReceivedHttp request, const std::string& name, const std::string& version,
                   const HttpHandlers::Reply& reply) {
  InferenceRequested asked;
  asked.name = name;
  asked.version = version;
  asked.began_ns = request.began_ns;
  asked.received.body = request.body;
  if (inference_.noted()) asked.headers = trace_headers(request);
  asked.done = [this, reply](const std::shared_ptr<InferenceOutcome>& outcome) {
    if (outcome->answer.probabilities.size() <= quick_values) return reply(reply_of(*outcome));
    boost::asio::post(slow_, [reply, outcome] { reply(reply_of(*outcome)); });
  };
  try {
    const std::size_t json_length = json_length_of(request);
    const auto read = [this, json_length](InferenceRequested wanted) {
      try {
        RequestLimits limits;
        limits.images = static_cast<std::size_t>(inference_.limits().images);
        auto& received = wanted.received;
        received.request = read_rest_request(*received.body, json_length, limits);
        if (received.quick() || received.body->size() > quick_bytes) {
          return inference_.answer(std::move(wanted));
        }
        boost::asio::post(slow_,
                          [this, kept = std::make_shared<InferenceRequested>(std::move(wanted))] {
                            inference_.answer(std::move(*kept));
                          });
      } catch (const std::exception& error) {
        inference_.refuse(std::move(wanted), {400, error.what()});
      }
    };
    const bool quick = json_length <= quick_text_bytes && request.body->size() <= quick_bytes;
    if (quick) return read(std::move(asked));
    boost::asio::post(slow_, [read, kept = std::make_shared<InferenceRequested>(std::move(asked))] {
      read(std::move(*kept));
    });
  } catch (const RequestRefused& refused) {
    reply(reply_of(refused));
  }
}

/// Of /v2/repository/index, and of models/NAME/load and unload below it.
void Routes::repository(ReceivedHttp request, const Parts& parts,
                        const HttpHandlers::Reply& reply) {
  const bool index = parts.size() == 3 && parts[2] == "index";
  const bool named = parts.size() == 5 && parts[2] == "models";
  const bool load = named && parts[4] == "load", unload = named && parts[4] == "unload";
  if (!index && !load && !unload) return reply(unknown_path());
  if (request.method != "POST") return reply(wrong_method("POST"));
  try {
    if (index) return reply(json_reply(index_json(inference_, *request.body)));
    check_load(inference_, parts[3], load);
  } catch (const RequestRefused& refused) {
    return reply(reply_of(refused));
  }
  const std::string loaded = Json{{"name", parts[3]}, {"load", true}}.dump();
  request.path = load_path;
  hand(std::move(request), [reply, loaded](HttpReply given) {
    if (given.status == 200) given.body = loaded;
    reply(std::move(given));
  });
}

void Routes::hand(ReceivedHttp request, const HttpHandlers::Reply& reply) {
  handed_.hand({0, request.method, request.path, std::string(request.header("content-type")),
                std::move(*request.body)},
               reply);
}

}  // namespace muxnet
