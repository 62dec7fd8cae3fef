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
  explicit FakeLocal(std::shared_ptr<VirtualClock> time) : clock(std::move(time)) {}
  Shape image_shape() const override { return {1, 1, 2, 2}; }
  std::int64_t classes() const override { return 3; }
  Tensor prepare(const Tensor& image) override {
    Tensor prepared(image.shape());
    for (int i = 0; i < 4; ++i) {
      prepared.data<float>()[i] = static_cast<float>(image.data<std::uint8_t>()[i]);
    }
    return prepared;
  }
  double score(const Tensor& prepared) override {
    clock->now += multiplexer_ms;
    ++looks;
    return prepared.data<float>()[0] / 255;
  }
  /// Always class 0.
  Tensor probabilities(const Tensor&) override {
    clock->now += local_ms;
    return Tensor::from(std::vector<float>{1, 0, 0}, {1, 3});
  }
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
