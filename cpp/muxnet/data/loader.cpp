#include "muxnet/data/loader.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <numeric>
#include <thread>
#include <utility>

#include "muxnet/core/access.hpp"
#include "muxnet/core/error.hpp"
#include "muxnet/core/pool.hpp"
#include "muxnet/data/tasks.hpp"

namespace muxnet {
namespace {

/// Floats that one task writes: long against the cost of a task, short against a training step.
constexpr std::int64_t task_elements = 200'000;

/// Keeps the shuffle's stream apart from the samples' streams, which count from 0.
constexpr std::uint64_t shuffle_stream = ~std::uint64_t{0};
constexpr std::uint64_t flip_stream = shuffle_stream - 1;

/// Memory of a batch's images, used again when the last tensor on it is gone.
using Memory = std::shared_ptr<void>;

/// A batch under way, divided into chunks of images.
struct Slot {
  Batch batch;
  std::int64_t first = 0;  // position of its first image in the epoch
  std::int64_t chunks = 0;
  std::int64_t claimed = 0;
  std::int64_t done = 0;
  std::exception_ptr error;
};

void check_options(const Dataset& dataset, const LoaderOptions& options) {
  dataset.validate();
  require(options.batch_size > 0, "loader, batch_size", "a number above 0",
          text(options.batch_size));
  require(options.prefetch > 0 && options.prefetch <= 1024, "loader, prefetch", "1 .. 1024 batches",
          text(options.prefetch));
  require(!options.drop_last || options.batch_size <= dataset.size(), "loader, batch_size",
          text("at most the ", dataset.size(), " images, with drop_last"),
          text(options.batch_size));
}

}  // namespace

struct Loader::State {
  State(Dataset data, const Normalization& normalization, const LoaderOptions& wanted)
      : dataset(std::move(data)),
        options(wanted),
        transform(dataset, normalization, options.augmentation),
        elements(volume(transform.output_shape())),
        chunk_images(std::max<std::int64_t>(1, task_elements / elements)),
        capacity(std::min(options.batch_size, dataset.size())),
        // One more for the batch that the caller works on.
        pool(static_cast<std::size_t>(options.prefetch) + 1) {}

  std::int64_t batches() const {
    const auto whole = dataset.size() / options.batch_size;
    return whole + (!options.drop_last && dataset.size() % options.batch_size != 0 ? 1 : 0);
  }

  void start(std::int64_t new_epoch, std::int64_t first_batch);
  void stop(std::unique_lock<std::mutex>& lock);
  void schedule();
  Slot make_slot(std::int64_t number) const;
  void work();
  void run_chunk(Slot& slot, std::unique_lock<std::mutex>& lock);
  void prepare(Slot& slot, std::int64_t chunk) const;
  bool mirrored(std::int64_t row) const;
  void require_iterator() const;
  bool next(Batch& batch);

  const Dataset dataset;
  const LoaderOptions options;
  const Transform transform;
  const std::int64_t elements;      // of one image
  const std::int64_t chunk_images;  // images of one task
  const std::int64_t capacity;      // images of one batch
  const Pool<Memory> pool;

  const Access consumer;                  // in start and next
  std::atomic<std::thread::id> iterator;  // that began the epoch

  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  std::deque<Slot> slots;  // in order; the front is the next to be handed out
  std::vector<std::int64_t> order;
  std::int64_t epoch = -1;
  std::int64_t scheduled = 0;  // batches of this epoch that have or had a slot
  std::int64_t running = 0;    // chunks in work

  TaskQueue tasks;  // last, so that it ends before what its jobs use
};

void Loader::State::stop(std::unique_lock<std::mutex>& lock) {
  // Unclaimed chunks are void at once; the tasks behind them find nothing to do.
  for (auto& slot : slots) slot.claimed = slot.chunks;
  changed.wait(lock, [&] { return running == 0; });
  slots.clear();
  scheduled = batches();
}

void Loader::State::start(std::int64_t new_epoch, std::int64_t first_batch) {
  const auto caller = consumer.write("loader.start_epoch");
  if (new_epoch < 0 || first_batch < 0 || first_batch > batches()) {
    throw std::out_of_range(error_text(
        "loader.start_epoch", text("an epoch of at least 0 and a batch of 0 .. ", batches()),
        text("epoch ", new_epoch, ", batch ", first_batch)));
  }
  iterator = std::this_thread::get_id();
  {
    std::unique_lock lock(mutex);
    stop(lock);
    epoch = new_epoch;
    scheduled = first_batch;
    if (options.shuffle) {
      Random random(options.seed, mix(static_cast<std::uint64_t>(epoch), shuffle_stream));
      order = random.permutation(dataset.size());
    } else if (order.empty()) {
      order.resize(static_cast<std::size_t>(dataset.size()));
      std::iota(order.begin(), order.end(), 0);
    }
  }
  schedule();
}

Slot Loader::State::make_slot(std::int64_t number) const {
  Slot slot;
  slot.first = number * options.batch_size;
  const auto count = std::min(options.batch_size, dataset.size() - slot.first);
  slot.chunks = (count + chunk_images - 1) / chunk_images;
  Shape shape = transform.output_shape();
  shape.insert(shape.begin(), count);
  const auto bytes = static_cast<std::size_t>(capacity * elements) * sizeof(float);
  auto memory = pool.borrow([bytes] { return std::make_unique<Memory>(allocate_aligned(bytes)); });
  void* address = memory->get();
  slot.batch.images = Tensor::borrow(address, shape, DType::f32, std::move(memory));
  slot.batch.labels = Tensor({count}, DType::i32);
  const auto begin = order.begin() + slot.first;
  slot.batch.indices.assign(begin, begin + count);
  return slot;
}

void Loader::State::schedule() {
  std::int64_t wanted = 0;
  {
    const std::lock_guard lock(mutex);
    while (scheduled < batches() && slots.size() < static_cast<std::size_t>(options.prefetch)) {
      slots.push_back(make_slot(scheduled));
      wanted += slots.back().chunks;
      ++scheduled;
    }
  }
  for (; wanted > 0; --wanted) tasks.push([this] { work(); });
}

void Loader::State::work() {
  std::unique_lock lock(mutex);
  for (auto& slot : slots) {
    if (slot.claimed < slot.chunks) return run_chunk(slot, lock);
  }
}

void Loader::State::run_chunk(Slot& slot, std::unique_lock<std::mutex>& lock) {
  const auto chunk = slot.claimed++;
  ++running;
  lock.unlock();
  std::exception_ptr error;
  try {
    prepare(slot, chunk);
  } catch (...) {
    error = std::current_exception();
  }
  lock.lock();
  if (error && !slot.error) slot.error = error;
  ++slot.done;
  --running;
  changed.notify_all();
}

void Loader::State::prepare(Slot& slot, std::int64_t chunk) const {
  const auto& indices = slot.batch.indices;
  const auto count = static_cast<std::int64_t>(indices.size());
  const auto end = std::min(count, (chunk + 1) * chunk_images);
  const auto* labels = dataset.labels.data<std::int32_t>();
  for (auto i = chunk * chunk_images; i < end; ++i) {
    const auto row = indices[static_cast<std::size_t>(i)];
    // Memory shared with the caller may have changed since the data set was validated.
    require(labels[row] >= 0 && labels[row] < dataset.classes(),
            text("dataset ", dataset.name, ", row ", row),
            text("a label of 0 .. ", dataset.classes() - 1), text(labels[row]));
    slot.batch.labels.data<std::int32_t>()[i] = labels[row];
    Random random(options.seed, mix(static_cast<std::uint64_t>(epoch),
                                    static_cast<std::uint64_t>(slot.first + i)));
    Draw draw = transform.draw(random);
    // By turns, not by lot: any two epochs show an image both ways (arXiv 2404.00498).
    if (options.augmentation.horizontal_flip) draw.flip = mirrored(row);
    transform.apply(dataset.images, row, draw, slot.batch.images.data<float>() + i * elements);
  }
}

bool Loader::State::mirrored(std::int64_t row) const {
  const auto first = mix(mix(options.seed, flip_stream), static_cast<std::uint64_t>(row));
  return (first + static_cast<std::uint64_t>(epoch)) % 2 == 1;
}

void Loader::State::require_iterator() const {
  const std::thread::id owner = iterator;
  if (owner == std::thread::id() || owner == std::this_thread::get_id()) return;
  throw BusyError(error_text("loader.next", "the thread that began the epoch", "another one"));
}

bool Loader::State::next(Batch& batch) {
  require_iterator();  // before the hold: who is refused is not in the way of who is not
  const auto caller = consumer.write("loader.next");
  require_iterator();
  batch = {};  // gives its memory back before more is taken
  {
    std::unique_lock lock(mutex);
    if (epoch < 0) {
      throw std::logic_error(error_text("loader.next", "start_epoch before it", "no epoch"));
    }
    if (slots.empty()) return false;
    auto& front = slots.front();
    // Helps instead of waiting: needs no worker thread to get on, and loses no core.
    while (front.claimed < front.chunks) run_chunk(front, lock);
    changed.wait(lock, [&] { return front.done == front.chunks; });
    if (front.error) {
      const auto error = front.error;
      stop(lock);
      std::rethrow_exception(error);
    }
    batch = std::move(front.batch);
    slots.pop_front();
  }
  schedule();
  return true;
}

Loader::Loader(Dataset dataset, Normalization normalization, LoaderOptions options) {
  check_options(dataset, options);
  state_ = ProcessLocal(std::make_unique<State>(std::move(dataset), normalization, options));
}

Loader::Loader(Loader&&) noexcept = default;

Loader& Loader::operator=(Loader&&) noexcept = default;

Loader::~Loader() = default;

void Loader::start_epoch(std::int64_t epoch, std::int64_t first_batch) {
  state_.get("loader.start_epoch").start(epoch, first_batch);
}

bool Loader::next(Batch& batch) { return state_.get("loader.next").next(batch); }

std::int64_t Loader::batches_per_epoch() const { return state_.get("loader").batches(); }

const Shape& Loader::image_shape() const { return state_.get("loader").transform.output_shape(); }

}  // namespace muxnet
