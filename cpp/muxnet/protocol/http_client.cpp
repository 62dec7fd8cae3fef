#include "muxnet/protocol/http_client.hpp"

#include <stdexcept>

#include "muxnet/core/error.hpp"
#include "muxnet/core/names.hpp"
#include "muxnet/protocol/clock.hpp"

namespace muxnet {

double HttpRequest::size() const {
  constexpr std::string_view line = " HTTP/1.1\r\n\r\n\r\n";
  std::size_t bytes = method.size() + path.size() + line.size() + body.size();
  for (const auto& header : headers) bytes += header.size() + 2;
  return static_cast<double>(bytes);
}

}  // namespace muxnet

#ifdef MUXNET_WITH_CURL
#include <curl/curl.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace muxnet {
namespace {

constexpr std::size_t max_header_bytes = 64 << 10;

Fault fault_of(CURLcode code) {
  switch (code) {
    case CURLE_OK:
      return Fault::none;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Fault::unresolved;
    case CURLE_COULDNT_CONNECT:
      return Fault::unreachable;
    case CURLE_OPERATION_TIMEDOUT:
      return Fault::timed_out;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return Fault::cut;
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_WRITE_ERROR:  // our own callbacks refuse what is too much
      return Fault::too_large;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
      return Fault::untrusted;
    default:
      return Fault::other;
  }
}

/// One connection pool; libcurl's global state comes and goes with the process.
struct Pool {
  Pool() {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (ready == CURLE_OK) multi = curl_multi_init();
    if (multi == nullptr) throw std::runtime_error("[http] libcurl could not be started");
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() { curl_multi_cleanup(multi); }

  /// Waits until something happens to a transfer or SteadyClock reads `until_ms`; false: it does.
  bool poll(double until_ms) const {
    const double left = until_ms - SteadyClock().now_ms();
    if (left <= 0) return false;
    // Whole milliseconds, at least one: less would spin.
    const double rest = std::clamp(std::floor(left), 1.0, 60'000.0);
    curl_multi_poll(multi, nullptr, 0, static_cast<int>(rest), nullptr);
    return true;
  }

  CURLM* multi = nullptr;
  int untold = 0;  ///< transfers that are over, whose wait() has not said so yet
};

class CurlTransfer : public HttpTransfer {
 public:
  CurlTransfer(std::shared_ptr<Pool> pool, const ConnectionOptions& options, HttpRequest request)
      : pool_(std::move(pool)), request_(std::move(request)), limit_(options.max_response_bytes) {
    if (!easy_) throw std::bad_alloc();
    for (const auto& header : request_.headers) add(header);
    if (!options.bearer_token.empty()) add("Authorization: Bearer " + options.bearer_token);
    add("Expect:");  // no round trip to ask whether the body is welcome
    set_request(options);
    set_limits(options);
    curl_multi_add_handle(pool_->multi, easy_.get());
    perform();
  }
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;
  ~CurlTransfer() override {
    tell();
    curl_multi_remove_handle(pool_->multi, easy_.get());
  }

  bool wait(double until_ms) override {
    for (;;) {
      perform();
      if (tell()) return true;
      if (!pool_->poll(until_ms)) return false;
    }
  }

  HttpResponse take() override { return std::move(response_); }

 private:
  void add(const std::string& header) {
    curl_slist* longer = curl_slist_append(headers_.get(), header.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    if (!headers_) headers_.reset(longer);
  }

  template <class Value>
  void set(CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(easy_.get(), option, value);
    if (code != CURLE_OK) throw std::runtime_error(text("[http] ", curl_easy_strerror(code)));
  }

  void set_request(const ConnectionOptions& options) {
    set(CURLOPT_PRIVATE, this);
    set(CURLOPT_URL, (options.url + request_.path).c_str());
    set(CURLOPT_HTTPHEADER, headers_.get());
    if (request_.method == "POST") {
      set(CURLOPT_POSTFIELDS, request_.body.data());
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    }
    set(CURLOPT_PROXY, options.proxy.c_str());
    if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
    if (!options.certificate.empty()) set(CURLOPT_SSLCERT, options.certificate.c_str());
    if (!options.key.empty()) set(CURLOPT_SSLKEY, options.key.c_str());
    set(CURLOPT_ERRORBUFFER, error_);
    set(CURLOPT_WRITEFUNCTION, &CurlTransfer::write_body);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_HEADERFUNCTION, &CurlTransfer::write_header);
    set(CURLOPT_HEADERDATA, this);
  }

  void set_limits(const ConnectionOptions& options) {
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_TCP_NODELAY, 1L);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_NOSIGNAL, 1L);
    // Giving up must not wait for a name server that does not answer.
    set(CURLOPT_QUICK_EXIT, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::ceil(options.connect_timeout_ms)));
    set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(limit_));
  }

  /// Whether it is over, which is then known.
  bool tell() {
    if (over_ && !std::exchange(told_, true)) --pool_->untold;
    return over_;
  }

  /// Works on all transfers of the pool and notes which are over.
  void perform() {
    int running = 0, queued = 0;
    curl_multi_perform(pool_->multi, &running);
    while (const CURLMsg* message = curl_multi_info_read(pool_->multi, &queued)) {
      if (message->msg != CURLMSG_DONE) continue;
      CurlTransfer* transfer = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      transfer->finish(message->data.result);
    }
  }

  void finish(CURLcode code) {
    over_ = true;
    ++pool_->untold;
    response_.fault = fault_of(code);
    if (code != CURLE_OK) response_.message = *error_ != '\0' ? error_ : curl_easy_strerror(code);
    long status = 0;
    curl_off_t total_us = 0, connected_us = 0, secured_us = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy_.get(), CURLINFO_TOTAL_TIME_T, &total_us);
    // Not the pretransfer time, which is taken after the first bytes have gone.
    curl_easy_getinfo(easy_.get(), CURLINFO_CONNECT_TIME_T, &connected_us);
    curl_easy_getinfo(easy_.get(), CURLINFO_APPCONNECT_TIME_T, &secured_us);
    const curl_off_t before_us = std::max(connected_us, secured_us);
    response_.status = static_cast<int>(status);
    response_.exchange_ms = static_cast<double>(total_us - before_us) / 1000;
    response_.received_bytes = static_cast<double>(header_bytes_ + response_.body.size());
  }

  static std::size_t write_body(const char* data, std::size_t, std::size_t bytes, void* self) {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    if (transfer.response_.body.size() + bytes > transfer.limit_) return 0;
    transfer.response_.body.append(data, bytes);
    return bytes;
  }

  static std::size_t write_header(const char* data, std::size_t, std::size_t bytes, void* self) {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    transfer.header_bytes_ += bytes;
    if (transfer.header_bytes_ > max_header_bytes) return 0;
    const std::string_view line(data, bytes);
    const auto colon = line.find(':');
    if (colon != std::string_view::npos) {
      transfer.response_.headers[lower(line.substr(0, colon))] = trimmed(line.substr(colon + 1));
    }
    return bytes;
  }

  std::shared_ptr<Pool> pool_;
  HttpRequest request_;
  std::size_t limit_;
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers_{nullptr,
                                                                       &curl_slist_free_all};
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy_{curl_easy_init(), &curl_easy_cleanup};
  char error_[CURL_ERROR_SIZE] = "";
  std::size_t header_bytes_ = 0;
  bool over_ = false;
  bool told_ = false;
  HttpResponse response_;
};

class CurlClient : public HttpClient {
 public:
  explicit CurlClient(ConnectionOptions options) : options_(std::move(options)) {
    while (options_.url.ends_with('/')) options_.url.pop_back();
  }

  std::unique_ptr<HttpTransfer> start(HttpRequest request) override {
    return std::make_unique<CurlTransfer>(pool_, options_, std::move(request));
  }
  void work(double until_ms) override {
    // Work on one transfer may have ended another: nothing more would come of that.
    if (pool_->untold == 0) pool_->poll(until_ms);
  }
  void wake() override { curl_multi_wakeup(pool_->multi); }

 private:
  ConnectionOptions options_;
  std::shared_ptr<Pool> pool_ = std::make_shared<Pool>();
};

}  // namespace

std::unique_ptr<HttpClient> make_http_client(const ConnectionOptions& options) {
  return std::make_unique<CurlClient>(options);
}

}  // namespace muxnet

#else

namespace muxnet {

std::unique_ptr<HttpClient> make_http_client(const ConnectionOptions&) {
  throw std::runtime_error(
      error_text("http", "muxnet built with libcurl (libcurl4-openssl-dev)", "none"));
}

}  // namespace muxnet

#endif
