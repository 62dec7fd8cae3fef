#include "muxnet/server/owned_requests.hpp"

#include <algorithm>
#include <limits>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/front/refused.hpp"
#include "muxnet/server/page.hpp"

namespace muxnet {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* page_policy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
constexpr std::size_t labels_bytes = std::size_t{512} << 10;
constexpr std::size_t most_labels = 10'000;  // of one request

HttpReply json_reply(const Json& content) {
  return {200, content.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

std::vector<std::int64_t> whole_numbers(const nlohmann::json& fields, const char* key) {
  constexpr const char* expected = "a list of whole numbers from 0";
  if (!fields.is_object() || !fields.contains(key) || !fields.at(key).is_array()) {
    throw bad_request(key, expected, "something else");
  }
  std::vector<std::int64_t> numbers;
  for (const auto& number : fields.at(key)) {
    const bool fits = number.is_number_unsigned() &&
                      number.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max();
    if (!fits) throw bad_request(key, expected, "something else");
    numbers.push_back(number.get<std::int64_t>());
  }
  if (numbers.empty() || numbers.size() > most_labels) {
    throw bad_request(key, text("1 to ", most_labels, " numbers"), text(numbers.size()));
  }
  return numbers;
}

}  // namespace

const std::set<std::pair<std::string, std::string>>& owned_requests() {
  static const std::set<std::pair<std::string, std::string>> all{{"GET", "/"},
                                                                 {"GET", "/metrics"},
                                                                 {"GET", "/status"},
                                                                 {"GET", "/v2/health/ready"},
                                                                 {"POST", "/labels"}};
  return all;
}

HttpReply OwnedAnswers::answer(const HandedRequest& request) const {
  if (request.path == "/") {
    return {200, page_text, "text/html; charset=utf-8", {{"content-security-policy", page_policy}}};
  }
  if (request.path == "/labels") return labels(request);
  const ServerReading found = reading();
  if (request.path == "/metrics") {
    return {200, exposition(metrics_of(found)), "text/plain; version=0.0.4; charset=utf-8"};
  }
  if (request.path == "/status") return json_reply(status_of(found));
  // Not before all models ran, draining, with one stuck.
  const Health health = health_of(found);
  HttpReply reply = json_reply(to_json(health));
  if (!health.ready) reply.status = 503;
  return reply;
}

/// The right answers of inputs that the router has answered; each counts once. Tells how many were
/// known, and how many were not answered here, or told before.
HttpReply OwnedAnswers::labels(const HandedRequest& request) const {
  constexpr std::string_view json = "application/json";
  if (!request.content_type.starts_with(json)) {
    throw RequestRefused(415, error_text("content-type", json, "another"));
  }
  if (request.body.size() > labels_bytes) {
    throw bad_request("labels", text("at most ", labels_bytes, " bytes"),
                      text(request.body.size()));
  }
  nlohmann::json fields;
  try {
    fields = parse_json(request.body);
  } catch (const JsonError& error) {
    throw bad_request("labels", "JSON", error.what());
  }
  const auto inputs = whole_numbers(fields, "inputs"), right = whole_numbers(fields, "labels");
  if (inputs.size() != right.size()) {
    throw bad_request("labels", text(inputs.size(), " of them"), text(right.size()));
  }
  const auto largest = *std::max_element(right.begin(), right.end());
  const auto classes = std::ssize(reading().served->class_names);
  if (largest >= classes) {
    throw bad_request("labels", text("classes below ", classes), text(largest));
  }
  const std::int64_t known = learn(inputs, right);
  return json_reply({{"known", known}, {"unknown", std::ssize(inputs) - known}});
}

}  // namespace muxnet
