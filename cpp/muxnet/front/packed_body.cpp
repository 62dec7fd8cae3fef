#include "muxnet/front/packed_body.hpp"

#define ZLIB_CONST  // it changes nothing of what it reads
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <span>

#include "muxnet/core/error.hpp"
#include "muxnet/front/refused.hpp"

namespace muxnet {
namespace {

// "deflate" is zlib's format (RFC 9110, 8.4.1.2).
constexpr std::array<Packing, 4> packings{{{"gzip", MAX_WBITS + 16},
                                           {"x-gzip", MAX_WBITS + 16},
                                           {"deflate", MAX_WBITS},
                                           {"identity", 0}}};
constexpr std::size_t shown_bytes = 80;

/// Reads packed bytes front to back.
class Unpacker {
 public:
  Unpacker(std::string_view packed, const Packing& packing) : left_(packed), packing_(packing) {
    if (inflateInit2(&stream_, packing.window) != Z_OK) throw std::bad_alloc();
  }
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;
  ~Unpacker() { inflateEnd(&stream_); }

  /// So many of the bytes to come; 0: there are no more.
  std::size_t read(std::span<char> to) {
    constexpr std::size_t most = std::numeric_limits<uInt>::max();
    stream_.next_out = reinterpret_cast<Bytef*>(to.data());
    const auto room = static_cast<uInt>(std::min(to.size(), most));
    stream_.avail_out = room;
    while (stream_.avail_out > 0 && !(ended_ && left_.empty())) {
      if (ended_) inflateReset(&stream_);  // gzip's streams may follow each other
      const auto shown = static_cast<uInt>(std::min(left_.size(), most));
      stream_.next_in = reinterpret_cast<const Bytef*>(left_.data());
      stream_.avail_in = shown;
      const int code = inflate(&stream_, Z_NO_FLUSH);
      left_.remove_prefix(shown - stream_.avail_in);
      ended_ = code == Z_STREAM_END;
      if (code != Z_OK && !ended_) refuse(code);
    }
    return room - stream_.avail_out;
  }

 private:
  [[noreturn]] void refuse(int code) const {
    if (code == Z_MEM_ERROR) throw std::bad_alloc();
    throw bad_request("body", text("whole ", packing_.name),
                      code == Z_BUF_ERROR ? "a truncated one" : "other bytes");
  }

  z_stream stream_{};
  std::string_view left_;
  const Packing& packing_;
  bool ended_ = false;
};

/// Of a body that is unpacked; throws before it is beyond `most`.
std::size_t unpacked_size(std::string_view packed, const Packing& packing, std::uint64_t most) {
  Unpacker unpacker(packed, packing);
  std::array<char, std::size_t{64} << 10> piece;
  std::size_t size = 0;
  while (const std::size_t count = unpacker.read(piece)) {
    size += count;
    if (size > most) throw RequestRefused(413, too_large_text(most));
  }
  return size;
}

/// A body that counts as long as somebody has it.
struct Held {
  Held(std::shared_ptr<std::atomic<std::uint64_t>> of_all, std::uint64_t bytes)
      : all(std::move(of_all)), size(bytes) {
    *all += size;
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { *all -= size; }

  std::shared_ptr<std::atomic<std::uint64_t>> all;
  std::uint64_t size;
  std::string body;
};

}  // namespace

std::optional<Packing> packing_of(const ReceivedHttp& request) {
  std::string name(request.header(packing_header));
  if (name.empty()) return packings.back();
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const auto* found = std::find_if(packings.begin(), packings.end(),
                                   [&](const Packing& packing) { return packing.name == name; });
  return found == packings.end() ? std::nullopt : std::optional(*found);
}

std::optional<HeadRefusal> packing_refusal(const ReceivedHttp& request) {
  if (packing_of(request)) return std::nullopt;
  const std::string_view received = request.header(packing_header).substr(0, shown_bytes);
  return HeadRefusal{415, error_text(packing_header, "gzip, deflate or none", received),
                     "content_encoding"};
}

std::shared_ptr<std::string> PackedBodies::unpacked(std::string_view packed,
                                                    const Packing& packing) const {
  // Gone through twice, so that no more memory is taken than it needs.
  const std::size_t size = unpacked_size(packed, packing, most_bytes_);
  const auto held = std::make_shared<Held>(held_, size);
  if (*held_ > held_bytes_) throw RequestRefused(503, std::string(full_error), 1);
  held->body.resize(size);
  Unpacker unpacker(packed, packing);
  std::span<char> left(held->body);
  while (!left.empty()) left = left.subspan(unpacker.read(left));
  return {held, &held->body};
}

}  // namespace muxnet
