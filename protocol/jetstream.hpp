#pragma once

#include "protocol/short_text.hpp"
#include "protocol/text_writer.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

// What is asked of the JetStream of a broker of NATS, and what it answers: JSON both ways. Its API
// has no more parts than a bucket needs, which is a stream that keeps the newest message of each
// subject.
namespace protocol::jetstream {

// Of streams and consumers: no blanks, points, stars, or slashes either way.
bool is_name(std::string_view text);

// Where each of these is asked, but for the stream's name behind it.
inline constexpr std::string_view info_subject = "$JS.API.STREAM.INFO.";
inline constexpr std::string_view create_subject = "$JS.API.STREAM.CREATE.";
inline constexpr std::string_view consumer_subject = "$JS.API.CONSUMER.CREATE.";
inline constexpr std::string_view purge_subject = "$JS.API.STREAM.PURGE.";
inline constexpr std::string_view delete_subject = "$JS.API.STREAM.DELETE.";

// A stream that any client of KV buckets takes for one, where it is named `KV_x` and has the
// subjects `$KV.x.>`. When it is full, new subjects are refused, and known ones updated.
struct Bucket {
    std::string_view name;
    std::string_view subjects;
    bool on_disk = false;
    std::uint32_t replicas = 1;
    std::int64_t max_bytes = -1;  // -1: any
    std::int64_t max_age_ns = 0;  // 0: for ever
    std::int64_t duplicate_window_ns = 100'000'000;
};
void put_create(TextWriter& out, const Bucket& bucket);

// Pushes a stream's messages from `from_seq` on, which nobody acknowledges, for as long as somebody
// has subscribed to `deliver_subject`. Without `filter` it costs the broker least.
struct Consumer {
    std::string_view stream;
    std::string_view deliver_subject;
    std::string_view filter = {};
    std::uint64_t from_seq = 0;  // 0: all
    std::int64_t heartbeat_ns = 2'000'000'000;
};
void put_consumer(TextWriter& out, const Consumer& consumer);

// Removes what was published on these subjects.
void put_purge(TextWriter& out, std::string_view filter);

// Of a request: more than each of these, whose texts are subjects and names, has.
inline constexpr std::size_t request_size_max = std::size_t{16} << 10;

// What is wrong with an answer, or what it says is wrong.
struct Refusal {
    std::uint32_t code = 0;    // as of HTTP; 0: the answer makes no sense
    std::uint32_t reason = 0;  // of JetStream's own list; 0: it gives none
    ShortText<120> text = {};

    bool nonsense() const { return code == 0; }

    static constexpr std::uint32_t stream_not_found = 10059;
    static constexpr std::uint32_t stream_differs = 10058;  // there is one, configured otherwise
    static constexpr std::uint32_t stream_full = 10077;     // new subjects are refused
    static constexpr std::uint32_t resources_exceeded = 10023;  // the broker is full
};
template <class T>
using Answer = std::expected<T, Refusal>;

struct StreamState {
    ShortText<40> created;  // Of another stream of the same name it is another.
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t first_seq = 0;
    std::uint64_t last_seq = 0;
    std::uint64_t max_per_subject = 0;
    bool on_disk = false;
    bool deny_purge = false;
};
// Of INFO and of CREATE.
Answer<StreamState> parse_stream(std::string_view json);

struct ConsumerState {
    ShortText<63> name;
    std::uint64_t pending = 0;  // messages that there were, and that it has not sent
};
Answer<ConsumerState> parse_consumer(std::string_view json);

struct Purged {
    std::uint64_t count = 0;
};
Answer<Purged> parse_purge(std::string_view json);

// The stream is no more.
struct Deleted {};
Answer<Deleted> parse_deleted(std::string_view json);

// The broker says that it has stored what was published.
struct Stored {
    std::uint64_t seq = 0;
    bool duplicate = false;
};
Answer<Stored> parse_stored(std::string_view json);

}  // namespace protocol::jetstream
