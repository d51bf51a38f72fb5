#pragma once

#include "herd/bridge/sha256.hpp"
#include "herd/config/config.hpp"
#include "herd/outcome.hpp"
#include "protocol/bucket_key.hpp"
#include "protocol/short_text.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace herd::bridge {

// What a bucket's stream is called, and on which subject each client's line is:
// `$KV.herd.5a.ckiwi`. `5a` is the client's shard, the lowest byte of the CRC-32 of its id: who
// wants a part of the clients only subscribes to some of the 256. The table's own hash has a key of
// its own in each run, and would not do.
class Subjects {
public:
    static constexpr std::size_t bucket_size_max = 64;
    static constexpr std::size_t size_max =
        std::string_view("$KV..5a.").size() + bucket_size_max + protocol::bucket_key_size_max;

    explicit Subjects(const config::Bridge& config);

    // Once, first.
    Outcome<> open();

    std::string_view stream() const { return stream_.text(); }
    // All of the bucket.
    std::string_view all() const { return all_.text(); }
    // Where bridges tell each other that keys are being purged.
    std::string_view healing() const { return healing_.text(); }

    // Of a client; empty: it is none of those that are bridged. Valid until the next call.
    std::string_view of(std::string_view client);
    // Whose it is; empty: nobody's, or nobody can tell. Valid until the next call.
    std::string_view client_of(std::string_view subject);
    // Whether a subject of the bucket is in a shard that is bridged.
    bool has(std::string_view subject) const;

    static std::uint8_t shard_of(std::string_view client);

private:
    config::Shards shards_;
    protocol::ShortText<96> stream_;
    protocol::ShortText<96> all_;
    protocol::ShortText<96> healing_;
    std::size_t prefix_ = 0;  // "$KV.herd.", which stands in subject_.
    Sha256 sha256_;
    std::array<char, size_max> subject_{};
    std::array<char, protocol::bucket_key_size_max> client_{};
};

}  // namespace herd::bridge
