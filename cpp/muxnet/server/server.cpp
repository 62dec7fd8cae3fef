#include "muxnet/server/server.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/core/memory.hpp"
#include "muxnet/front/refused.hpp"
#include "muxnet/front/without_signals.hpp"
#include "muxnet/server/owned_requests.hpp"
#include "muxnet/server/watches.hpp"

namespace muxnet {
namespace {

using Json = nlohmann::ordered_json;
using Steady = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr double watch_s = 1;
// Of the time to end, at most a quarter: for refusals to reach their clients, and the log its file.
constexpr double last_s = 1;
constexpr const char* reload_task = "reload";

/// A descriptor that becomes readable once, for one who polls.
class Bell {
 public:
  Bell() : descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (descriptor_ < 0) {
      throw FileError(error_text("server", "a descriptor", std::strerror(errno)));
    }
  }
  ~Bell() { ::close(descriptor_); }
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  void ring() const { eventfd_write(descriptor_, 1); }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

FrontOptions front_options(const ServerOptions& options, const ServerListeners& listeners) {
  FrontOptions front = options.front;
  front.handed = owned_requests();
  front.noted = !options.decisions.empty() || listeners.answered;
  return front;
}

double left_ms(Steady::time_point until, double least_s = 0) {
  return std::max(Milliseconds(until - Steady::now()).count(), 1000 * least_s);
}

Steady::time_point later(Steady::time_point from, double seconds) {
  return from + std::chrono::duration_cast<Steady::duration>(Milliseconds(1000 * seconds));
}

/// Does `work` on a thread of its own; false: it takes longer than that, and is left to itself.
bool within(double ms, std::function<void()> work) {
  struct State {
    std::mutex mutex;
    std::condition_variable done;
    bool over = false;
  };
  const auto state = std::make_shared<State>();
  const WithoutSignals blocked;
  std::thread([state, work = std::move(work)] {
    work();
    const std::lock_guard lock(state->mutex);
    state->over = true;
    state->done.notify_all();
  }).detach();
  std::unique_lock lock(state->mutex);
  return state->done.wait_for(lock, Milliseconds(ms), [&] { return state->over; });
}

}  // namespace

class Server::Implementation : public std::enable_shared_from_this<Implementation> {
 public:
  Implementation(ServerOptions given, ServerSource source, ServerListeners listeners, ServerLog log)
      : options_(std::move(given)),
        source_(std::move(source)),
        listeners_(std::move(listeners)),
        log_(std::make_shared<const ServerLog>(std::move(log))),
        front_(front_options(options_, listeners_)),
        reloader_(
            source_.files, [this] { return read_and_deploy(); }, log_),
        background_(log_),
        watches_(log_) {
    if (!options_.decisions.empty()) {
      decisions_ = std::make_shared<DecisionLog>(options_.decisions, log_);
    }
  }

  /// Apart from the constructor, as threads have a share.
  void start() {
    const WithoutSignals blocked;
    std::thread([self = shared_from_this()] { self->hear(); }).detach();
  }

  void open(const std::shared_ptr<const Served>& served) {
    service_ =
        std::make_shared<Service>(deployment_of(*served, decisions_ != nullptr), options_.service);
    put(served);
    front_.open(service_, front_models(*served, options_.router));
    const auto self = shared_from_this();
    background_.every(watch_s, reload_task, [self] { self->reloader_.step(); });
    background_.every(watch_s, "watches", [self] { self->watch(); });
    if (!decisions_) return;
    background_.every(watch_s, "decisions", [self] { self->decisions_->flush(); });
  }

  void reload() {
    reloader_.want();
    background_.wake(reload_task);
  }

  ServerReading reading() const {
    ServerReading found;
    found.router = options_.router;
    found.served = served();
    require(found.served != nullptr, "server", "one that is open", "one that is not yet");
    found.statistics = service_->statistics();
    found.refusals = front_.refusals();
    found.labels = front_.labels();
    found.draining = draining_;
    found.tasks = background_.tasks();
    found.reloads = reloader_.counts();
    if (decisions_) found.decisions = decisions_->state();
    return found;
  }

  bool drain();
  /// Ends all threads that can be.
  void end() {
    reloader_.end();
    background_.stop(1000 * last_s);
    bell_.ring();
    std::unique_lock lock(mutex_);
    heard_.wait_for(lock, Milliseconds(1000 * last_s), [&] { return deaf_; });
  }

  void tell_ready() const {
    const auto now = served();
    log_->tell(LogLevel::info, "ready",
               {{"http_port", front_.http_port()},
                {"grpc_port", front_.grpc_port()},
                {"host", options_.front.host},
                {"router", options_.router},
                {"policy", now->policy->name()},
                {"models", names_of(*now)}});
  }

  Front& front() { return front_; }
  const ServerOptions& options() const { return options_; }

 private:
  std::shared_ptr<const Served> served() const {
    const std::lock_guard lock(mutex_);
    return served_;
  }
  void put(std::shared_ptr<const Served> served) {
    const std::lock_guard lock(mutex_);
    served_ = std::move(served);
  }

  Json read_and_deploy() {
    auto served = source_.read();
    const auto version = front_.deploy(deployment_of(*served, decisions_ != nullptr),
                                       front_models(*served, options_.router));
    Json told{{"version", version}, {"policy", served->policy->name()}};
    put(std::move(served));
    release_free_memory();  // of what was read, and of the models before
    return told;
  }

  void watch() {
    watches_.observe(reading());
    background_.tell_overdue();
    reloader_.give_up();
  }

  void hear();
  void work(FrontEvent event);
  void answer(const HandedRequest& request);
  void keep(const AnsweredRequest& answered);
  void reply(std::uint64_t ticket, HttpReply with) {
    front_.answer(ticket, with.status, std::move(with.content_type), std::move(with.body),
                  std::move(with.headers));
  }

  ServerOptions options_;
  ServerSource source_;
  ServerListeners listeners_;
  std::shared_ptr<const ServerLog> log_;
  Front front_;
  Reloader reloader_;
  std::shared_ptr<Service> service_;
  std::shared_ptr<DecisionLog> decisions_;
  Background background_;
  Watches watches_;
  Bell bell_;  ///< nothing more is to be heard
  std::atomic<bool> draining_ = false;
  mutable std::mutex mutex_;  ///< of what follows
  std::shared_ptr<const Served> served_;
  std::condition_variable heard_;
  bool deaf_ = false;  ///< the thread that hears has ended
};

/// Works on events until the bell rings, and then on those that are left.
void Server::Implementation::hear() {
  for (bool last = false; !last;) {
    std::array<pollfd, 2> polled{
        {{front_.descriptor(), POLLIN, 0}, {bell_.descriptor(), POLLIN, 0}}};
    poll(polled.data(), polled.size(), -1);
    last = (polled[1].revents & POLLIN) != 0;
    for (FrontEvent& event : front_.take()) work(std::move(event));
  }
  const std::lock_guard lock(mutex_);
  deaf_ = true;
  heard_.notify_all();
}

void Server::Implementation::work(FrontEvent event) {
  try {
    if (const auto* request = std::get_if<HandedRequest>(&event)) {
      answer(*request);
    } else if (auto* asked = std::get_if<AskedAnswer>(&event)) {
      if (listeners_.asked) listeners_.asked(std::move(*asked));
    } else if (const auto* answered = std::get_if<AnsweredRequest>(&event)) {
      keep(*answered);
    } else if (const auto* refusals = std::get_if<RefusalsTold>(&event)) {
      Json fields{{"reason", refusals->reason}, {"count", refusals->count}};
      if (!refusals->client.empty()) fields["client"] = refusals->client;
      log_->tell(LogLevel::warning, "refused", fields);
    } else if (const auto* failure = std::get_if<FailureTold>(&event)) {
      log_->tell(LogLevel::error, failure->event, {{"reason", failure->reason}});
    } else if (const auto* lost = std::get_if<RecordsLost>(&event); lost && decisions_) {
      decisions_->lose(lost->count, "more answers than can be recorded");
    }
  } catch (const std::exception& error) {
    log_->tell(LogLevel::error, "front event failed", {{"reason", error.what()}});
  }
}

void Server::Implementation::answer(const HandedRequest& request) {
  const std::uint64_t ticket = request.ticket;
  if (request.path == load_path) {
    reloader_.want([self = shared_from_this(), ticket](bool worked) {
      constexpr const char* received = "something else; see the log";
      const auto why = error_text("reload", "what can be served", received);
      self->reply(ticket, worked ? HttpReply{} : refusal_reply(400, why));
    });
    return background_.wake(reload_task);
  }
  const OwnedAnswers answers{
      [this] { return reading(); },
      [this](const auto& inputs, const auto& labels) { return front_.learn(inputs, labels); }};
  try {
    reply(ticket, answers.answer(request));
  } catch (const RequestRefused& refused) {
    reply(ticket, refusal_reply(refused.status, refused.what()));
  } catch (const std::exception& error) {
    log_->tell(LogLevel::error, "request failed", {{"reason", error.what()}});
    reply(ticket, refusal_reply(500, own_error));
  }
}

/// Records and traces what was answered.
void Server::Implementation::keep(const AnsweredRequest& answered) {
  const auto models = names_of(*served());  // the same for every version
  if (decisions_ && answered.routed && answered.error.empty()) {
    decisions_->write(answered.id, answered.answer, models);
  }
  if (listeners_.answered) listeners_.answered(answered, models);
}

bool Server::Implementation::drain() {
  require(served() != nullptr, "server", "one that is open", "one that is not yet");
  log_->tell(LogLevel::info, "draining");
  const double drain_s = options_.drain_s, short_s = std::min(last_s, drain_s / 4);
  const auto end = later(Steady::now(), drain_s), nearly = later(end, -short_s);
  draining_ = true;
  front_.drain(left_ms(end));
  front_.wait_drained(left_ms(nearly));
  // What is not answered by now is refused by the service, which tells its client.
  const bool whole = service_->close(left_ms(nearly));
  bool all = front_.wait_drained(left_ms(end, short_s / 2));
  reloader_.end();
  all = background_.stop(left_ms(end, short_s / 2)) && all;
  bell_.ring();
  {
    std::unique_lock lock(mutex_);
    const Milliseconds wait(left_ms(end, short_s / 2));
    all = heard_.wait_for(lock, wait, [&] { return deaf_; }) && all;
  }
  if (decisions_) {
    const bool written = within(left_ms(end, short_s / 2), [log = decisions_] { log->flush(); });
    all = written && all;
  }
  if (whole && all) {
    log_->tell(LogLevel::info, "stopped");
    return true;
  }
  Json stuck = Json::array();
  for (const StuckModel& entry : health_of(reading()).stuck) stuck.push_back(entry.model);
  log_->tell(LogLevel::info, "stopped", {{"stuck", stuck}});
  return false;
}

Server::Server(ServerOptions options, ServerSource source, ServerListeners listeners, ServerLog log)
    : implementation_(std::make_shared<Implementation>(std::move(options), std::move(source),
                                                       std::move(listeners), std::move(log))) {
  implementation_->start();
}

Server::~Server() { implementation_->end(); }

void Server::open(const std::shared_ptr<const Served>& served) { implementation_->open(served); }
void Server::reload() { implementation_->reload(); }

std::uint64_t Server::ask(std::string method, std::string path, HeaderList headers,
                          std::string body) {
  return implementation_->front().ask(std::move(method), std::move(path), std::move(headers),
                                      std::move(body));
}

int Server::http_port() const { return implementation_->front().http_port(); }
int Server::grpc_port() const { return implementation_->front().grpc_port(); }
ServerReading Server::reading() const { return implementation_->reading(); }
double Server::drain_s() const { return implementation_->options().drain_s; }
void Server::tell_ready() const { implementation_->tell_ready(); }
bool Server::drain() { return implementation_->drain(); }

}  // namespace muxnet
