#pragma once

#include "herd/nats/connection.hpp"
#include "herd/nats/requests.hpp"
#include "protocol/jetstream.hpp"
#include "protocol/text_writer.hpp"
#include "reactor/delegate.hpp"
#include "reactor/time.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <expected>
#include <string_view>
#include <utility>

namespace herd::nats {

// Why a call has no answer: what became of the request, or what the broker refuses.
struct CallFailed {
    Reply::Kind kind = Reply::Kind::answered;
    protocol::jetstream::Refusal refusal = {};  // if it was answered
};
template <class T>
using Called = std::expected<T, CallFailed>;
template <class T>
using CalledTo = reactor::Delegate<void(const Called<T>&)>;

// What a bucket's user asks of JetStream, each call with its answer as a value. One of each kind is
// under way at a time: `full` otherwise, as of a connection that has no room.
// Whoever is told may call again from within. Names are none of an outsider's: see
// protocol::jetstream::is_name.
// Pinned. Outlives its connection's requests.
class JetStream {
public:
    // Making a consumer on a large stream, or purging one, takes the broker seconds.
    static constexpr reactor::Duration time_usual = std::chrono::seconds(20);

    explicit JetStream(Connection& connection, reactor::Duration time = time_usual)
        : connection_(connection), time_(time) {}

    Said stream_info(std::string_view stream, CalledTo<protocol::jetstream::StreamState> to);
    // The same answer where there is one that is configured so already.
    Said create(const protocol::jetstream::Bucket& bucket,
                CalledTo<protocol::jetstream::StreamState> to);
    Said consume(const protocol::jetstream::Consumer& consumer,
                 CalledTo<protocol::jetstream::ConsumerState> to);
    // With an empty filter, of all that is in it.
    Said purge(std::string_view stream,
               std::string_view filter,
               CalledTo<protocol::jetstream::Purged> to);
    // With all that is in it.
    Said remove(std::string_view stream, CalledTo<protocol::jetstream::Deleted> to);

private:
    template <class T, protocol::jetstream::Answer<T> parse(std::string_view)>
    class Call;
    using StreamCall = Call<protocol::jetstream::StreamState, protocol::jetstream::parse_stream>;
    using ConsumerCall =
        Call<protocol::jetstream::ConsumerState, protocol::jetstream::parse_consumer>;
    using PurgeCall = Call<protocol::jetstream::Purged, protocol::jetstream::parse_purge>;
    using DeleteCall = Call<protocol::jetstream::Deleted, protocol::jetstream::parse_deleted>;

    // One kind of call, while it is under way.
    template <class T, protocol::jetstream::Answer<T> parse(std::string_view)>
    class Call {
    public:
        bool under_way() const { return static_cast<bool>(to_); }
        ReplyTo begin(CalledTo<T> to) {
            to_ = to;
            return ReplyTo::to<&Call::on_reply>(*this);
        }
        void cancel() { to_ = {}; }

    private:
        void on_reply(const Reply& reply) {
            const CalledTo<T> to = std::exchange(to_, {});
            if (reply.kind != Reply::Kind::answered) {
                return to(std::unexpected(CallFailed{.kind = reply.kind}));
            }
            const auto answer = parse(reply.payload);
            if (answer) return to(*answer);
            to(std::unexpected(CallFailed{.refusal = answer.error()}));
        }

        CalledTo<T> to_;
    };

    template <class Kind, class T, class Put>
    Said call(
        Kind& kind, std::string_view subject, std::string_view stream, CalledTo<T> to, Put put);

    Connection& connection_;
    reactor::Duration time_;
    StreamCall info_;
    StreamCall create_;
    ConsumerCall consume_;
    PurgeCall purge_;
    DeleteCall remove_;
    std::array<char, protocol::jetstream::request_size_max> body_{};
};

}  // namespace herd::nats
