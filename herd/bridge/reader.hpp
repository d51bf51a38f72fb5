#pragma once

#include "herd/bridge/subjects.hpp"
#include "herd/config/config.hpp"
#include "herd/core.hpp"
#include "herd/nats/connection.hpp"
#include "herd/nats/jetstream.hpp"
#include "protocol/jetstream.hpp"
#include "protocol/jetstream_push.hpp"
#include "protocol/short_text.hpp"
#include "reactor/loop.hpp"
#include "reactor/time.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace herd::bridge {

// Why a bucket that was read is read anew.
enum class Reopened : std::uint8_t {
    gap,      // a message was lost on the way to us
    silent,   // the consumer does not say any more that it is there
    remade,   // it is another stream, or has gone back
    missing,  // it has fewer keys than it has shown
    healed,   // keys of it were purged, which has readers pass over others
    round,    // to see what it has lost without a word
    refused,  // a call of ours was not answered, or not as it should be
    gone,     // nobody stores what is published
};
inline constexpr std::size_t reopenings = 8;

constexpr std::string_view to_text(Reopened why) {
    constexpr std::array<std::string_view, reopenings> texts = {
        "gap", "silent", "remade", "missing", "healed", "round", "refused", "gone"};
    return texts[static_cast<std::size_t>(why)];
}

// Whom a reader tells of its bucket.
class Reading {
public:
    // A reading begins: of the whole bucket, or of what has changed since it was read.
    virtual void on_reading(bool whole) = 0;
    // The next message of the bucket.
    virtual void on_message(const protocol::nats::Delivery& delivery) = 0;
    // All that there was when the reading began has been told.
    virtual void on_read(bool whole) = 0;
    // Up to here there is nothing more, as the consumer says.
    virtual void on_idle() = 0;
    // So many keys the bucket is known to have; and of these so many that nobody needs any more.
    virtual std::uint64_t keys() const = 0;
    virtual std::uint64_t keys_forgotten() const = 0;
    // Nothing is told any more until a reading begins.
    virtual void on_unreadable(Reopened why) = 0;

protected:
    ~Reading() = default;
};

// Reads a bucket, and then what changes in it: finds its stream, or makes it, and has a consumer
// push what is in it, in order and with nothing left out. Whatever shows that this is not so any
// more has it begin anew, at the next tick.
//
//   off --begin()--> looking --there is one--> reading --all that there was--> live
//    ^                  | none: making --made--^ |                              |
//    | end()            +---> waiting <----------+--------- any of `Reopened` --+
//    +--- from each        till the next tick
//
// It goes on from where it was only on the same run of the same broker, of the same stream, when
// nothing speaks against it: numbers that another run gives mean nothing, and a broker that was
// killed may bring back what is older than what it had shown. Otherwise it reads all.
// The consumer is of the cheapest kind that JetStream has: nobody acknowledges, nothing is kept,
// and without a filter, as a filter has the broker stop all publishing while it looks.
// Owned by a BucketLink, whose connection it uses while that is live.
class Reader {
public:
    static constexpr reactor::Duration heartbeat = std::chrono::seconds(1);
    static constexpr reactor::Duration silence_max = 4 * heartbeat;
    // While the broker gets all of a large bucket ready.
    static constexpr reactor::Duration silence_at_first_max = std::chrono::seconds(8);
    // So many beats without a message show that none is to come, though one was promised.
    static constexpr std::uint32_t idle_beats_enough = 3;
    static constexpr reactor::Duration look_interval = std::chrono::seconds(2);
    static constexpr reactor::Duration look_time = std::chrono::seconds(4);
    static constexpr reactor::Duration call_time = std::chrono::seconds(10);
    static constexpr reactor::Duration round_interval = std::chrono::minutes(10);
    // Reading all of it for want of some keys, which an operator's own bucket may drop all the
    // time.
    static constexpr reactor::Duration missing_interval = std::chrono::minutes(1);

    Reader(Core& core,
           nats::Connection& connection,
           const config::Bridge& config,
           std::int64_t max_age_ns,
           Subjects& subjects,
           Reading& owner);

    // The connection is live.
    void begin();
    // It is not any more.
    void end();
    // From outside: something speaks against what was read.
    void reopen(Reopened why);
    // Deletes the stream, and so all that is in it; it is then made anew. For what is damaged.
    void remake();
    // About once a second.
    void tick();

    bool reading() const { return state_ == State::reading; }
    bool live() const { return state_ == State::live; }
    std::string_view state() const;
    // Of the latest stream.
    const protocol::jetstream::StreamState& stream() const { return stream_; }
    // Where in it the reader has come to.
    std::uint64_t seq() const { return place_.seq; }
    // What is told now was there when the reading began.
    bool is_past() const { return state_ == State::reading && place_.seq <= target_; }
    // Messages that are still to come.
    std::uint64_t pending() const { return pending_; }
    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    using StreamState = protocol::jetstream::StreamState;
    using ConsumerState = protocol::jetstream::ConsumerState;
    using Deleted = protocol::jetstream::Deleted;
    enum class State : std::uint8_t { off, waiting, looking, making, reading, live };

    void look_up();
    void on_found(const nats::Called<StreamState>& called);
    void make();
    void on_made(const nats::Called<StreamState>& called);
    void read();
    void on_consumer(const nats::Called<ConsumerState>& called);
    void on_delivery(const protocol::nats::Delivery& delivery);
    void on_note(const protocol::jetstream::Note& note);
    void finish_reading();
    void look_again();
    void on_look(const nats::Called<StreamState>& called);
    void on_deleted(const nats::Called<Deleted>& called);
    void wait(std::string_view what, const nats::CallFailed& failed);
    void wait(std::string_view what, std::uint32_t reason, std::string_view text);
    void drop_consumer();
    bool open() const { return state_ == State::reading || state_ == State::live; }
    bool goes_on() const;

    // How far which run of which broker has been read.
    struct Place {
        protocol::ShortText<63> broker;
        protocol::ShortText<40> created;
        std::uint64_t seq = 0;  // 0: nowhere
    };

    reactor::Loop& loop_;
    Log& log_;
    nats::Connection& connection_;
    const config::Bridge& config_;
    std::int64_t max_age_ns_;
    Subjects& subjects_;
    Reading& owner_;
    nats::JetStream calls_;
    nats::JetStream looks_;
    StreamState stream_;
    Place place_;
    State state_ = State::off;
    bool whole_ = true;            // This reading is of the whole bucket.
    std::uint64_t consumers_ = 0;  // So many were asked for: each has a subject of its own.
    std::uint64_t sid_ = 0;        // of the subscription; 0: none
    protocol::ShortText<80> deliver_subject_;
    std::uint64_t consumer_seq_ = 0;
    std::uint64_t pending_ = 0;
    std::uint32_t idle_beats_ = 0;  // Since its latest message.
    std::uint64_t target_ = 0;      // The reading is over when the place is there.
    // As a look was begun.
    std::uint64_t seq_then_ = 0;
    std::uint64_t keys_then_ = 0;
    std::uint32_t missed_ = 0;    // Looks one after the other that found keys missing.
    std::size_t complained_ = 0;  // A hash of what the log was told of last; 0: nothing.
    reactor::Instant heard_at_{};
    reactor::Instant looked_at_{};
    reactor::Instant read_at_{};    // All of it.
    reactor::Instant missed_at_{};  // As it was read anew for that.
};

}  // namespace herd::bridge
