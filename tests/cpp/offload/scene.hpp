#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "muxnet/offload/offload_client.hpp"
#include "support/rest_server.hpp"

namespace muxnet::testing {

/// Images (1, 1, 2, 2) of u8: the first pixel over 255 is the score, the second the true class.
struct FakeLocal : LocalModels {
  explicit FakeLocal(std::shared_ptr<VirtualClock> time) : clock(std::move(time)) {
    described.image_shape = {1, 1, 2, 2};
    described.classes = 3;
    described.normalization = {{0}, {1 / 255.0F}};  // a pixel is its own number
  }
  const HostedModel& small() const override { return described; }
  OffloadInput blank() const override { return Tensor({1, 1, 2, 2}, DType::u8); }
  void check(const OffloadInput&) const override {}
  double score(const OffloadInput& input) override {
    clock->now += multiplexer_ms;
    ++looks;
    return input.image.data<std::uint8_t>()[0] / 255.0;
  }
  /// Always class 0.
  Tensor probabilities(const OffloadInput&) override {
    clock->now += local_ms;
    return Tensor::from(std::vector<float>{1, 0, 0}, {1, 3});
  }
  HostedModel described;
  std::shared_ptr<VirtualClock> clock;
  double multiplexer_ms = 1, local_ms = 5;
  int looks = 0;
};

inline Tensor image_of(double score, int label) {
  return Tensor::from(std::vector<std::uint8_t>{static_cast<std::uint8_t>(255 * score),
                                                static_cast<std::uint8_t>(label), 0, 0},
                      {1, 1, 2, 2});
}

/// A client, its server and the time, with the deadline at 100 ms.
struct Scene {
  explicit Scene(OffloadOptions chosen = {}, FakeServer behaviour = {})
      : server(std::move(behaviour)) {
    auto models = std::make_unique<FakeLocal>(clock);
    local = models.get();
    chosen.deadline_ms = 100;
    client = std::make_unique<OffloadClient>(
        std::move(models),
        [this] { return make_rest_transport(std::make_unique<FakeClient>(clock, server)); }, clock,
        chosen);
  }
  OffloadAnswer hard(int label = 2) { return client->answer(image_of(1, label)); }

  std::shared_ptr<VirtualClock> clock = std::make_shared<VirtualClock>();
  FakeServer server;
  FakeLocal* local = nullptr;
  std::unique_ptr<OffloadClient> client;
};

}  // namespace muxnet::testing
